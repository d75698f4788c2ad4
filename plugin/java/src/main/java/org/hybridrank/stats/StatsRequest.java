package org.hybridrank.stats;

import java.io.IOException;
import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.core.common.io.stream.StreamInput;

/** Asks all nodes. */
final class StatsRequest extends BaseNodesRequest<StatsRequest> {
    StatsRequest() {
        super(new String[0]);
    }

    StatsRequest(StreamInput in) throws IOException {
        super(in);
    }

    /** Asks one of them. */
    @SuppressWarnings("deprecation") // what takes its place is not what TransportNodesAction of this version takes
    static final class OfNode extends org.opensearch.action.support.nodes.BaseNodeRequest {
        OfNode() {}

        OfNode(StreamInput in) throws IOException {
            super(in);
        }
    }
}

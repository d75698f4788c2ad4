package org.hybridrank.stats;

import java.io.IOException;
import java.util.Map;
import org.opensearch.action.support.nodes.BaseNodeResponse;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;

/** The counters and gauges of one node. */
final class NodeStats extends BaseNodeResponse {
    private final Map<String, Long> counters;
    private final Map<String, String> breakers;

    NodeStats(DiscoveryNode node, Map<String, Long> counters, Map<String, String> breakers) {
        super(node);
        this.counters = counters;
        this.breakers = breakers;
    }

    NodeStats(StreamInput in) throws IOException {
        super(in);
        counters = in.readMap(StreamInput::readString, StreamInput::readLong);
        breakers = in.readMap(StreamInput::readString, StreamInput::readString);
    }

    Map<String, Long> counters() {
        return counters;
    }

    /** State of the breaker of each kind of call. */
    Map<String, String> breakers() {
        return breakers;
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        super.writeTo(out);
        out.writeMap(counters, StreamOutput::writeString, StreamOutput::writeLong);
        out.writeMap(breakers, StreamOutput::writeString, StreamOutput::writeString);
    }
}

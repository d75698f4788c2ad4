package org.hybridrank.stats;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.nodes.BaseNodesResponse;
import org.opensearch.cluster.ClusterName;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.ToXContentFragment;
import org.opensearch.core.xcontent.XContentBuilder;

/** All nodes' counters, and their sums. */
final class StatsResponse extends BaseNodesResponse<NodeStats> implements ToXContentFragment {
    StatsResponse(ClusterName cluster, List<NodeStats> nodes, List<FailedNodeException> failures) {
        super(cluster, nodes, failures);
    }

    StatsResponse(StreamInput in) throws IOException {
        super(in);
    }

    @Override
    protected List<NodeStats> readNodesFrom(StreamInput in) throws IOException {
        return in.readList(NodeStats::new);
    }

    @Override
    protected void writeNodesTo(StreamOutput out, List<NodeStats> nodes) throws IOException {
        out.writeList(nodes);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        Map<String, Long> total = new TreeMap<>();
        getNodes().forEach(node -> node.counters().forEach((name, value) -> total.merge(name, value, Long::sum)));
        builder.field("total", total);
        builder.startObject("nodes");
        for (NodeStats node : getNodes()) {
            builder.startObject(node.getNode().getId()).field("name", node.getNode().getName());
            builder.field("breakers", node.breakers()).field("counters", node.counters()).endObject();
        }
        return builder.endObject();
    }
}

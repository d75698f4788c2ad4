package org.hybridrank.stats;

import java.io.IOException;
import java.util.Locale;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.hybridrank.call.Call;
import org.hybridrank.call.ServiceClient;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.nodes.TransportNodesAction;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.inject.Inject;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.TransportService;

/** Collects the counters. */
public final class TransportStatsAction extends TransportNodesAction<StatsRequest, StatsResponse, StatsRequest.OfNode, NodeStats> {
    private final Counters counters;
    private final ServiceClient service;

    @Inject
    public TransportStatsAction(
            ThreadPool threads,
            ClusterService cluster,
            TransportService transport,
            ActionFilters filters,
            Counters counters,
            ServiceClient service) {
        super(
                StatsAction.NAME,
                threads,
                cluster,
                transport,
                filters,
                StatsRequest::new,
                StatsRequest.OfNode::new,
                ThreadPool.Names.MANAGEMENT,
                NodeStats.class);
        this.counters = counters;
        this.service = service;
    }

    @Override
    protected StatsResponse newResponse(StatsRequest request, List<NodeStats> nodes, List<FailedNodeException> failures) {
        return new StatsResponse(clusterService.getClusterName(), nodes, failures);
    }

    @Override
    protected StatsRequest.OfNode newNodeRequest(StatsRequest request) {
        return new StatsRequest.OfNode();
    }

    @Override
    protected NodeStats newNodeResponse(StreamInput in) throws IOException {
        return new NodeStats(in);
    }

    @Override
    protected NodeStats nodeOperation(StatsRequest.OfNode request) {
        Map<String, Long> found = new TreeMap<>(counters.snapshot());
        Map<String, String> breakers = new TreeMap<>();
        for (Call call : Call.values()) {
            found.put("calls." + call + ".under_way", (long) service.underWay(call));
            found.put("calls." + call + ".breaker_opened", service.breaker(call).opened());
            breakers.put(call.toString(), service.breaker(call).state().name().toLowerCase(Locale.ROOT));
        }
        return new NodeStats(clusterService.localNode(), found, breakers);
    }
}

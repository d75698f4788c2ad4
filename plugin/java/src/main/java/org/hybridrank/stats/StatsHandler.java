package org.hybridrank.stats;

import java.util.List;
import org.opensearch.client.node.NodeClient;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.action.RestActions.NodesResponseRestListener;

/** {@code GET _plugins/_hybridrank/stats}. */
public final class StatsHandler extends BaseRestHandler {
    @Override
    public String getName() {
        return "hybridrank_stats";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.GET, "/_plugins/_hybridrank/stats"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        return channel -> client.execute(StatsAction.INSTANCE, new StatsRequest(), new NodesResponseRestListener<>(channel));
    }
}

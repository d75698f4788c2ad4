package org.hybridrank.stats;

import org.opensearch.action.ActionType;

/** Reading the counters of all nodes. */
public final class StatsAction extends ActionType<StatsResponse> {
    public static final String NAME = "cluster:monitor/hybridrank/stats";
    public static final StatsAction INSTANCE = new StatsAction();

    private StatsAction() {
        super(NAME, StatsResponse::new);
    }
}

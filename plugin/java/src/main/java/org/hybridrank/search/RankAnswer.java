package org.hybridrank.search;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The order of a page, as the service gave it.
 *
 * @param degraded what the service itself had to do without, or {@code null}
 */
record RankAnswer(String queryId, String model, String degraded, List<Placed> page) {
    /**
     * One hit of the page.
     *
     * @param hit its place in the window that was sent, from 0
     * @param signals by name; {@code null} where they were not asked for
     */
    record Placed(int hit, float score, Map<String, Object> signals) {}

    /**
     * Read it.
     *
     * @param hits how many were sent
     * @throws IllegalArgumentException where it is not a whole page: a hit that was not sent or is named twice, or too few
     */
    static RankAnswer read(Map<String, Object> json, int hits, int from, int size) {
        List<Placed> page = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        for (Object item : Fields.list(json, "page")) {
            Map<String, Object> placed = Fields.object(item, "page");
            int hit = Fields.whole(placed, "hit");
            if (hit >= hits || !seen.add(hit)) {
                throw new IllegalArgumentException("page: a hit that was not sent, or twice");
            }
            Object signals = placed.get("signals");
            page.add(new Placed(hit, Fields.number(placed, "score"), signals == null ? null : Fields.object(signals, "signals")));
        }
        int places = Fields.whole(json, "places");
        int wanted = Math.max(0, Math.min(size, places - from));
        if (page.size() + Fields.whole(json, "gone") != wanted || (places < hits && json.get("replayed") == null)) {
            throw new IllegalArgumentException("page: not as many hits as there are places");
        }
        return new RankAnswer(Fields.text(json, "query_id"), Fields.text(json, "model"), Fields.optionalText(json, "degraded"), page);
    }
}

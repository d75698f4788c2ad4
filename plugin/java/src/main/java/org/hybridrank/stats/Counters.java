package org.hybridrank.stats;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.hybridrank.call.Call;
import org.hybridrank.call.ServiceFailure.Reason;

/** What this node has done, as counters that only grow. Their names come from closed sets. */
public final class Counters {
    private final Map<String, LongAdder> values = new ConcurrentHashMap<>();

    /** A query became hybrid. */
    public void rewritten() {
        add("search.rewritten", 1);
    }

    /** A query was left as it is. */
    public void left(String reason) {
        add("search.left." + reason, 1);
    }

    /** A window was put into the service's order. */
    public void ranked() {
        add("search.ranked", 1);
    }

    /** An answer came in the stock order, because the service could not be used. */
    public void degraded(String reason) {
        add("search.degraded." + reason, 1);
    }

    /** The service ranked, and said itself that it had to do without something. */
    public void degradedByService() {
        add("search.degraded_by_service", 1);
    }

    public void cacheHit() {
        add("cache.hits", 1);
    }

    public void cacheMiss() {
        add("cache.misses", 1);
    }

    public void answered(Call call, long millis) {
        add("calls." + call + ".answered", 1);
        add("calls." + call + ".millis", millis);
    }

    public void failed(Call call, Reason reason) {
        add("calls." + call + ".failed." + reason, 1);
    }

    /** Documents that got a vector. */
    public void embedded(int documents) {
        add("ingest.embedded", documents);
    }

    /** Documents that were stored without one, to be completed later. */
    public void flagged(int documents) {
        add("ingest.flagged", documents);
    }

    /** All counters, by dotted name. */
    public Map<String, Long> snapshot() {
        Map<String, Long> found = new TreeMap<>();
        values.forEach((name, value) -> found.put(name, value.sum()));
        return found;
    }

    private void add(String name, long amount) {
        values.computeIfAbsent(name, ignored -> new LongAdder()).add(amount);
    }
}

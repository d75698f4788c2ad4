package org.hybridrank.search;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.document.DocumentField;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.common.xcontent.support.XContentMapValues;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.DocValueFormat;
import org.opensearch.search.SearchExtBuilder;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;
import org.opensearch.search.aggregations.InternalAggregations;
import org.opensearch.search.fetch.subphase.FetchSourceContext;
import org.opensearch.search.internal.InternalSearchResponse;
import org.opensearch.search.profile.SearchProfileShardResults;

/** The page that the caller asked for, cut from the window and looking as if nothing had been added to the request. */
final class Page {
    static final String SIGNALS = "hybridrank.signals";

    private Page() {}

    /** The page in the service's order. */
    static SearchResponse ranked(SearchResponse response, Window window, RankAnswer answer, long nanos) throws IOException {
        SearchHit[] hits = response.getHits().getHits();
        List<SearchHit> page = new ArrayList<>();
        for (RankAnswer.Placed placed : answer.page()) {
            SearchHit hit = restored(hits[placed.hit()], window, placed.score());
            if (placed.signals() != null) {
                hit.setDocumentField(SIGNALS, new DocumentField(SIGNALS, List.of(placed.signals())));
            }
            page.add(hit);
        }
        Map<String, String> said = new LinkedHashMap<>();
        said.put("query_id", answer.queryId());
        said.put("model", answer.model());
        if (answer.degraded() != null) {
            said.put("degraded", answer.degraded());
        }
        return rebuilt(response, page, new AnswerExt(said), nanos);
    }

    /** The page in the order that the caller's own query gives; hits that only a vector brought come last. */
    static SearchResponse stock(SearchResponse response, Window window, String degraded, long nanos) throws IOException {
        SearchHit[] hits = response.getHits().getHits().clone();
        String name = window.answer().stock();
        boolean whole = window.answer().ticket() != null;
        if (whole) {
            Arrays.sort(hits, Comparator.comparingDouble((SearchHit hit) -> -score(hit, name)));
        }
        int first = whole ? Math.min(window.from(), hits.length) : 0;
        int last = (int) Math.min((long) first + window.size(), hits.length);
        List<SearchHit> page = new ArrayList<>();
        for (SearchHit hit : Arrays.asList(hits).subList(first, last)) {
            page.add(restored(hit, window, score(hit, name)));
        }
        return rebuilt(response, page, degraded == null ? null : AnswerExt.degraded(degraded), nanos);
    }

    /** The same answer, with the mark that it is the stock one. */
    static SearchResponse marked(SearchResponse response, String degraded) {
        SearchHits hits = response.getHits();
        return rebuilt(response, hits, AnswerExt.degraded(degraded), 0);
    }

    private static float score(SearchHit hit, String name) {
        Float score = hit.getMatchedQueriesAndScores().get(name);
        return score == null || !Float.isFinite(score) ? 0.0f : score;
    }

    private static SearchHit restored(SearchHit hit, Window window, float score) throws IOException {
        hit.score(score);
        if (!window.sorted()) {
            hit.sortValues(new Object[0], new DocValueFormat[0]);
        }
        Map<String, Float> named = new LinkedHashMap<>(hit.getMatchedQueriesAndScores());
        named.keySet().removeAll(window.answer().names());
        hit.matchedQueriesWithScores(named);
        FetchSourceContext wanted = window.source();
        if (wanted != null && hit.hasSource()) {
            if (!wanted.fetchSource()) {
                hit.sourceRef(null);
            } else if (wanted.includes().length > 0 || wanted.excludes().length > 0) {
                Map<String, Object> kept = XContentMapValues.filter(hit.getSourceAsMap(), wanted.includes(), wanted.excludes());
                try (XContentBuilder builder = JsonXContent.contentBuilder()) {
                    hit.sourceRef(BytesReference.bytes(builder.map(kept)));
                }
            }
        }
        return hit;
    }

    private static SearchResponse rebuilt(SearchResponse response, List<SearchHit> page, AnswerExt ext, long nanos) {
        float best = Float.NaN;
        for (SearchHit hit : page) {
            best = Float.isNaN(best) ? hit.getScore() : Math.max(best, hit.getScore());
        }
        SearchHits hits = new SearchHits(page.toArray(new SearchHit[0]), response.getHits().getTotalHits(), best);
        return rebuilt(response, hits, ext, nanos);
    }

    private static SearchResponse rebuilt(SearchResponse response, SearchHits hits, AnswerExt ext, long nanos) {
        List<SearchExtBuilder> exts = new ArrayList<>(response.getInternalResponse().getSearchExtBuilders());
        if (ext != null) {
            exts.add(ext);
        }
        SearchProfileShardResults profile =
                response.getProfileResults().isEmpty() ? null : new SearchProfileShardResults(response.getProfileResults());
        InternalSearchResponse inside = new InternalSearchResponse(
                hits,
                (InternalAggregations) response.getAggregations(),
                response.getSuggest(),
                profile,
                response.isTimedOut(),
                response.isTerminatedEarly(),
                response.getNumReducePhases(),
                exts,
                response.getInternalResponse().getProcessorResult());
        return new SearchResponse(
                inside,
                response.getScrollId(),
                response.getTotalShards(),
                response.getSuccessfulShards(),
                response.getSkippedShards(),
                response.getTook().millis() + TimeUnit.NANOSECONDS.toMillis(nanos),
                response.getPhaseTook(),
                response.getShardFailures(),
                response.getClusters(),
                response.pointInTimeId());
    }
}

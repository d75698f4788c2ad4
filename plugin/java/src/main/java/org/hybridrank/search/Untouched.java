package org.hybridrank.search;

import java.util.List;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.sort.ScoreSortBuilder;
import org.opensearch.search.sort.SortBuilder;
import org.opensearch.search.sort.SortOrder;

/** Requests whose order is not relevance's, or that want something which a reranked page cannot give. */
final class Untouched {
    private Untouched() {}

    /** One word for counters, or {@code null} where the request may be ranked. */
    static String reason(SearchRequest request) {
        SearchSourceBuilder source = request.source();
        if (source == null) {
            return "no_body";
        }
        if (source.size() == 0) {
            return "size_0";
        }
        if (!byScore(source.sorts())) {
            return "sort";
        }
        if (request.scroll() != null || source.pointInTimeBuilder() != null || source.searchAfter() != null || source.slice() != null) {
            return "cursor";
        }
        if (source.collapse() != null) {
            return "collapse";
        }
        if (source.rescores() != null && !source.rescores().isEmpty()) {
            return "rescore";
        }
        if (source.minScore() != null) {
            return "min_score";
        }
        if (source.storedFields() != null) {
            return "stored_fields";
        }
        return null;
    }

    private static boolean byScore(List<SortBuilder<?>> sorts) {
        if (sorts == null || sorts.isEmpty()) {
            return true;
        }
        return sorts.get(0) instanceof ScoreSortBuilder && sorts.get(0).order() == SortOrder.DESC;
    }
}

package org.hybridrank.search;

import org.opensearch.action.search.SearchRequest;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.fetch.subphase.FetchSourceContext;
import org.opensearch.search.pipeline.PipelineProcessingContext;

/**
 * What the end of the pipeline needs to know of its beginning.
 *
 * @param from place of the first hit that was asked for
 * @param size how many were
 * @param source which fields were; {@code null}: all
 * @param sorted whether the caller asked for sort values
 * @param degraded why the service could not be asked, or {@code null}
 * @param answer what it said; {@code null} where it could not be asked
 */
record Window(int from, int size, FetchSourceContext source, boolean sorted, Ext ext, String degraded, QueryAnswer answer) {
    private static final String NAME = "hybridrank.window";
    private static final int DEFAULT_SIZE = 10;

    /** What was asked, before anything is replaced. */
    static Window of(SearchRequest request, Ext ext) {
        SearchSourceBuilder source = request.source();
        return new Window(
                Math.max(0, source.from()),
                source.size() < 0 ? DEFAULT_SIZE : source.size(),
                source.fetchSource(),
                source.sorts() != null && !source.sorts().isEmpty(),
                ext,
                null,
                null);
    }

    Window degraded(String reason) {
        return new Window(from, size, source, sorted, ext, reason, null);
    }

    Window answered(QueryAnswer said) {
        return new Window(from, size, source, sorted, ext, null, said);
    }

    void keepIn(PipelineProcessingContext context) {
        context.setAttribute(NAME, this);
    }

    /** The window of a pipeline's run; {@code null} where the query was left as it is. */
    static Window in(PipelineProcessingContext context) {
        return (Window) context.getAttribute(NAME);
    }
}

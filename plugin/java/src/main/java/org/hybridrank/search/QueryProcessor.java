package org.hybridrank.search;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.hybridrank.stats.Counters;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.SearchExtBuilder;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchRequestProcessor;

/** Beginning of the pipeline: an ordinary query becomes a hybrid one. Whatever goes wrong, the query runs as it came. */
public final class QueryProcessor extends AbstractProcessor implements SearchRequestProcessor {
    public static final String TYPE = "hybridrank_query";
    private static final Logger LOG = LogManager.getLogger(QueryProcessor.class);

    private final Clauses clauses;
    private final Counters counters;
    private final Function<SearchRequest, String> indexOf;

    QueryProcessor(
            String tag, String description, boolean ignoreFailure, Clauses clauses, Counters counters, Function<SearchRequest, String> indexOf) {
        super(tag, description, ignoreFailure);
        this.clauses = clauses;
        this.counters = counters;
        this.indexOf = indexOf;
    }

    /**
     * Makes processors.
     *
     * @param indexOf the one index that a request searches, or {@code null} where it is none or several
     */
    public static Processor.Factory<SearchRequestProcessor> factory(
            Supplier<Clauses> clauses, Counters counters, Function<SearchRequest, String> indexOf) {
        return (factories, tag, description, ignoreFailure, config, context) ->
                new QueryProcessor(tag, description, ignoreFailure, clauses.get(), counters, indexOf);
    }

    @Override
    public String getType() {
        return TYPE;
    }

    @Override
    public SearchRequest processRequest(SearchRequest request) {
        throw new UnsupportedOperationException("only asynchronously");
    }

    @Override
    public void processRequestAsync(SearchRequest request, PipelineProcessingContext context, ActionListener<SearchRequest> listener) {
        Ext ext = taken(request.source());
        String reason = Untouched.reason(request);
        String index = reason == null ? indexOf.apply(request) : null;
        if (reason == null && index == null) {
            reason = "indices";
        }
        if (reason != null) {
            counters.left(reason);
            listener.onResponse(request);
            return;
        }
        Window window = Window.of(request, ext);
        clauses.of(
                request,
                index,
                window,
                ActionListener.wrap(answer -> replace(request, context, listener, window, answer), failure -> {
                    Exception fault = Refusals.callersFault(failure);
                    if (fault != null) {
                        listener.onFailure(fault);
                        return;
                    }
                    giveUp(request, context, listener, window, failure);
                }));
    }

    private void replace(
            SearchRequest request, PipelineProcessingContext context, ActionListener<SearchRequest> listener, Window window, QueryAnswer answer) {
        if (!answer.replaces()) {
            counters.left("query");
            listener.onResponse(request);
            return;
        }
        try {
            answer.applyTo(request, clauses.registry());
        } catch (Exception e) {
            giveUp(request, context, listener, window, e);
            return;
        }
        counters.rewritten();
        window.answered(answer).keepIn(context);
        listener.onResponse(request);
    }

    private void giveUp(
            SearchRequest request, PipelineProcessingContext context, ActionListener<SearchRequest> listener, Window window, Exception failure) {
        String reason = Refusals.reason(failure);
        LOG.debug("a query runs as it came: {}", reason);
        counters.degraded(reason);
        window.degraded(reason).keepIn(context);
        listener.onResponse(request);
    }

    /** Take {@code ext.hybridrank} out of a request, so that it never travels to other nodes or into their logs. */
    private static Ext taken(SearchSourceBuilder source) {
        if (source == null || source.ext() == null) {
            return Ext.NONE;
        }
        Ext found = Ext.NONE;
        List<SearchExtBuilder> others = new ArrayList<>();
        for (SearchExtBuilder ext : source.ext()) {
            if (ext instanceof Ext ours) {
                found = ours;
            } else {
                others.add(ext);
            }
        }
        source.ext(others);
        return found;
    }
}

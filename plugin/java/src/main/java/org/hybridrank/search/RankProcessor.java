package org.hybridrank.search;

import java.util.UUID;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.hybridrank.call.Call;
import org.hybridrank.call.ServiceClient;
import org.hybridrank.stats.Counters;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.search.SearchHit;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchResponseProcessor;

/** End of the pipeline: the window goes to the service and comes back as a page; without the service, in the stock order. */
public final class RankProcessor extends AbstractProcessor implements SearchResponseProcessor {
    public static final String TYPE = "hybridrank_rank";
    private static final Logger LOG = LogManager.getLogger(RankProcessor.class);

    private final ServiceClient service;
    private final Counters counters;

    RankProcessor(String tag, String description, boolean ignoreFailure, ServiceClient service, Counters counters) {
        super(tag, description, ignoreFailure);
        this.service = service;
        this.counters = counters;
    }

    public static Processor.Factory<SearchResponseProcessor> factory(Supplier<ServiceClient> service, Counters counters) {
        return (factories, tag, description, ignoreFailure, config, context) ->
                new RankProcessor(tag, description, ignoreFailure, service.get(), counters);
    }

    @Override
    public String getType() {
        return TYPE;
    }

    @Override
    public SearchResponse processResponse(SearchRequest request, SearchResponse response) {
        throw new UnsupportedOperationException("only asynchronously");
    }

    @Override
    public void processResponseAsync(
            SearchRequest request, SearchResponse response, PipelineProcessingContext context, ActionListener<SearchResponse> listener) {
        Window window = Window.in(context);
        if (window == null) {
            listener.onResponse(response);
        } else if (window.answer() == null) {
            listener.onResponse(Page.marked(response, window.degraded()));
        } else if (window.answer().ticket() == null) {
            finish(response, listener, () -> Page.stock(response, window, null, 0));
        } else {
            rank(response, window, listener);
        }
    }

    private void rank(SearchResponse response, Window window, ActionListener<SearchResponse> listener) {
        long started = System.nanoTime();
        SearchHit[] hits = response.getHits().getHits();
        BytesReference body;
        try {
            body = Payload.of(window, hits, UUID.randomUUID().toString());
        } catch (Exception e) {
            giveUp(response, window, listener, started, e);
            return;
        }
        service.post(
                Call.RANK,
                body,
                window.ext().headers(),
                json -> RankAnswer.read(json, hits.length, window.from(), window.size()),
                ActionListener.wrap(
                        answer -> {
                            counters.ranked();
                            if (answer.degraded() != null) {
                                counters.degradedByService();
                            }
                            finish(response, listener, () -> Page.ranked(response, window, answer, System.nanoTime() - started));
                        },
                        failure -> {
                            Exception fault = Refusals.callersFault(failure);
                            if (fault != null) {
                                listener.onFailure(fault);
                            } else {
                                giveUp(response, window, listener, started, failure);
                            }
                        }));
    }

    private void giveUp(SearchResponse response, Window window, ActionListener<SearchResponse> listener, long started, Exception failure) {
        String reason = Refusals.reason(failure);
        LOG.debug("a page comes in the stock order: {}", reason);
        counters.degraded(reason);
        finish(response, listener, () -> Page.stock(response, window, reason, System.nanoTime() - started));
    }

    private interface Making {
        SearchResponse make() throws Exception;
    }

    /** Answer once, whatever happens. */
    private static void finish(SearchResponse response, ActionListener<SearchResponse> listener, Making making) {
        SearchResponse made;
        try {
            made = making.make();
        } catch (Exception e) {
            LOG.error("a page could not be made, the window is answered as it is", e);
            made = response;
        }
        listener.onResponse(made);
    }
}

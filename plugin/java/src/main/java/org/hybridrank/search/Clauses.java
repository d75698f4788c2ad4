package org.hybridrank.search;

import java.io.IOException;
import org.hybridrank.HybridrankSettings;
import org.hybridrank.call.Call;
import org.hybridrank.call.ServiceClient;
import org.hybridrank.stats.Counters;
import java.util.Map;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.common.cache.Cache;
import org.opensearch.common.cache.CacheBuilder;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.ToXContent;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.builder.SearchSourceBuilder;

/** The clauses of queries: asked from the service, and remembered for a moment, for pages come as many requests at once. */
public final class Clauses {
    private static final long MOST_BYTES = 16L * 1024 * 1024;

    private final ServiceClient service;
    private final Counters counters;
    private final NamedXContentRegistry registry;
    private final Cache<BytesReference, QueryAnswer> known;

    public Clauses(ServiceClient service, Counters counters, NamedXContentRegistry registry, Settings settings) {
        this.service = service;
        this.counters = counters;
        this.registry = registry;
        TimeValue ttl = HybridrankSettings.CACHE_TTL.get(settings);
        this.known = ttl.millis() == 0
                ? null
                : CacheBuilder.<BytesReference, QueryAnswer>builder()
                        .setExpireAfterWrite(ttl)
                        .setMaximumWeight(MOST_BYTES)
                        .weigher((key, value) -> key.length() + (value.body() == null ? 0 : value.body().length()))
                        .build();
    }

    NamedXContentRegistry registry() {
        return registry;
    }

    void of(SearchRequest request, String index, Window window, ActionListener<QueryAnswer> listener) {
        BytesReference question;
        try {
            question = question(request.source(), index, window);
        } catch (IOException e) {
            listener.onFailure(e);
            return;
        }
        boolean lasting = window.ext().queryId() == null;
        QueryAnswer remembered = lasting && known != null ? known.get(question) : null;
        if (remembered != null) {
            counters.cacheHit();
            listener.onResponse(remembered);
            return;
        }
        counters.cacheMiss();
        service.post(
                Call.QUERY,
                question,
                // Clauses are the same for everybody; only an order that is replayed is somebody's own.
                lasting ? Map.of() : window.ext().headers(),
                json -> QueryAnswer.read(json, registry),
                ActionListener.wrap(
                        answer -> {
                            if (lasting && known != null) {
                                known.put(question, answer);
                            }
                            listener.onResponse(answer);
                        },
                        listener::onFailure));
    }

    private static BytesReference question(SearchSourceBuilder source, String index, Window window) throws IOException {
        try (XContentBuilder builder = JsonXContent.contentBuilder()) {
            builder.startObject();
            builder.field("index", index).field("from", window.from()).field("size", window.size());
            if (source.query() != null) {
                builder.field("query");
                source.query().toXContent(builder, ToXContent.EMPTY_PARAMS);
            }
            if (source.postFilter() != null) {
                builder.field("post_filter");
                source.postFilter().toXContent(builder, ToXContent.EMPTY_PARAMS);
            }
            if (window.ext().query() != null) {
                builder.field("text", window.ext().query());
            }
            if (window.ext().queryId() != null) {
                builder.field("query_id", window.ext().queryId());
            }
            return BytesReference.bytes(builder.endObject());
        }
    }
}

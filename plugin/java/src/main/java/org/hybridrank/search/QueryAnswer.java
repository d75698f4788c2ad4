package org.hybridrank.search;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchType;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.search.builder.SearchSourceBuilder;

/**
 * What the service says of a query.
 *
 * @param reason why the query stays as it is; {@code null} where it is replaced
 * @param ticket goes back with the window; {@code null} where nothing is to be ranked
 * @param body what replaces parts of the request, as JSON
 * @param searchType of the request, or {@code null} to leave it
 * @param stock name of the clause whose score is the order without hybridrank
 * @param names of clauses that the caller did not send
 * @param scores names of the clauses whose scores the ranker reads
 * @param notRead fields of a product that no ranker reads
 * @param textChars how much of each text is read
 * @param window how many hits, from the first, are to be ranked
 */
record QueryAnswer(
        String reason,
        String ticket,
        BytesReference body,
        SearchType searchType,
        String stock,
        Set<String> names,
        Set<String> scores,
        Set<String> notRead,
        int textChars,
        int window) {

    static QueryAnswer read(Map<String, Object> json, NamedXContentRegistry registry) throws IOException {
        if (!Fields.flag(json, "rewrite")) {
            return new QueryAnswer(Fields.text(json, "reason"), null, null, null, null, Set.of(), Set.of(), Set.of(), 0, 0);
        }
        String type = Fields.optionalText(json, "search_type");
        QueryAnswer answer = new QueryAnswer(
                null,
                Fields.optionalText(json, "ticket"),
                bytes(Fields.object(json.get("body"), "body")),
                type == null ? null : SearchType.fromString(type),
                Fields.text(json, "stock"),
                Fields.names(json, "names"),
                Fields.names(json, "scores"),
                Fields.names(json, "not_read"),
                Fields.whole(json, "text_chars"),
                Fields.whole(json, "window"));
        answer.parsed(registry); // what cannot be parsed is refused here, before any request is touched
        return answer;
    }

    boolean replaces() {
        return reason == null;
    }

    /** Put it into a request, whose source is the pipeline's own copy. */
    void applyTo(SearchRequest request, NamedXContentRegistry registry) throws IOException {
        SearchSourceBuilder mine = parsed(registry);
        SearchSourceBuilder source = request.source();
        source.query(mine.query());
        if (mine.postFilter() != null) {
            source.postFilter(mine.postFilter());
        }
        if (source.sorts() != null) {
            source.sorts().clear();
        }
        if (mine.sorts() != null) {
            mine.sorts().forEach(source::sort);
        }
        source.from(mine.from());
        source.size(mine.size());
        source.fetchSource(mine.fetchSource());
        source.includeNamedQueriesScores(true);
        if (searchType != null) {
            request.searchType(searchType);
        }
    }

    private SearchSourceBuilder parsed(NamedXContentRegistry registry) throws IOException {
        try (XContentParser parser =
                JsonXContent.jsonXContent.createParser(registry, LoggingDeprecationHandler.INSTANCE, body.streamInput())) {
            return SearchSourceBuilder.fromXContent(parser);
        }
    }

    private static BytesReference bytes(Map<String, Object> body) throws IOException {
        try (XContentBuilder builder = JsonXContent.contentBuilder()) {
            return BytesReference.bytes(builder.map(body));
        }
    }
}

package org.hybridrank.search;

import java.io.IOException;
import java.util.Map;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.SearchHit;

/** A window as it goes to the service: ids, sub-scores, and of each product what a ranker reads. */
final class Payload {
    private Payload() {}

    /**
     * Write a window.
     *
     * @param freshId the name that a first page gets, made here so that a call which is sent twice is logged once
     */
    static BytesReference of(Window window, SearchHit[] hits, String freshId) throws IOException {
        QueryAnswer answer = window.answer();
        try (XContentBuilder builder = JsonXContent.contentBuilder()) {
            builder.startObject().field("ticket", answer.ticket()).field("from", window.from()).field("size", window.size());
            if (window.ext().queryId() != null) {
                builder.field("query_id", window.ext().queryId());
            } else {
                builder.field("fresh_id", freshId);
            }
            builder.field("signals", window.ext().signals()).startArray("hits");
            for (int place = 0; place < hits.length; place++) {
                SearchHit hit = hits[place];
                builder.startObject().field("id", hit.getId()).startObject("scores");
                Map<String, Float> scores = hit.getMatchedQueriesAndScores();
                for (String name : answer.scores()) {
                    Float score = scores.get(name);
                    if (score != null && Float.isFinite(score)) {
                        builder.field(name, score);
                    }
                }
                builder.endObject();
                if (place < answer.window() && hit.hasSource()) {
                    source(builder, hit.getSourceAsMap(), answer);
                }
                builder.endObject();
            }
            return BytesReference.bytes(builder.endArray().endObject());
        }
    }

    private static void source(XContentBuilder builder, Map<String, Object> source, QueryAnswer answer) throws IOException {
        builder.startObject("source");
        for (Map.Entry<String, Object> field : source.entrySet()) {
            if (!answer.notRead().contains(field.getKey())) {
                Object value = field.getValue();
                boolean longText = value instanceof String text && text.length() > answer.textChars();
                builder.field(field.getKey(), longText ? shortened((String) value, answer.textChars()) : value);
            }
        }
        builder.endObject();
    }

    /** The beginning of a text, never half a character. */
    private static String shortened(String text, int chars) {
        return text.substring(0, Character.isHighSurrogate(text.charAt(chars - 1)) ? chars - 1 : chars);
    }
}

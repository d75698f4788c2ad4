package org.hybridrank.search;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.SearchExtBuilder;

/** {@code ext.hybridrank} of an answer: {@code query_id}, {@code model}, and {@code degraded} where something was missing. */
public final class AnswerExt extends SearchExtBuilder {
    public static final String NAME = "hybridrank_answer";

    private final Map<String, String> values;

    AnswerExt(Map<String, String> values) {
        this.values = new TreeMap<>(values);
    }

    public AnswerExt(StreamInput in) throws IOException {
        this(in.readMap(StreamInput::readString, StreamInput::readString));
    }

    static AnswerExt degraded(String reason) {
        return new AnswerExt(Map.of("degraded", reason));
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeMap(values, StreamOutput::writeString, StreamOutput::writeString);
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject(Ext.NAME);
        for (Map.Entry<String, String> value : values.entrySet()) {
            builder.field(value.getKey(), value.getValue());
        }
        return builder.endObject();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AnswerExt that && values.equals(that.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }
}

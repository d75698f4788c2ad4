package org.hybridrank.search;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;
import org.opensearch.search.SearchExtBuilder;

/**
 * {@code ext.hybridrank} of a request. Parsed strictly: an unknown name or a value of another kind is an error that names
 * the field and never repeats the value.
 */
public final class Ext extends SearchExtBuilder {
    public static final String NAME = "hybridrank";
    public static final Ext NONE = new Ext(null, null, null, null, false);

    private static final Pattern QUERY_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}");
    private static final Pattern SESSION = Pattern.compile("[A-Za-z0-9_-]{8,128}");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_.=-]{1,8000}");
    private static final int MOST_QUERY_CHARS = 10_000;

    private final String query;
    private final String queryId;
    private final String personToken;
    private final String session;
    private final boolean signals;

    Ext(String query, String queryId, String personToken, String session, boolean signals) {
        this.query = query;
        this.queryId = queryId;
        this.personToken = personToken;
        this.session = session;
        this.signals = signals;
    }

    public Ext(StreamInput in) throws IOException {
        this(in.readOptionalString(), in.readOptionalString(), in.readOptionalString(), in.readOptionalString(), in.readBoolean());
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeOptionalString(query);
        out.writeOptionalString(queryId);
        out.writeOptionalString(personToken);
        out.writeOptionalString(session);
        out.writeBoolean(signals);
    }

    /** Read it; the parser stands at its value. */
    public static Ext parse(XContentParser parser) throws IOException {
        if (parser.currentToken() != Token.START_OBJECT) {
            throw new ParsingException(parser.getTokenLocation(), "ext.hybridrank: expected an object");
        }
        String query = null;
        String queryId = null;
        String personToken = null;
        String session = null;
        boolean signals = false;
        while (parser.nextToken() != Token.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "query" -> query = text(parser, name);
                case "query_id" -> queryId = matching(parser, name, QUERY_ID, "1 to 100 of letters, digits and _.:-");
                case "person_token" -> personToken = matching(parser, name, TOKEN, "a signed token");
                case "session" -> session = matching(parser, name, SESSION, "8 to 128 of letters, digits, _ and -");
                case "signals" -> signals = flag(parser, name);
                default -> throw new ParsingException(
                        parser.getTokenLocation(),
                        "ext.hybridrank: unknown field [" + shown(name) + "]; there is query, query_id, person_token, session, signals");
            }
        }
        return new Ext(query, queryId, personToken, session, signals);
    }

    /** What was typed, where the query alone does not say it; or {@code null}. */
    public String query() {
        return query;
    }

    /** Of an earlier page, whose order is replayed; or {@code null}. */
    public String queryId() {
        return queryId;
    }

    /** What is forwarded of who asks: exactly what came, judged by the service alone. */
    Map<String, String> headers() {
        Map<String, String> headers = new HashMap<>();
        if (personToken != null) {
            headers.put("X-Hybridrank-Person", personToken);
        }
        if (session != null) {
            headers.put("X-Hybridrank-Session", session);
        }
        return headers;
    }

    /** Whether each hit is to come with its signals. */
    public boolean signals() {
        return signals;
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }

    /** As task lists and slow logs show it: without what was typed and without who typed it. */
    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        builder.startObject(NAME);
        if (queryId != null) {
            builder.field("query_id", queryId);
        }
        return builder.field("signals", signals).endObject();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ext that
                && Objects.equals(query, that.query)
                && Objects.equals(queryId, that.queryId)
                && Objects.equals(personToken, that.personToken)
                && Objects.equals(session, that.session)
                && signals == that.signals;
    }

    @Override
    public int hashCode() {
        return Objects.hash(query, queryId, personToken, session, signals);
    }

    private static String text(XContentParser parser, String name) throws IOException {
        if (parser.currentToken() != Token.VALUE_STRING) {
            throw new ParsingException(parser.getTokenLocation(), "ext.hybridrank." + name + ": expected text");
        }
        String value = parser.text();
        if (value.length() > MOST_QUERY_CHARS) {
            throw new ParsingException(
                    parser.getTokenLocation(), "ext.hybridrank." + name + ": longer than " + MOST_QUERY_CHARS + " characters");
        }
        return value;
    }

    private static String matching(XContentParser parser, String name, Pattern pattern, String expected) throws IOException {
        String value = text(parser, name);
        if (!pattern.matcher(value).matches()) {
            throw new ParsingException(parser.getTokenLocation(), "ext.hybridrank." + name + ": expected " + expected);
        }
        return value;
    }

    private static boolean flag(XContentParser parser, String name) throws IOException {
        if (parser.currentToken() != Token.VALUE_BOOLEAN) {
            throw new ParsingException(parser.getTokenLocation(), "ext.hybridrank." + name + ": expected true or false");
        }
        return parser.booleanValue();
    }

    private static String shown(String name) {
        return name.length() <= 40 ? name : name.substring(0, 40);
    }
}

package org.hybridrank.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensearch.common.io.stream.BytesStreamOutput;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.ToXContent;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

class ExtTest {
    private static Ext parse(String json) throws IOException {
        try (XContentParser parser = JsonXContent.jsonXContent.createParser(
                NamedXContentRegistry.EMPTY, LoggingDeprecationHandler.INSTANCE, json)) {
            parser.nextToken();
            return Ext.parse(parser);
        }
    }

    private static final String WHOLE = "{\"query\":\"red shoes\",\"query_id\":\"q-1\",\"person_token\":\"aa.bb.cc\","
            + "\"session\":\"visit-0001\",\"signals\":true}";

    @Test
    void readsEveryField() throws IOException {
        Ext ext = parse(WHOLE);
        assertEquals("red shoes", ext.query());
        assertEquals("q-1", ext.queryId());
        assertEquals(Map.of("X-Hybridrank-Person", "aa.bb.cc", "X-Hybridrank-Session", "visit-0001"), ext.headers());
        assertTrue(ext.signals());
    }

    @Test
    void everyFieldMayBeAbsent() throws IOException {
        Ext ext = parse("{}");
        assertEquals(Ext.NONE, ext);
        assertTrue(ext.headers().isEmpty());
        assertFalse(ext.signals());
    }

    @Test
    void travelsWhole() throws IOException {
        Ext ext = parse(WHOLE);
        try (BytesStreamOutput out = new BytesStreamOutput()) {
            ext.writeTo(out);
            assertEquals(ext, new Ext(out.bytes().streamInput()));
        }
    }

    @Test
    void isShownWithoutThePersonAndTheText() throws IOException {
        try (XContentBuilder builder = JsonXContent.contentBuilder()) {
            builder.startObject();
            parse(WHOLE).toXContent(builder, ToXContent.EMPTY_PARAMS);
            String shown = builder.endObject().toString();
            assertEquals("{\"hybridrank\":{\"query_id\":\"q-1\",\"signals\":true}}", shown);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "[]|expected an object",
                "{\"person\":\"secret\"}|unknown field [person]",
                "{\"query\":5}|query: expected text",
                "{\"query\":[\"a\"]}|query: expected text",
                "{\"query_id\":\" secret\"}|query_id: expected",
                "{\"query_id\":\"\"}|query_id: expected",
                "{\"person_token\":\"secret secret\"}|person_token: expected",
                "{\"person_token\":{\"a\":1}}|person_token: expected text",
                "{\"session\":\"secret\"}|session: expected",
                "{\"session\":null}|session: expected text",
                "{\"signals\":\"true\"}|signals: expected true or false",
            })
    void refusesWhatIsNotSo(String json, String reason) {
        ParsingException error = assertThrows(ParsingException.class, () -> parse(json));
        assertTrue(error.getMessage().contains(reason), error.getMessage());
        assertFalse(error.getMessage().contains("secret"), error.getMessage());
    }

    @Test
    void refusesATextThatIsTooLong() {
        String json = "{\"query\":\"" + "x".repeat(10_001) + "\"}";
        assertTrue(assertThrows(ParsingException.class, () -> parse(json)).getMessage().contains("longer than"));
    }
}

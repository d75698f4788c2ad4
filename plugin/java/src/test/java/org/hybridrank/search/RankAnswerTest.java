package org.hybridrank.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.json.JsonXContent;

class RankAnswerTest {
    private static final int HITS = 3;

    private static RankAnswer read(String json, int from, int size) {
        return RankAnswer.read(XContentHelper.convertToMap(JsonXContent.jsonXContent, json, true), HITS, from, size);
    }

    private static String answer(String page, int places, int gone) {
        return "{\"query_id\":\"q\",\"model\":\"m\",\"places\":" + places + ",\"gone\":" + gone + ",\"page\":[" + page + "]}";
    }

    private static String hit(int place, double score) {
        return "{\"hit\":" + place + ",\"score\":" + score + "}";
    }

    @Test
    void readsAPage() {
        RankAnswer answer = read(answer(hit(2, 0.5) + "," + hit(0, 0.25), 3, 0), 0, 2);
        assertEquals(List.of(new RankAnswer.Placed(2, 0.5f, null), new RankAnswer.Placed(0, 0.25f, null)), answer.page());
    }

    @Test
    void readsTheLastPage() {
        assertEquals(1, read(answer(hit(1, 0.1), 3, 0), 2, 10).page().size());
    }

    @Test
    void aReplayedPageMayLackWhatIsGone() {
        String json = answer(hit(1, 0.1), 5, 1).replace("{\"query_id\"", "{\"replayed\":true,\"query_id\"");
        assertEquals(1, read(json, 0, 2).page().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"hit\":0,\"score\":1},{\"hit\":0,\"score\":1},{\"hit\":1,\"score\":1}",
                "{\"hit\":0,\"score\":1},{\"hit\":1,\"score\":1}",
                "{\"hit\":3,\"score\":1},{\"hit\":0,\"score\":1},{\"hit\":1,\"score\":1}",
                "{\"hit\":-1,\"score\":1},{\"hit\":0,\"score\":1},{\"hit\":1,\"score\":1}",
                "{\"hit\":0,\"score\":\"1\"},{\"hit\":1,\"score\":1},{\"hit\":2,\"score\":1}",
                "{\"hit\":0,\"score\":1e99},{\"hit\":1,\"score\":1},{\"hit\":2,\"score\":1}",
                "{\"hit\":0.5,\"score\":1},{\"hit\":1,\"score\":1},{\"hit\":2,\"score\":1}",
                "0,1,2",
            })
    void refusesWhatIsNoWholePage(String page) {
        assertThrows(IllegalArgumentException.class, () -> read(answer(page, 3, 0), 0, 10));
    }

    @Test
    void refusesAnOrderOfFewerPlacesThanHits() {
        assertThrows(IllegalArgumentException.class, () -> read(answer(hit(0, 1) + "," + hit(1, 1), 2, 0), 0, 10));
    }

    @Test
    void refusesAnAnswerOfAnotherKind() {
        assertThrows(IllegalArgumentException.class, () -> read("{\"results\":[]}", 0, 10));
    }
}

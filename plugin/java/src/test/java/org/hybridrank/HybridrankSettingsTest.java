package org.hybridrank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.common.settings.Settings;

class HybridrankSettingsTest {
    private static String url(String value) {
        return HybridrankSettings.URL.get(Settings.builder().put("hybridrank.service.url", value).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:8000", "https://rank.example/prefix", "http://[::1]:9000"})
    void takesAddresses(String value) {
        assertEquals(value, url(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank.example", "ftp://rank.example", "http://user:pass@rank.example", "http://", "http://a b", "http://a/?k=v"})
    void refusesWhatIsNone(String value) {
        assertThrows(IllegalArgumentException.class, () -> url(value));
    }

    @Test
    void theKeyCannotStandInTheOpen() {
        Settings open = Settings.builder().put("hybridrank.service.key", "hr_x").build();
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> HybridrankSettings.KEY.get(open));
        assertTrue(error.getMessage().contains("keystore"), error.getMessage());
    }
}

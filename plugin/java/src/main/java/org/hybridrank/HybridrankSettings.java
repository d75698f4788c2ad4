package org.hybridrank;

import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Set;
import org.opensearch.common.settings.SecureSetting;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.common.settings.SecureString;

/** Every setting of the plugin. The key and the certificate authority lie in the node's keystore, nowhere else. */
public final class HybridrankSettings {
    /** Where the service answers. */
    public static final Setting<String> URL =
            Setting.simpleString("hybridrank.service.url", "http://127.0.0.1:8000", HybridrankSettings::checkUrl, Property.NodeScope);

    /** The service's key, of role {@code engine}. */
    public static final Setting<SecureString> KEY = SecureSetting.secureString("hybridrank.service.key", null);

    /** Certificates (PEM) that the service's own is checked against; absent: those that Java trusts. */
    public static final Setting<InputStream> CA = SecureSetting.secureFile("hybridrank.service.ca", null);

    /** How long a query waits for its clauses. */
    public static final Setting<TimeValue> QUERY_BUDGET = budget("hybridrank.budget.query", 500);

    /** How long a window waits for its order. */
    public static final Setting<TimeValue> RANK_BUDGET = budget("hybridrank.budget.rank", 2_000);

    /** How long a batch of documents waits for its vectors. */
    public static final Setting<TimeValue> EMBED_BUDGET = budget("hybridrank.budget.embed", 60_000);

    /** How long the clauses of a query are remembered; 0 not at all. */
    public static final Setting<TimeValue> CACHE_TTL =
            Setting.timeSetting("hybridrank.cache.ttl", TimeValue.timeValueSeconds(2), TimeValue.ZERO, Property.NodeScope);

    /** How many failures in a row open the breaker. */
    public static final Setting<Integer> BREAKER_FAILURES =
            Setting.intSetting("hybridrank.breaker.failures", 5, 1, Property.NodeScope);

    /** How long an open breaker sends nothing before it tries one call. */
    public static final Setting<TimeValue> BREAKER_PAUSE = Setting.timeSetting(
            "hybridrank.breaker.pause", TimeValue.timeValueSeconds(5), TimeValue.timeValueMillis(1), Property.NodeScope);

    /** How many calls of one kind may be under way at once. */
    public static final Setting<Integer> IN_FLIGHT =
            Setting.intSetting("hybridrank.service.in_flight", 64, 1, 1024, Property.NodeScope);

    private HybridrankSettings() {}

    static List<Setting<?>> all() {
        return List.of(
                URL, KEY, CA, QUERY_BUDGET, RANK_BUDGET, EMBED_BUDGET, CACHE_TTL, BREAKER_FAILURES, BREAKER_PAUSE, IN_FLIGHT);
    }

    /** Whether what is sent there can be read by nobody else. */
    static boolean isPrivate(String url) {
        URI uri = URI.create(url);
        return "https".equals(uri.getScheme()) || Set.of("127.0.0.1", "localhost", "[::1]").contains(uri.getHost());
    }

    private static Setting<TimeValue> budget(String name, long millis) {
        return Setting.timeSetting(
                name, TimeValue.timeValueMillis(millis), TimeValue.timeValueMillis(1), Property.NodeScope, Property.Dynamic);
    }

    private static void checkUrl(String value) {
        URI uri;
        try {
            uri = URI.create(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("hybridrank.service.url: is no URL");
        }
        boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!http || uri.getHost() == null || uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null) {
            throw new IllegalArgumentException("hybridrank.service.url: expected http[s]://HOST[:PORT][/PREFIX] without a login");
        }
    }
}

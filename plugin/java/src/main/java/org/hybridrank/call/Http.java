package org.hybridrank.call;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.security.AccessController;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivilegedAction;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.opensearch.SpecialPermission;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.settings.SecureString;
import org.hybridrank.HybridrankSettings;

/** Connections to the service: kept open, two threads for all of them, none of which waits for an answer. */
@SuppressWarnings("removal") // the security manager goes in OpenSearch 3; 2.19 needs it
final class Http {
    private static final int THREADS = 2;
    private static final int MOST_BYTES = 16 * 1024 * 1024;
    private static final ExecutorService EXECUTOR = Executors.newFixedThreadPool(THREADS, Http::thread);

    private final HttpClient client;
    private final URI base;
    private final SecureString key;

    /** Read what the node's settings and keystore say; the keystore must be open. */
    Http(Settings settings) {
        String url = HybridrankSettings.URL.get(settings);
        base = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        try (SecureString stored = HybridrankSettings.KEY.get(settings)) {
            key = stored.clone();
        }
        SSLContext tls = tls(settings);
        client = privileged(() -> {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .connectTimeout(Duration.ofSeconds(10))
                    .executor(EXECUTOR);
            return (tls == null ? builder : builder.sslContext(tls)).build();
        });
    }

    CompletableFuture<HttpResponse<byte[]>> post(String path, byte[] body, Map<String, String> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body));
        if (key.length() > 0) {
            request.header("Authorization", "Bearer " + key);
        }
        headers.forEach(request::header);
        HttpRequest built = request.build();
        return privileged(() -> client.sendAsync(built, info -> new LimitedBody(MOST_BYTES)));
    }

    private static SSLContext tls(Settings settings) {
        if (!HybridrankSettings.CA.exists(settings)) {
            return null;
        }
        try (InputStream pem = HybridrankSettings.CA.get(settings)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (Certificate found : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                trusted.setCertificateEntry("ca-" + number++, found);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("hybridrank.service.ca: holds no certificates in PEM form", e);
        }
    }

    private static Thread thread(Runnable work) {
        // Made under the plugin's own rights, whoever happens to be the first to need it.
        return privileged(() -> {
            Thread made = new Thread(work, "hybridrank-http");
            made.setDaemon(true);
            return made;
        });
    }

    private static <T> T privileged(PrivilegedAction<T> action) {
        SpecialPermission.check();
        return AccessController.doPrivileged(action);
    }
}

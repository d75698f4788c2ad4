package org.hybridrank.call;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.hybridrank.HybridrankSettings;
import org.hybridrank.call.ServiceFailure.Reason;
import org.hybridrank.stats.Counters;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.common.CheckedFunction;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesArray;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.MediaTypeRegistry;
import org.opensearch.threadpool.Scheduler;
import org.opensearch.threadpool.ThreadPool;

/**
 * Calls the service without holding a thread. Every call ends within its budget, by an answer or a {@link ServiceFailure};
 * the listener runs on a generic thread with the caller's context.
 */
public final class ServiceClient {
    private static final Map<Call, Setting<TimeValue>> BUDGETS = Map.of(
            Call.QUERY, HybridrankSettings.QUERY_BUDGET,
            Call.RANK, HybridrankSettings.RANK_BUDGET,
            Call.EMBED, HybridrankSettings.EMBED_BUDGET);

    private final AtomicReference<Http> http;
    private final ThreadPool threads;
    private final Counters counters;
    private final Map<Call, Breaker> breakers = new EnumMap<>(Call.class);
    private final Map<Call, Semaphore> free = new EnumMap<>(Call.class);
    private final Map<Call, TimeValue> budgets = new java.util.concurrent.ConcurrentHashMap<>();
    private final int inFlight;

    public ServiceClient(Settings settings, ClusterSettings updates, ThreadPool threads, Counters counters) {
        this.http = new AtomicReference<>(new Http(settings));
        this.threads = threads;
        this.counters = counters;
        this.inFlight = HybridrankSettings.IN_FLIGHT.get(settings);
        BUDGETS.forEach((call, setting) -> {
            free.put(call, new Semaphore(inFlight));
            breakers.put(
                    call,
                    new Breaker(
                            HybridrankSettings.BREAKER_FAILURES.get(settings),
                            HybridrankSettings.BREAKER_PAUSE.get(settings).nanos(),
                            System::nanoTime));
            budgets.put(call, setting.get(settings));
            updates.addSettingsUpdateConsumer(setting, value -> budgets.put(call, value));
        });
    }

    /** Take the key and the certificates as the keystore has them now. */
    public void reload(Settings settings) {
        http.set(new Http(settings));
    }

    /** Each kind of call has its own: one that gets garbage is given up though another is answered well. */
    public Breaker breaker(Call call) {
        return breakers.get(call);
    }

    /** Calls of a kind that are under way. */
    public int underWay(Call call) {
        return inFlight - free.get(call).availablePermits();
    }

    /**
     * Make a call.
     *
     * @param headers beside the service's key
     * @param read turns the answer, a JSON object, into what is wanted; whatever it throws says that the answer is garbage
     */
    public <T> void post(
            Call call,
            BytesReference body,
            Map<String, String> headers,
            CheckedFunction<Map<String, Object>, T, Exception> read,
            ActionListener<T> listener) {
        ActionListener<T> kept = new ContextPreservingActionListener<>(threads.getThreadContext().newRestorableContext(false), listener);
        Semaphore places = free.get(call);
        Reason not = null;
        if (!places.tryAcquire()) {
            not = Reason.BUSY;
        } else if (!breakers.get(call).allows()) {
            places.release();
            not = Reason.BREAKER_OPEN;
        }
        if (not != null) {
            counters.failed(call, not);
            listener.onFailure(new ServiceFailure(not));
            return;
        }
        long started = System.nanoTime();
        CompletableFuture<HttpResponse<byte[]>> answer = sent(call, BytesReference.toBytes(body), headers);
        Scheduler.ScheduledCancellable limit =
                threads.schedule(() -> answer.completeExceptionally(new ServiceFailure(Reason.TIMEOUT)), budgets.get(call), ThreadPool.Names.GENERIC);
        answer.whenComplete((response, error) -> {
            limit.cancel();
            places.release();
            threads.generic().execute(() -> finish(call, started, response, error, read, kept));
        });
    }

    private CompletableFuture<HttpResponse<byte[]>> sent(Call call, byte[] body, Map<String, String> headers) {
        Http now = http.get();
        CompletableFuture<HttpResponse<byte[]>> first = now.post(call.path, body, headers);
        // A server may close a connection that was idle at the very moment when it is used again. What was sent has no effect twice.
        CompletableFuture<HttpResponse<byte[]>> answer = first.handle((response, error) -> {
                    if (cause(error) instanceof IOException io && !(io instanceof java.net.ConnectException)) {
                        return now.post(call.path, body, headers);
                    }
                    return first;
                })
                .thenCompose(either -> either);
        answer.whenComplete((response, error) -> {
            if (error instanceof ServiceFailure) {
                first.cancel(true);
            }
        });
        return answer;
    }

    private <T> void finish(
            Call call,
            long started,
            HttpResponse<byte[]> response,
            Throwable error,
            CheckedFunction<Map<String, Object>, T, Exception> read,
            ActionListener<T> listener) {
        Breaker breaker = breakers.get(call);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        T value;
        try {
            value = judged(response, error, read);
        } catch (ServiceFailure failure) {
            if (failure.reason() == Reason.REFUSED && failure.status() != 401 && failure.status() != 403) {
                breaker.succeeded();
            } else {
                breaker.failed();
            }
            counters.failed(call, failure.reason());
            listener.onFailure(failure);
            return;
        }
        breaker.succeeded();
        counters.answered(call, millis);
        listener.onResponse(value);
    }

    private static <T> T judged(HttpResponse<byte[]> response, Throwable error, CheckedFunction<Map<String, Object>, T, Exception> read)
            throws ServiceFailure {
        if (error != null) {
            throw cause(error) instanceof ServiceFailure failure ? failure : new ServiceFailure(Reason.UNREACHABLE);
        }
        int status = response.statusCode();
        if (status >= 500) {
            throw new ServiceFailure(Reason.FAILED, status, "", "");
        }
        if (status != 200) {
            throw refusal(status, response.body());
        }
        try {
            return read.apply(json(response.body()));
        } catch (Exception garbage) {
            throw new ServiceFailure(Reason.GARBAGE, status, "", "");
        }
    }

    private static ServiceFailure refusal(int status, byte[] body) {
        String kind = "";
        String field = "";
        try {
            Map<String, Object> problem = json(body);
            kind = String.valueOf(problem.get("type")).replaceFirst("^urn:hybridrank:problem:", "");
            if (problem.get("errors") instanceof List<?> errors && !errors.isEmpty() && errors.get(0) instanceof Map<?, ?> first) {
                field = String.valueOf(first.get("field"));
            }
        } catch (RuntimeException notOurs) {
            kind = "";
        }
        return new ServiceFailure(Reason.REFUSED, status, kind, field);
    }

    private static Map<String, Object> json(byte[] body) {
        return XContentHelper.convertToMap(new BytesArray(body), true, MediaTypeRegistry.JSON).v2();
    }

    private static Throwable cause(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}

package org.hybridrank.call;

import java.util.function.LongSupplier;

/**
 * A circuit breaker. After so many failures in a row nothing is sent for a pause; then one call is let through, and its
 * outcome closes the breaker or begins another pause. (M. Nygard, Release It!, 2018.)
 */
public final class Breaker {
    /** What it does with the next call. */
    public enum State {
        CLOSED,
        OPEN,
        HALF_OPEN
    }

    private final int threshold;
    private final long pauseNanos;
    private final LongSupplier clock;
    private int failures;
    private boolean open;
    private boolean probing;
    private long openedAt;
    private long opened;

    /**
     * @param threshold failures in a row that open it, at least 1
     * @param pauseNanos how long it stays open, in nanoseconds
     * @param clock nanoseconds of a clock that never goes back
     */
    public Breaker(int threshold, long pauseNanos, LongSupplier clock) {
        this.threshold = threshold;
        this.pauseNanos = pauseNanos;
        this.clock = clock;
    }

    /** Whether a call may be made. Who is told yes reports its outcome, exactly once. */
    public synchronized boolean allows() {
        if (!open) {
            return true;
        }
        if (probing || clock.getAsLong() - openedAt < pauseNanos) {
            return false;
        }
        probing = true;
        return true;
    }

    /** A call was answered. */
    public synchronized void succeeded() {
        failures = 0;
        open = false;
        probing = false;
    }

    /** A call was not answered, or with nothing that could be used. */
    public synchronized void failed() {
        failures++;
        if (probing || (!open && failures >= threshold)) {
            open = true;
            probing = false;
            openedAt = clock.getAsLong();
            opened++;
        }
    }

    public synchronized State state() {
        if (!open) {
            return State.CLOSED;
        }
        return probing || clock.getAsLong() - openedAt >= pauseNanos ? State.HALF_OPEN : State.OPEN;
    }

    /** How often it has opened. */
    public synchronized long opened() {
        return opened;
    }
}

package org.hybridrank.call;

import java.util.Locale;

/** Why a call to the service gave nothing that could be used. Says nothing of what was sent. */
public final class ServiceFailure extends Exception {
    /** The kinds of failure, as counters name them. */
    public enum Reason {
        BREAKER_OPEN,
        BUSY,
        TIMEOUT,
        UNREACHABLE,
        REFUSED,
        FAILED,
        GARBAGE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Reason reason;
    private final int status;
    private final String kind;
    private final String field;

    public ServiceFailure(Reason reason) {
        this(reason, 0, "", "");
    }

    /**
     * @param status of the answer, 0 where there was none
     * @param kind of the problem that was answered (RFC 9457), its last part
     * @param field which part of the request is at fault, as the service names it
     */
    public ServiceFailure(Reason reason, int status, String kind, String field) {
        super("the hybridrank service gave no answer: " + reason + (status == 0 ? "" : " (status " + status + ")"), null, false, false);
        this.reason = reason;
        this.status = status;
        this.kind = kind;
        this.field = field;
    }

    public Reason reason() {
        return reason;
    }

    public int status() {
        return status;
    }

    public String kind() {
        return kind;
    }

    public String field() {
        return field;
    }
}

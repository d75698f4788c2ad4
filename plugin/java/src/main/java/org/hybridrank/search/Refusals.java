package org.hybridrank.search;

import org.hybridrank.call.ServiceFailure;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.core.rest.RestStatus;

/** Tells what the caller did wrong, which is an error, from what the service cannot do, which degrades an answer. */
final class Refusals {
    private Refusals() {}

    /** The error to answer, or {@code null} where it is not the caller's. */
    static Exception callersFault(Exception failure) {
        if (!(failure instanceof ServiceFailure refused) || refused.reason() != ServiceFailure.Reason.REFUSED) {
            return null;
        }
        if ("invalid-person-token".equals(refused.kind())) {
            return new OpenSearchStatusException("ext.hybridrank.person_token: is refused", RestStatus.UNAUTHORIZED);
        }
        if (refused.status() == 422 && "query_id".equals(refused.field())) {
            return new IllegalArgumentException("ext.hybridrank.query_id: belongs to another question; leave it out to ask a new one");
        }
        return null;
    }

    /** One word for counters and for {@code degraded}. */
    static String reason(Exception failure) {
        return failure instanceof ServiceFailure known ? "service_" + known.reason() : "plugin_error";
    }
}

package org.hybridrank.call;

import java.util.Locale;

/** What is asked of the service. */
public enum Call {
    QUERY("/v1/plugin/query"),
    RANK("/v1/plugin/rank"),
    EMBED("/v1/plugin/documents");

    final String path;

    Call(String path) {
        this.path = path;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

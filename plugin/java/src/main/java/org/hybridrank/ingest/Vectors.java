package org.hybridrank.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads what the service adds to a batch of documents. */
final class Vectors {
    private Vectors() {}

    /** What is added to one document: dotted field to value; empty where it has no text. */
    record Completion(Map<String, Object> fields) {}

    /**
     * Read an answer.
     *
     * @throws IllegalArgumentException where it is not one object a document
     */
    static List<Completion> read(Map<String, Object> json, int documents) {
        if (!(json.get("documents") instanceof List<?> given) || given.size() != documents) {
            throw new IllegalArgumentException("documents: expected one for each that was sent");
        }
        List<Completion> found = new ArrayList<>();
        for (Object item : given) {
            found.add(new Completion(fields(item)));
        }
        return found;
    }

    @SuppressWarnings("unchecked") // JSON objects have names of one kind only
    private static Map<String, Object> fields(Object item) {
        if (!(item instanceof Map<?, ?> fields)) {
            throw new IllegalArgumentException("documents: expected objects");
        }
        return (Map<String, Object>) fields;
    }
}

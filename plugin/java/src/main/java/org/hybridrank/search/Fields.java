package org.hybridrank.search;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads the service's answers; what is of another kind than it should be is an {@link IllegalArgumentException}. */
final class Fields {
    private Fields() {}

    static String text(Map<String, Object> from, String name) {
        String found = optionalText(from, name);
        if (found == null) {
            throw new IllegalArgumentException(name + ": missing");
        }
        return found;
    }

    static String optionalText(Map<String, Object> from, String name) {
        return of(from.get(name), String.class, name);
    }

    static boolean flag(Map<String, Object> from, String name) {
        Boolean found = of(from.get(name), Boolean.class, name);
        if (found == null) {
            throw new IllegalArgumentException(name + ": missing");
        }
        return found;
    }

    static int whole(Map<String, Object> from, String name) {
        Integer found = of(from.get(name), Integer.class, name);
        if (found == null || found < 0) {
            throw new IllegalArgumentException(name + ": expected a whole number, 0 or more");
        }
        return found;
    }

    static float number(Map<String, Object> from, String name) {
        Number found = of(from.get(name), Number.class, name);
        if (found == null || !Float.isFinite(found.floatValue())) {
            throw new IllegalArgumentException(name + ": expected a finite number");
        }
        return found.floatValue();
    }

    static List<?> list(Map<String, Object> from, String name) {
        List<?> found = of(from.get(name), List.class, name);
        if (found == null) {
            throw new IllegalArgumentException(name + ": missing");
        }
        return found;
    }

    static Set<String> names(Map<String, Object> from, String name) {
        Set<String> found = new TreeSet<>();
        for (Object item : list(from, name)) {
            found.add(of(item, String.class, name));
        }
        return found;
    }

    @SuppressWarnings("unchecked") // JSON objects have names of one kind only
    static Map<String, Object> object(Object value, String name) {
        Map<?, ?> found = of(value, Map.class, name);
        if (found == null) {
            throw new IllegalArgumentException(name + ": missing");
        }
        return (Map<String, Object>) found;
    }

    private static <T> T of(Object value, Class<T> kind, String name) {
        if (value != null && !kind.isInstance(value)) {
            throw new IllegalArgumentException(name + ": of another kind");
        }
        return kind.cast(value);
    }
}

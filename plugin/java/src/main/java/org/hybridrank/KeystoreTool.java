package org.hybridrank;

import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.opensearch.common.settings.KeyStoreWrapper;

/**
 * Puts secure settings into the keystore of a node that has no {@code opensearch-keystore} tool. Arguments: the node's
 * configuration folder, and of each setting its name and the file that holds its value; a name that ends in {@code .ca} is
 * a file setting. The values themselves never stand on a command line.
 */
public final class KeystoreTool {
    private KeystoreTool() {}

    public static void main(String[] arguments) throws Exception {
        Path config = Path.of(arguments[0]);
        char[] noPassword = new char[0];
        KeyStoreWrapper there = KeyStoreWrapper.load(config);
        if (there != null) {
            there.decrypt(noPassword);
        }
        try (KeyStoreWrapper store = there == null ? KeyStoreWrapper.create() : there) {
            for (int place = 1; place + 1 < arguments.length; place += 2) {
                byte[] value = Files.readAllBytes(Path.of(arguments[place + 1]));
                if (arguments[place].endsWith(".ca")) {
                    set(store, "setFile", arguments[place], value);
                } else {
                    set(store, "setString", arguments[place], new String(value, StandardCharsets.UTF_8).strip().toCharArray());
                }
            }
            store.save(config, noPassword);
        }
    }

    /** OpenSearch keeps these two methods for its own tool, which is not published. */
    private static void set(KeyStoreWrapper store, String method, String name, Object value) throws ReflectiveOperationException {
        Method found = KeyStoreWrapper.class.getDeclaredMethod(method, String.class, value.getClass());
        found.setAccessible(true);
        found.invoke(store, name, value);
    }
}

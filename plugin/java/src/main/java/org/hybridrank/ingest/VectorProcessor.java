package org.hybridrank.ingest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hybridrank.call.Call;
import org.hybridrank.call.ServiceClient;
import org.hybridrank.call.ServiceFailure;
import org.hybridrank.stats.Counters;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.ingest.AbstractProcessor;
import org.opensearch.ingest.ConfigurationUtils;
import org.opensearch.ingest.IngestDocument;
import org.opensearch.ingest.IngestDocumentWrapper;
import org.opensearch.ingest.Processor;

/**
 * Gives documents their vectors as they are written, a batch a call. Where that cannot be done a document is stored all
 * the same, flagged in {@code hybridrank.pending}, and {@code hybridrank index --backfill} completes it.
 */
public final class VectorProcessor extends AbstractProcessor {
    public static final String TYPE = "hybridrank_vectors";
    private static final String BATCH_SIZE = "batch_size";
    private static final int DEFAULT_BATCH = 32;
    private static final String OWN = "hybridrank";
    private static final String PENDING = "hybridrank.pending";
    private static final Set<String> METADATA =
            Arrays.stream(IngestDocument.Metadata.values()).map(IngestDocument.Metadata::getFieldName).collect(Collectors.toUnmodifiableSet());

    private final ServiceClient service;
    private final Counters counters;
    private final int batchSize;

    VectorProcessor(String tag, String description, ServiceClient service, Counters counters, int batchSize) {
        super(tag, description);
        this.service = service;
        this.counters = counters;
        this.batchSize = batchSize;
    }

    public static Processor.Factory factory(Supplier<ServiceClient> service, Counters counters) {
        return (factories, tag, description, config) -> {
            int size = ConfigurationUtils.readIntProperty(TYPE, tag, config, BATCH_SIZE, DEFAULT_BATCH);
            if (size < 1 || size > 1000) {
                throw ConfigurationUtils.newConfigurationException(TYPE, tag, BATCH_SIZE, "expected a whole number in 1..1000");
            }
            return new VectorProcessor(tag, description, service.get(), counters, size);
        };
    }

    @Override
    public String getType() {
        return TYPE;
    }

    @Override
    public IngestDocument execute(IngestDocument document) {
        throw new UnsupportedOperationException("only asynchronously");
    }

    @Override
    public void execute(IngestDocument document, BiConsumer<IngestDocument, Exception> handler) {
        complete(List.of(document), () -> handler.accept(document, null));
    }

    @Override
    public void batchExecute(List<IngestDocumentWrapper> all, Consumer<List<IngestDocumentWrapper>> handler) {
        List<IngestDocument> documents = new ArrayList<>();
        for (IngestDocumentWrapper wrapper : all) {
            if (wrapper.getException() == null && wrapper.getIngestDocument() != null) {
                documents.add(wrapper.getIngestDocument());
            }
        }
        // One call after the other: a bulk request keeps one reader of the service busy, not all of them.
        batch(documents, 0, () -> handler.accept(all));
    }

    private void batch(List<IngestDocument> documents, int first, Runnable done) {
        if (first >= documents.size()) {
            done.run();
            return;
        }
        int last = Math.min(first + batchSize, documents.size());
        complete(documents.subList(first, last), () -> batch(documents, last, done));
    }

    private void complete(List<IngestDocument> documents, Runnable done) {
        Map<String, List<IngestDocument>> byIndex = new LinkedHashMap<>();
        for (IngestDocument document : documents) {
            byIndex.computeIfAbsent(document.getFieldValue("_index", String.class), ignored -> new ArrayList<>()).add(document);
        }
        next(new ArrayList<>(byIndex.entrySet()), 0, done);
    }

    private void next(List<Map.Entry<String, List<IngestDocument>>> groups, int number, Runnable done) {
        if (number >= groups.size()) {
            done.run();
            return;
        }
        String index = groups.get(number).getKey();
        List<IngestDocument> documents = groups.get(number).getValue();
        Runnable then = () -> next(groups, number + 1, done);
        BytesReference body;
        try {
            body = body(index, documents);
        } catch (IOException | RuntimeException e) {
            flag(documents, "plugin_error");
            then.run();
            return;
        }
        service.post(
                Call.EMBED,
                body,
                Map.of(),
                json -> Vectors.read(json, documents.size()),
                ActionListener.wrap(
                        found -> {
                            for (int n = 0; n < documents.size(); n++) {
                                set(documents.get(n), found.get(n));
                            }
                            counters.embedded(documents.size());
                            then.run();
                        },
                        failure -> {
                            flag(documents, failure instanceof ServiceFailure known ? "service_" + known.reason() : "plugin_error");
                            then.run();
                        }));
    }

    private static void set(IngestDocument document, Vectors.Completion completion) {
        own(document);
        completion.fields().forEach(document::setFieldValue);
        if (document.hasField(PENDING)) {
            document.removeField(PENDING);
        }
    }

    private void flag(List<IngestDocument> documents, String reason) {
        for (IngestDocument document : documents) {
            own(document);
            document.setFieldValue(PENDING, reason);
        }
        counters.flagged(documents.size());
    }

    /** A client may have sent {@code hybridrank} as something that holds no fields. */
    private static void own(IngestDocument document) {
        if (document.hasField(OWN) && !(document.getFieldValue(OWN, Object.class) instanceof Map)) {
            document.removeField(OWN);
        }
    }

    private static BytesReference body(String index, List<IngestDocument> documents) throws IOException {
        try (XContentBuilder builder = JsonXContent.contentBuilder()) {
            builder.startObject().field("index", index).startArray("products");
            for (IngestDocument document : documents) {
                builder.startObject();
                for (Map.Entry<String, Object> field : document.getSourceAndMetadata().entrySet()) {
                    if (!METADATA.contains(field.getKey())) {
                        builder.field(field.getKey(), field.getValue());
                    }
                }
                builder.endObject();
            }
            return BytesReference.bytes(builder.endArray().endObject());
        }
    }
}

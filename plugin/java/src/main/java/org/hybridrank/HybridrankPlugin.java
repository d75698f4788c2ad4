package org.hybridrank;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.hybridrank.call.ServiceClient;
import org.hybridrank.ingest.VectorProcessor;
import org.hybridrank.search.AnswerExt;
import org.hybridrank.search.Clauses;
import org.hybridrank.search.Ext;
import org.hybridrank.search.QueryProcessor;
import org.hybridrank.search.RankProcessor;
import org.hybridrank.stats.Counters;
import org.hybridrank.stats.StatsAction;
import org.hybridrank.stats.StatsHandler;
import org.hybridrank.stats.TransportStatsAction;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.client.Client;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.node.DiscoveryNodes;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.IndexScopedSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.settings.SettingsFilter;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.env.Environment;
import org.opensearch.env.NodeEnvironment;
import org.opensearch.index.IndexNotFoundException;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.IngestPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.ReloadablePlugin;
import org.opensearch.plugins.SearchPipelinePlugin;
import org.opensearch.plugins.SearchPlugin;
import org.opensearch.repositories.RepositoriesService;
import org.opensearch.rest.RestController;
import org.opensearch.rest.RestHandler;
import org.opensearch.script.ScriptService;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchRequestProcessor;
import org.opensearch.search.pipeline.SearchResponseProcessor;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.watcher.ResourceWatcherService;

/**
 * hybridrank inside OpenSearch. It holds no knowledge of ranking: what a query becomes and in which order a window comes
 * is asked from the hybridrank service.
 */
public final class HybridrankPlugin extends Plugin
        implements ActionPlugin, IngestPlugin, ReloadablePlugin, SearchPipelinePlugin, SearchPlugin {
    private static final Logger LOG = LogManager.getLogger(HybridrankPlugin.class);

    private final Counters counters = new Counters();
    private volatile ServiceClient service;
    private volatile Clauses clauses;
    private volatile ClusterService cluster;
    private volatile IndexNameExpressionResolver resolver;

    @Override
    public List<Setting<?>> getSettings() {
        return HybridrankSettings.all();
    }

    @Override
    public Collection<Object> createComponents(
            Client client,
            ClusterService clusterService,
            ThreadPool threadPool,
            ResourceWatcherService watcher,
            ScriptService scripts,
            NamedXContentRegistry xContent,
            Environment environment,
            NodeEnvironment nodeEnvironment,
            NamedWriteableRegistry writeables,
            IndexNameExpressionResolver expressions,
            Supplier<RepositoriesService> repositories) {
        Settings settings = environment.settings();
        if (HybridrankSettings.KEY.exists(settings) && !HybridrankSettings.isPrivate(HybridrankSettings.URL.get(settings))) {
            LOG.warn("hybridrank.service.url is neither https nor on this machine: the service's key travels in the clear");
        }
        cluster = clusterService;
        resolver = expressions;
        service = new ServiceClient(settings, clusterService.getClusterSettings(), threadPool, counters);
        clauses = new Clauses(service, counters, xContent, settings);
        return List.of(counters, service);
    }

    /** Called with the keystore open. */
    @Override
    public void reload(Settings settings) {
        service.reload(settings);
    }

    @Override
    public Map<String, Processor.Factory<SearchRequestProcessor>> getRequestProcessors(Parameters parameters) {
        return Map.of(QueryProcessor.TYPE, QueryProcessor.factory(() -> clauses, counters, this::onlyIndex));
    }

    @Override
    public Map<String, Processor.Factory<SearchResponseProcessor>> getResponseProcessors(Parameters parameters) {
        return Map.of(RankProcessor.TYPE, RankProcessor.factory(() -> service, counters));
    }

    @Override
    public Map<String, org.opensearch.ingest.Processor.Factory> getProcessors(org.opensearch.ingest.Processor.Parameters parameters) {
        return Map.of(VectorProcessor.TYPE, VectorProcessor.factory(() -> service, counters));
    }

    @Override
    public List<SearchExtSpec<?>> getSearchExts() {
        return List.of(
                new SearchExtSpec<>(Ext.NAME, Ext::new, Ext::parse),
                new SearchExtSpec<>(AnswerExt.NAME, AnswerExt::new, parser -> {
                    throw new IllegalArgumentException("ext." + AnswerExt.NAME + ": is for answers only; requests have ext." + Ext.NAME);
                }));
    }

    @Override
    public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        return List.of(new ActionHandler<>(StatsAction.INSTANCE, TransportStatsAction.class));
    }

    @Override
    public List<RestHandler> getRestHandlers(
            Settings settings,
            RestController controller,
            ClusterSettings clusterSettings,
            IndexScopedSettings indexSettings,
            SettingsFilter filter,
            IndexNameExpressionResolver expressions,
            Supplier<DiscoveryNodes> nodes) {
        return List.of(new StatsHandler());
    }

    /** The one index that a request searches, by its own name; {@code null} where it is none, several, or elsewhere. */
    private String onlyIndex(SearchRequest request) {
        try {
            String[] found = resolver.concreteIndexNames(cluster.state(), request);
            return found.length == 1 ? found[0] : null;
        } catch (IndexNotFoundException | IllegalArgumentException e) {
            // The search itself will say what is wrong, in its own words.
            return null;
        }
    }
}

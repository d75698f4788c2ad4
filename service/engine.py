"""From settings to a client of OpenSearch."""

from __future__ import annotations

from dataclasses import replace

from plugin.client import ClusterConfig, Engine
from plugin.engine import LocalCluster

from .settings import Settings


def cluster_of(settings: Settings) -> ClusterConfig:
    """Where the cluster is and how to log in: what ``OPENSEARCH_URL`` names; where that is not set, the home's own
    local cluster while it runs, with its login; else port 9200 of this machine.

    Raises:
        EngineError: an address, login or authority cannot be used.
    """
    secret = settings.opensearch_password
    user, password = settings.opensearch_user, secret.get_secret_value() if secret is not None else None
    ca, timeout_s = settings.opensearch_ca, settings.opensearch_timeout_s
    if settings.opensearch_url is not None:
        return ClusterConfig(settings.opensearch_url, user, password, ca, timeout_s)
    local = LocalCluster(settings.home).address()
    if local is None:
        return ClusterConfig(user=user, password=password, ca=ca, timeout_s=timeout_s)
    if user is None and password is None:
        user, password = local.user, local.password
    return replace(local, user=user, password=password, ca=ca or local.ca, timeout_s=timeout_s)


def engine_from(settings: Settings) -> Engine:
    """Make a client of the cluster that the settings name; nothing is sent yet."""
    return Engine(cluster_of(settings))

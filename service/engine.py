"""From settings to a client of OpenSearch."""

from __future__ import annotations

from plugin.client import ClusterConfig, Engine

from .settings import Settings


def engine_from(settings: Settings) -> Engine:
    """Make a client of the cluster that the settings name; nothing is sent yet."""
    password = settings.opensearch_password
    return Engine(
        ClusterConfig(
            url=settings.opensearch_url,
            user=settings.opensearch_user,
            password=password.get_secret_value() if password is not None else None,
            ca=settings.opensearch_ca,
            timeout_s=settings.opensearch_timeout_s,
        )
    )

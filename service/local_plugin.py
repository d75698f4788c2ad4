"""hybridrank's own OpenSearch plugin in the local node: put in and taken out. Either restarts the node; data stays."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import plugin as room
from plugin.engine import ClusterInfo, LocalCluster, Progress, addons
from plugin.names import PLUGIN

from . import keys
from .engine import cluster_of
from .settings import Settings

KEY_SETTING = "hybridrank.service.key"
CA_SETTING = "hybridrank.service.ca"
URL_SETTING = "hybridrank.service.url"
BUILT = "java/target/hybridrank-*.zip"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def built_zip() -> Path | None:
    """The plugin as ``make plugin`` leaves it in a checkout; ``None`` where it is not built."""
    found = sorted(Path(next(iter(room.__path__))).glob(BUILT))
    return found[-1] if found else None


def local_node(settings: Settings) -> ClusterInfo | None:
    """The home's own node, if it runs and is the cluster that the settings name."""
    info = LocalCluster(settings.home).status()
    if info is None:
        return None
    asked = cluster_of(settings).hosts()[0]
    ours = {urlsplit(url).port for url in info.urls}
    return info if asked["host"] in LOOPBACK and asked["port"] in ours else None


def put_in(
    settings: Settings, file: Path, service_url: str, progress: Progress, *, service_ca: Path | None = None
) -> bool:
    """Put the plugin into the local node; a key of role ``engine`` is made for it once.

    Args:
        settings: the home and its files of keys.
        file: the plugin's zip.
        service_url: where the plugin finds the service.
        progress: told what is being done.
        service_ca: certificates (PEM) that an ``https`` service is checked against; ``None``: those that Java trusts.

    Returns:
        Whether the node was restarted; it is not where it has this plugin already.

    Raises:
        LocalNodeError: it is no plugin, or the node does not come back.
        KeysError: the file of keys cannot be used.
    """
    stored = next((addon for addon in addons.read_addons(settings.home) if addon.name == PLUGIN), None)
    path = None if stored is None else stored.secrets.get(KEY_SETTING)
    if path is None:
        key = keys.add(settings.keys_path, tenant=keys.DEFAULT_TENANT, role="engine")
    else:
        key = path.read_text("utf-8")
    secrets = {KEY_SETTING: key}
    if service_ca is not None:
        secrets[CA_SETTING] = service_ca.read_text("utf-8")
    if not addons.add(settings.home, file, settings={URL_SETTING: service_url}, secrets=secrets):
        return False
    LocalCluster(settings.home).restart(java_home=settings.java_home, progress=progress)
    return True


def take_out(settings: Settings, progress: Progress) -> bool:
    """Take the plugin out of the local node; returns whether it was there, and so whether the node was restarted.

    Raises:
        LocalNodeError: the node does not come back.
    """
    if not addons.remove(settings.home, PLUGIN):
        return False
    LocalCluster(settings.home).restart(java_home=settings.java_home, progress=progress)
    return True

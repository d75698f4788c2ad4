"""The local OpenSearch node: put together from published artifacts, started, found again, stopped."""

from .cluster import LocalCluster
from .download import Progress
from .state import ClusterInfo

__all__ = ["ClusterInfo", "LocalCluster", "Progress"]

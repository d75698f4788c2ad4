"""The endpoints, one blueprint a resource."""

from __future__ import annotations

from .embed import blueprint as embed
from .events import blueprint as events
from .explain import blueprint as explain
from .graph import blueprint as graph
from .health import blueprint as health
from .inside import blueprint as inside
from .judgments import blueprint as judgments
from .merchandising import blueprint as merchandising
from .metrics import blueprint as metrics
from .page import blueprint as page
from .profile import blueprint as profile
from .recommend import blueprint as recommend
from .related import blueprint as related
from .rerank import blueprint as rerank
from .search import blueprint as search
from .shoppers import blueprint as shoppers
from .suggest import blueprint as suggest
from .tuning import blueprint as tuning

DEMO_BLUEPRINTS = (shoppers,)
"""What only demo mode has."""

BLUEPRINTS = (
    search,
    suggest,
    profile,
    recommend,
    related,
    graph,
    rerank,
    embed,
    explain,
    inside,
    events,
    judgments,
    merchandising,
    tuning,
    health,
    metrics,
    page,
)

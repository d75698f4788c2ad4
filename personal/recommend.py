"""What is worth recommending beside an item, and why: the union of several origins. Pure but for its readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plugin.document import category_path, passage
from ranker.blend import NEUTRAL, PRIOR, Blend, contributions
from ranker.kinds import shared
from ranker.sequence import NO_EXPECTATION, Expected

from .counters import DAY_MS
from .taste import STRENGTH, Taste
from .together import NOTHING, Together

QUERY_CHARS = 160
"""Of the viewed item's passage, so much stands in the query's place: title, brand, colour, kind."""
RECENT = 20
"""So many of the latest items of a visit are looked at."""
ALSO = 80
"""Most candidates that come from elsewhere than words and vectors."""
LATELY_MS = 2 * 3600 * 1000
"""What was touched so lately belongs to what somebody is doing now."""
BOUGHT_DAYS = 30
"""What was bought so lately is not recommended."""
_TITLE_CHARS = 60
_OFTEN = 0.6
"""A value of ``together`` that is one and a half times chance."""
_ALIKE = 0.85
"""A cosine of pictures above it is worth saying so."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What a visit or a person did lately.

    Attributes:
        items: ids of products that were cared for, oldest first, each once.
        bought: those that were bought.
        lately: those of the items that were touched within :data:`LATELY_MS`.
    """

    items: tuple[str, ...] = ()
    bought: frozenset[str] = frozenset()
    lately: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origins:
    """Where candidates come from, beside the words and vectors of the viewed item; values in 0..1 by item.

    Attributes:
        together: what goes with the viewed item.
        visit: what goes with the other items of the visit.
        sequence: what a sequence model expects next, its best.
        expected: all that it expects.
        trending: what many people care for now.
        social: what friends share.
    """

    together: Together = NOTHING
    visit: Together = NOTHING
    sequence: Mapping[str, float] = field(default_factory=dict)
    trending: Mapping[str, float] = field(default_factory=dict)
    social: Mapping[str, float] = field(default_factory=dict)
    expected: Expected = NO_EXPECTATION

    def ids(self, most: int = ALSO) -> tuple[str, ...]:
        """The candidates, taken in turn from each origin, its best first, so that none crowds out the others."""
        lists = [
            _best(values)
            for values in (
                self.together.bought,
                self.together.seen,
                self.sequence,
                self.social,
                self.visit.signals(),
                self.trending,
            )
        ]
        found: dict[str, None] = {}
        for place in range(max(map(len, lists), default=0)):
            for names in lists:
                if place < len(names):
                    found.setdefault(names[place])
        return tuple(found)[:most]

    def signals(self, item: str) -> dict[str, float]:
        """The live signals of one item; what is not known is left out."""
        signals: dict[str, float] = {}
        around = [
            value for values in (self.together.seen, self.together.bought) if (value := values.get(item)) is not None
        ]
        # What the other items of the visit say counts half of what the viewed one says.
        around += [NEUTRAL + (value - NEUTRAL) / 2 for value in [self.visit.signals().get(item)] if value is not None]
        if around:
            signals["together"] = max(around)
        for name, values in (("sequence", self.sequence), ("social", self.social)):
            if item in values:
                signals[name] = values[item]
        if item in self.trending:
            signals["trending"] = NEUTRAL + self.trending[item] / 2
        return signals


def recent_of(taste: Taste, now_ms: int) -> Recent:
    """What a profile or a visit remembers, as far as recommendations ask."""
    latest: dict[str, int] = {}
    bought = set()
    for (item, action), deed in taste.deeds.items():
        if STRENGTH.get(action, 0.0) > 0.0:
            latest[item] = max(latest.get(item, 0), deed.time_ms)
        if action == "purchase" and deed.time_ms > now_ms - BOUGHT_DAYS * DAY_MS:
            bought.add(item)
    items = sorted(latest, key=lambda item: (latest[item], item))
    lately = frozenset(item for item in items if latest[item] > now_ms - LATELY_MS)
    return Recent(tuple(items)[-RECENT:], frozenset(bought), lately)


def query_of(source: Mapping[str, Any]) -> str:
    """The text of a viewed item that stands in the query's place."""
    text = passage(source)
    if len(text) <= QUERY_CHARS:
        return text
    return text[:QUERY_CHARS].rsplit(" ", 1)[0]


def title_of(source: Mapping[str, Any]) -> str:
    """An item's title, short enough to stand in a sentence."""
    title = " ".join(str(source.get("title") or source.get("id") or "").split())
    return title if len(title) <= _TITLE_CHARS else title[: _TITLE_CHARS - 1].rstrip() + "…"


def shared_category(viewed: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """The signal ``category``: how much of the viewed item's path of categories another item shares, from the widest
    on, 0..1; ``None`` where either has none."""
    first, second = (tuple(name.casefold() for name in category_path(source)) for source in (viewed, other))
    return shared(first, second)


Language = Literal["en", "zh"]
REASONS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "bought": "Often bought with {viewed}",
        "seen": "People who looked at {viewed} look at this",
        "together": "Goes with what you looked at before",
        "sequence": "What people look at next, going by your visit",
        "social": "Your friends like it",
        "trending": "Many people look at it this week",
        "session": "Fits what you look at in this visit",
        "profile": "Fits your taste",
        "catalogue": "From the catalogue",
        "looks": "Looks like {viewed}",
        "similar": "Similar to {viewed}",
        "new looks": "New: looks like {viewed}",
        "new similar": "New: similar to {viewed}",
    },
    "zh": {
        "bought": "常与“{viewed}”一起购买",
        "seen": "看过“{viewed}”的人也看这个",
        "together": "与您之前看过的商品搭配",
        "sequence": "从您的浏览看，人们接下来会看它",
        "social": "您的好友喜欢它",
        "trending": "本周很多人在看",
        "session": "符合您本次浏览的商品",
        "profile": "符合您的偏好",
        "catalogue": "来自商品目录",
        "looks": "外观像“{viewed}”",
        "similar": "与“{viewed}”相似",
        "new looks": "新品：外观像“{viewed}”",
        "new similar": "新品：与“{viewed}”相似",
    },
}
"""Why an item is recommended, by what moved it."""


def reason_of(
    item: str,
    signals: Mapping[str, float],
    origins: Origins,
    viewed: str | None,
    blend: Blend = PRIOR,
    *,
    language: Language = "en",
) -> str:
    """Why an item is recommended, in words: what moved it most.

    Args:
        item: its id.
        signals: all that are known of it.
        origins: where candidates came from.
        viewed: title of the viewed item; ``None`` where none is.
        blend: how signals were weighed.
        language: of the words.
    """
    return REASONS[language][_why(item, signals, origins, viewed, blend)].format(viewed=viewed)


def _why(item: str, signals: Mapping[str, float], origins: Origins, viewed: str | None, blend: Blend) -> str:
    moved = contributions(signals, blend)
    moved.pop("category", None)  # what is similar is of its kind anyway
    name, most = max(moved.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0.0))
    if most > 0.2:
        if name == "together" and viewed is not None and item in origins.together.signals():
            bought, seen = origins.together.bought.get(item, 0.0), origins.together.seen.get(item, 0.0)
            # Who buys has looked too, so buying is said where it is well above chance, whatever looking comes to.
            return "bought" if bought >= min(seen, _OFTEN) else "seen"
        return name
    if viewed is None:
        return "catalogue"
    fresh = "new " if "behaviour" not in signals else ""
    looks = signals.get("image_vector", 0.0) > _ALIKE and signals["image_vector"] > signals.get("text_vector", 0.0)
    return f"{fresh}{'looks' if looks else 'similar'}"


def _best(values: Mapping[str, float]) -> list[str]:
    """The items above chance, best first."""
    return [item for item, _ in sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))]


def merged(recent: Sequence[Recent]) -> Recent:
    """The visit's and the person's latest items as one: of an item that stands in both the later place counts."""
    items: dict[str, None] = {}
    for one in recent:
        for item in one.items:
            items.pop(item, None)
            items[item] = None
    bought = frozenset().union(*(one.bought for one in recent))
    lately = frozenset().union(*(one.lately for one in recent))
    return Recent(tuple(items)[-RECENT:], bought, lately)

"""Which choices a blend is learnt from."""

from __future__ import annotations

from personal.counters import DAY_MS
from personal.taste import Action, Facts
from personal.visits import Step
from service.blending import PER_PERSON, spread

NOON = 20_000 * DAY_MS


def walk(person: str, steps: int) -> list[Step]:
    """Somebody looks at one item after the other; each but the last is followed by a choice."""
    return [
        Step(Action("click", f"{person}{number}", Facts({}), "", NOON + number, f"{person}{number}"), "1")
        for number in range(steps)
    ]


def test_everybody_is_heard_once_before_anybody_twice() -> None:
    done = {name: walk(name, 4) for name in "abcd"} | {"mute": walk("mute", 1)}
    people = ["mute", *"abcd"]
    assert [one.person for one in spread(done, people, 0.8, 3)] == ["a", "b", "c"]
    found = spread(done, people, 0.8, 6)
    assert [one.person for one in found] == [*"abcd", "a", "b"]
    assert len({(one.person, one.viewed) for one in found}) == 6


def test_nobody_is_heard_more_often_than_the_limit() -> None:
    done = {"a": walk("a", 40), "b": walk("b", 3)}
    found = spread(done, ["a", "b"], 0.8, 1000)
    assert [sum(one.person == name for one in found) for name in "ab"] == [PER_PERSON, 2]
    assert spread({}, [], 0.8, 10) == []

"""Who is part of an experiment, and the sign test of its report."""

from __future__ import annotations

from math import comb

import pytest

from personal.pseudonyms import Pseudonyms
from personal.visitor import NOBODY, Visitor
from ranker.interleave import Page, judged
from service.experiments import Experiment

KEY = Pseudonyms(bytes(range(32)))


def test_the_share_of_visits_is_part_of_it_and_stays_so() -> None:
    visits = [Visitor("t", None, None, f"s{number}") for number in range(2000)]
    first = Experiment(name="first", a="ranked", b="personal", share=0.3)
    taken = [first.takes(visit, KEY, "shop") for visit in visits]
    assert sum(taken) / len(taken) == pytest.approx(0.3, abs=0.04)
    assert taken == [first.takes(visit, KEY, "shop") for visit in visits]
    # More of the same are more people, not others.
    wider = first.model_copy(update={"share": 0.6})
    assert all(wider.takes(visit, KEY, "shop") for visit, was in zip(visits, taken, strict=True) if was)
    # Another experiment draws anew: of those taken about the share is taken again.
    second = first.model_copy(update={"name": "second"})
    again = [second.takes(visit, KEY, "shop") for visit, was in zip(visits, taken, strict=True) if was]
    assert sum(again) / len(again) == pytest.approx(0.3, abs=0.08)
    everybody = first.model_copy(update={"share": 1.0})
    assert all(everybody.takes(visit, KEY, "shop") for visit in visits)
    assert not everybody.takes(NOBODY, KEY, "shop")


def test_the_sign_test_is_the_binomial_one_over_people() -> None:
    page = Page(("x", "y"), ("a", "b"))
    pages = [(f"b{number}", page, ["y"]) for number in range(8)]
    pages += [(f"a{number}", page, ["x"]) for number in range(2)]
    pages += [("undecided", page, ["x"]), ("undecided", page, ["y"])]
    pages += [("b0", page, ["y"])] * 5  # one person counts once
    found = judged(pages)
    assert found.people == 11
    assert found.p == pytest.approx(2 * sum(comb(10, k) for k in range(8, 11)) / 2**10)

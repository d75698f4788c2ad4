"""What a document tells about its product: known or missing, never made up."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from plugin.standing import RECENCY_HALF_LIFE_DAYS, Standing

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def standing(source, now):
    return Standing.of(source).at(now)


def test_a_bare_product_has_no_standing():
    assert standing({"id": "a", "title": "Kettle"}, NOW) == {}


@pytest.mark.parametrize("price", [0, -1, None, True, math.nan, "12"])
def test_a_price_that_is_none_is_missing(price):
    assert "price" not in standing({"price": price}, NOW)


def test_no_rating_is_known_to_be_unpopular_and_no_count_is_unknown():
    assert standing({"rating_count": 0}, NOW)["popularity"] == 0.0
    assert "popularity" not in standing({"rating": 5.0}, NOW)


def test_popularity_grows_with_ratings_and_three_ratings_prove_little():
    few, many = ({"rating": 5.0, "rating_count": count} for count in (3, 3000))
    poor = {"rating": 2.0, "rating_count": 3000}
    assert standing(few, NOW)["popularity"] < standing(poor, NOW)["popularity"] < standing(many, NOW)["popularity"]
    expected = math.log(4) * (5.0 * 3 + 4.0 * 5) / 8 / 5
    assert standing(few, NOW)["popularity"] == pytest.approx(expected)


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
def test_recency_halves_with_its_half_life(form):
    then = NOW - timedelta(days=RECENCY_HALF_LIFE_DAYS)
    assert standing({"attributes": {"released": then.strftime(form)}}, NOW)["recency"] == pytest.approx(0.5)


def test_what_is_still_to_come_is_new_and_what_is_no_date_is_missing():
    assert standing({"attributes": {"release_date": "2030-01-01"}}, NOW)["recency"] == 1.0
    assert "recency" not in standing({"attributes": {"released": "last spring"}}, NOW)
    assert "recency" not in standing({"attributes": {"released": 2020}}, NOW)

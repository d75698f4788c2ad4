"""Words of a text: spaced languages by words, others by pairs of characters."""

from __future__ import annotations

import pytest

from ranker.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Women's Crème Shoes", ["women", "creme", "shoe"]),
        ("berries glass", ["berry", "glass"]),
        ("红色 运动鞋", ["红色", "运动", "动鞋"]),
        ("Kordax运动鞋 40", ["kordax", "运动", "动鞋", "40"]),
        ("茶", ["茶"]),
        ("スニーカー", ["スニ", "ニー", "ーカ", "カー"]),
        ("", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected

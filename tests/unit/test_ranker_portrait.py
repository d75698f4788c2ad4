"""Pictures of a model, of windows whose answers are known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from ranker.candidate import Candidate
from ranker.errors import JudgmentError
from ranker.explain.drawing import Duelled, draw, link
from ranker.explain.portrait import calibration, portrait
from ranker.model import Ranker
from ranker.windows import Window


def windows(count: int) -> list[Window]:
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        items, grades = [], []
        for place in range(12):
            signals = {"bm25": float(rng.gamma(2, 5)), "text_vector": float(rng.uniform(0, 1))}
            if place % 2:
                signals["behaviour"] = float(rng.uniform())
            items.append(Candidate(f"{number}-{place}", f"Walking Boot {place} | Acme. Warm", signals))
            grades.append(float(place % 4) if place < 8 else None)
        made.append(Window(str(number), "walking boot", "made", tuple(items), tuple(grades)))
    return made


def test_a_portrait_is_drawn_and_linked_from_its_card(tmp_path):
    found = portrait(Ranker(threads=1), windows(6), depth=3)
    assert found.queries == 6
    sizes = {one.name: one for one in found.importance}
    assert sizes["behaviour"].known == pytest.approx(0.5, abs=0.2)
    assert sizes["bm25"].known == 1.0
    assert [one.size.mean for one in found.importance] == sorted(
        (one.size.mean for one in found.importance), reverse=True
    )
    curves = {one.name: one for one in found.curves}
    # The head that ships weighs behaviour by 3 logits from nothing to everything, whatever else an item has.
    behaviour = curves["behaviour"]
    slopes = np.diff(behaviour.lines, axis=1) / np.diff(behaviour.grid)
    assert slopes == pytest.approx(3.0, abs=0.05)
    assert len(curves["bm25"].lines) == 6
    assert found.calibration.counts.sum() == 6 * 8
    queries = [Duelled("walking <boot>", 0.25, 0.75), Duelled("lamp", 0.5, 0.25), Duelled("same", 0.5, 0.5)]
    files = draw(found, queries, {"bm25": "Words"}, tmp_path / "pictures")
    for file in files[:-1]:
        with Image.open(file) as picture:
            assert picture.width > 500
        assert file.stat().st_size < 150_000
    page = files[-1].read_text("utf-8")
    assert "walking &lt;boot&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    card = tmp_path / "README.md"
    card.write_text("# Model\n\n## Limits\nSome.\n", "utf-8")
    link(card, tmp_path / "pictures")
    link(card, tmp_path / "pictures")
    text = card.read_text("utf-8")
    assert text.count("## Pictures") == 1
    assert text.startswith("# Model\n\n## Limits\nSome.\n")
    for name in re.findall(r"\]\(([^)]+)\)", text):
        assert (tmp_path / name).is_file()


def test_scores_that_are_chances_are_found_to_be_calibrated():
    rng = np.random.default_rng(2)
    scores = rng.uniform(size=20_000)
    fair = calibration([(score, bool(rng.uniform() < score)) for score in scores])
    assert fair.error < 0.02
    assert all(
        share.low <= score <= share.high for score, share in zip(fair.scores[2:8], fair.shares[2:8], strict=True)
    )
    off = calibration([(score, bool(rng.uniform() < score / 2)) for score in scores])
    assert off.error == pytest.approx(0.25, abs=0.02)


def test_nothing_to_look_at_is_an_error():
    with pytest.raises(JudgmentError, match="no judged query"):
        portrait(Ranker(threads=1), [], depth=3)
    with pytest.raises(JudgmentError, match="judged"):
        calibration([])

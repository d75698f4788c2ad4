"""What an explanation says, in both languages."""

import string

from ranker.blend import WEIGHTS
from ranker.candidate import SIGNALS
from ranker.explain.signals import CONTRADICTED, CUT, LIKENESS, READING, REFUSED, TITLE, UNREAD
from service import sentences

PARTS = {*SIGNALS, *WEIGHTS, READING, TITLE, REFUSED, CONTRADICTED, LIKENESS, UNREAD, CUT}


def test_every_part_has_a_label_and_both_languages_say_the_same():
    for language in ("en", "zh"):
        assert set(sentences.LABELS[language]) >= PARTS
        assert all(sentences.LABELS[language].values())
    for table in (sentences._MOVED, sentences._BESIDE, sentences._FACTS, sentences._CHANGES):
        assert table["en"].keys() == table["zh"].keys()
    for name, text in sentences._FACTS["en"].items():
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        other = {field for _, field, _, _ in string.Formatter().parse(sentences._FACTS["zh"][name]) if field}
        assert fields == other, name


def test_what_moved_most_is_said_first_and_small_things_are_not():
    said = sentences.moved({"bm25": 0.5, "reading": -2.0, "price": 0.001}, "en")
    assert said == ["Its description does not quite answer your search.", "Its words match what you typed."]
    assert sentences.moved({"social": 1.0}, "zh") == ["您的好友喜欢它。"]
    assert sentences.moved({"bm25": 1.0}, "en", beside=True) == ["Its words are those of what you look at."]
    assert sentences.moved({}, "en") == []


def test_changes_and_what_is_lacking_are_sentences():
    assert sentences.change("clicks", "en", amount=12) == "12 more clicks"
    assert sentences.change("clicks", "en", amount=1) == "1 more click"
    assert sentences.change("price", "en", amount=3) == "3.00 less in price"
    assert "waterproof" in sentences.change("without", "zh", word="waterproof")
    both = sentences.lacking("budget, diversity", "en")
    assert both[0].startswith("We were short of time")
    assert "diversity" in both[1]
    assert sentences.lacking(None, "en") == []

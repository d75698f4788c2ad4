"""Descriptions as a shop's copywriter would write them: an opening, what it is made of, what it does, a closing."""

from __future__ import annotations

from .dice import Dice
from .facts import Facts
from .phrases import fill, fill_numbers
from .vocabulary import vocabulary


def words_of(facts: Facts, dice: Dice) -> dict[str, str]:
    """The words that the sentences may ask for."""
    department, kind = vocabulary().kinds[facts.type]
    return {
        "brand": facts.brand,
        "line": facts.line,
        "one": kind.one,
        "style": facts.style,
        "colour": facts.colour,
        "material": facts.material,
        "size": facts.size.removeprefix("Size "),
        "use": fill_numbers(dice.one(kind.uses), dice),
        "department": department.department,
    }


def description(facts: Facts, dice: Dice) -> str:
    """The English description of a product that is no book."""
    words = vocabulary()
    department, kind = words.kinds[facts.type]
    known = words_of(facts, dice)
    body = [dice.one(words.materials[facts.material].say)]
    if facts.pattern != "plain":
        body.append(dice.one(words.terms.pattern_sentences[facts.pattern]))
    body += [dice.one(department.features[key].say) for key in facts.features]
    untrue = kind.facts_unless.get(facts.material, [])
    body += dice.some([fact for fact in kind.facts if fact not in untrue], dice.one((1, 2, 2)))
    sentences = [dice.one(department.openers), *dice.some(body, len(body))]
    if dice.chance(0.75):
        sentences.append(dice.one(department.closers))
    return " ".join(fill(sentence, known, dice) for sentence in sentences)

"""Titles as shops write them: several orders of the same parts, none said twice."""

from __future__ import annotations

from .dice import Dice
from .facts import Facts
from .vocabulary import vocabulary

PATTERNS = (
    "{brand} {line} {audience} {before} {pattern} {material} {name} – {colour}",
    "{brand} {line} {audience} {before} {name} {after}, {colour}, {size}",
    "{line} {audience} {pattern} {material} {name} by {brand}, {colour}",
    "{colour} {pattern} {material} {name} {after} – {brand} {line}",
    "{brand} {audience} {colour} {pattern} {material} {name} “{line}”, {size}",
    "{brand} {line} {material} {name} | {audience} | {before} | {colour} | {size}",
    "{audience} {before} {pattern} {name} in {colour} {material}, {brand} {line}",
    "{brand} {line} {name} {after}, {pattern}, {colour}",
)


def title(facts: Facts, dice: Dice) -> str:
    """The English title of a product that is no book."""
    words = vocabulary()
    department = words.departments[facts.department]
    features = [department.features[key].title for key in facts.features]
    before = [f for f in features if not f.startswith(("with ", "for ", "on ", "Set "))]
    after = [f for f in features if f not in before]
    audience = words.terms.audiences[facts.audience].title if department.audience_in_title else ""
    pattern = "" if facts.pattern == "plain" else facts.pattern.title()
    parts = {
        "brand": facts.brand,
        "line": facts.line,
        "audience": audience,
        "before": before[0] if before else "",
        "after": after[0] if after else "",
        "pattern": pattern,
        "material": words.materials[facts.material].title,
        "name": facts.name,
        "colour": facts.colour.title(),
        "size": facts.size,
    }
    said = facts.name.lower().replace("-", " ")
    for part in ("before", "after", "pattern", "material"):
        first = parts[part].lower().replace("-", " ")
        if first and (first in said or said in first):
            parts[part] = ""
    if parts["material"].lower() == parts["colour"].lower() or parts["material"] in parts["colour"]:
        parts["material"] = ""
    text = " ".join(dice.one(PATTERNS).format(**parts).split())
    return tidy(text)


def tidy(text: str) -> str:
    """Take out the separators that an empty part left behind."""
    for _ in range(4):
        for wrong, right in ((" ,", ","), (",,", ","), ("| |", "|"), (", ,", ",")):
            text = text.replace(wrong, right)
    return " ".join(text.strip(" ,|–").split())

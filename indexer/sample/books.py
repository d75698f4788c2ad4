"""Books have titles, authors and a blurb instead of features and sizes."""

from __future__ import annotations

from .dice import Dice
from .facts import Facts
from .phrases import fill
from .vocabulary import vocabulary


def title(facts: Facts, dice: Dice) -> str:
    """ "The Silent Harbour" by Hanna Verhoeven, with what kind of book it is."""
    words = vocabulary()
    department, kind = words.kinds[facts.type]
    known = {key: dice.one(values) for key, values in department.words.items()}
    name = fill(dice.one(kind.titles), known, dice)
    author = f"{known['first']} {known['last']}"
    binding = words.materials[facts.material].title
    extra = department.features[facts.features[0]].title if facts.features and dice.chance(0.6) else ""
    shape = dice.one(
        (
            "{name} by {author} – {kind}, {extra}, {binding}",
            "{name}: {article} {kind} ({binding}) – {author}",
            "{author}: {name} ({extra} {kind}, {binding})",
            "{name} | {author} | {extra} {kind}, {binding}",
        )
    )
    article = "An" if facts.name[0] in "AEIOU" else "A"
    if facts.name in {"Poems", "Literary Fiction"}:
        article = ""
    text = shape.format(name=name, author=author, kind=facts.name, binding=binding, extra=extra, article=article)
    return " ".join(text.replace(", ,", ",").replace("( ", "(").split())


def description(facts: Facts, dice: Dice) -> str:
    """A blurb: what it is about, then how it is made."""
    words = vocabulary()
    department, kind = words.kinds[facts.type]
    known = {key: dice.one(values) for key, values in department.words.items()}
    known |= {"person_l": known["person"].lower(), "colour": facts.colour, "one": kind.one, "use": kind.uses[0]}
    body = [dice.one(department.features[key].say) for key in facts.features]
    body.append(dice.one(words.materials[facts.material].say))
    sentences = [*dice.some(kind.say, 2), *dice.some(body, len(body)), f"A {facts.colour} cover, {facts.size.lower()}."]
    if dice.chance(0.4):
        sentences.append(dice.one([c for c in department.closers if "pages" not in c]))
    return " ".join(fill(sentence, known, dice) for sentence in sentences)

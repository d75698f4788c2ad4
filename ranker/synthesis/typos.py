"""Slips of the fingers."""

from __future__ import annotations

from numpy.random import Generator

NEIGHBOURS = {
    **{"q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl"},
    **{"p": "ol", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli"},
    **{"l": "kop", "z": "asx", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nk"},
}
"""Keys beside each key of a QWERTY keyboard."""
SHORTEST = 5


def misspelt(text: str, random: Generator) -> str:
    """One letter left out, doubled, swapped with the next, or hit beside, in one of the longer words.

    The first letter stays, as it mostly does; a text without a longer word stays as it is.
    """
    parts = text.split()
    long = [at for at, word in enumerate(parts) if len(word) >= SHORTEST and word.isascii() and word.isalpha()]
    if not long:
        return text
    at = int(random.choice(long))
    word = parts[at]
    place = int(random.integers(1, len(word) - 1))
    slip = int(random.integers(4))
    letter = word[place]
    if slip == 0:
        word = word[:place] + word[place + 1 :]
    elif slip == 1:
        word = word[:place] + letter + word[place:]
    elif slip == 2:
        word = word[:place] + word[place + 1] + letter + word[place + 2 :]
    else:
        beside = NEIGHBOURS.get(letter, "e")
        word = word[:place] + beside[int(random.integers(len(beside)))] + word[place + 1 :]
    parts[at] = word
    return " ".join(parts)

"""Postal addresses of the United States, Great Britain and Canada in free text, told by pyap's patterns.

pyap knows how a whole address is written: a house number and a street, then a town with a state or a postcode. Its
patterns are large, so they are tried only around what such an address ends in (a ZIP code, a state, a postcode), and
at most :data:`MOST` times a text: the time for a text is bounded whatever stands in it.

Not told from other words: a street without a town, a post-office box, a house with a name for its number, a British
postcode without its space, and addresses of all other countries.
"""

from __future__ import annotations

import re
import runpy
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

BEFORE, AFTER = 160, 16
"""Characters of a text, before and after what an address ends in, in which it is looked for."""
MOST = 8
"""Ends of addresses of a country in one text that are looked at."""

STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|"
    "Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|"
    "Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|"
    "West Virginia|Wisconsin|Wyoming|"
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
AREAS = (
    "A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?|"
    "M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE"
)
"""Of British postcodes (Royal Mail)."""

ENDS = {
    "US": re.compile(rf"(?<![\w.-])\d{{5}}(?:-\d{{4}})?(?![\w-])|(?<![\w'])(?:{STATES})(?![\w'])"),
    "GB": re.compile(rf"(?<!\w)(?:{AREAS})\d[A-Z\d]? \d[A-Z]{{2}}(?!\w)", re.IGNORECASE),
    "CA": re.compile(r"(?<!\w)[A-Z]\d[A-Z][ -]?\d[A-Z]\d(?!\w)", re.IGNORECASE),
}
"""What an address ends in."""

_READING = threading.Lock()
_PLAIN = str.maketrans({"\n": ",", "\r": " ", "\t": " ", "‐": "-", "‑": "-", "–": "-", "—": "-"})
_REGION_BEFORE_CODE = re.compile(r"\b[A-Z][a-z](?= (?:\d{5}|[A-Z]\d[A-Z])\b)")
_NUMBER = re.compile(r"(?<![\w.])\d")


def addresses(text: str) -> list[tuple[int, int]]:
    """Where addresses stand in a text: (start, end) each, in order, none within another."""
    found: list[tuple[int, int]] = []
    if _NUMBER.search(text) is None:
        return found
    for start, end in sorted({span for country in ENDS for span in _of(country, text)}):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _of(country: str, text: str) -> Iterator[tuple[int, int]]:
    for number, end in enumerate(ENDS[country].finditer(text)):
        if number == MOST:
            return
        first = max(0, end.start() - BEFORE)
        for match in _pattern(country).finditer(_written(text[first : end.end() + AFTER])):
            # A house has a number; a name of a thing before what looks like a postcode has none.
            number_of_house = _NUMBER.search(text, first + match.start(), first + match.end())
            if number_of_house is not None and number_of_house.start() < end.start():
                yield first + match.start(), first + match.end()


def _written(window: str) -> str:
    """The same text, character by character, as pyap reads it: no line breaks, and names as names are written."""
    plain = window.translate(_PLAIN)
    if plain != plain.lower():
        return plain
    titled = _REGION_BEFORE_CODE.sub(lambda match: match.group().upper(), plain.title())
    return titled if len(titled) == len(plain) else plain


@cache
def _pattern(country: str) -> re.Pattern[str]:
    """pyap's pattern of a whole address; made at the first text that may hold one.

    Only pyap's data is read: importing it would put a finder of modules from Python 2 (six 1.9) into ``sys.meta_path``,
    of which each later import of the process warns.
    """
    found = find_spec("pyap")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("pyap is not installed; install hybridrank anew", name="pyap")
    file = Path(found.submodule_search_locations[0]) / f"source_{country}" / "data.py"
    with _READING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its patterns are no raw strings: Python warns of their backslashes
        rules = runpy.run_path(str(file))
    return re.compile(rules["full_address"], re.VERBOSE)

"""How well postal addresses are told from other words: ``python -m benchmarks.postal TEXTS...``.

Each file is CSV, TSV or JSON Lines (also ``.gz``) with a column or field ``query_string``, ``query``, ``text`` or
``title``; what is cut from its texts is a false find, for nobody's address is in them. Addresses are drawn from lists
of streets and towns, in the forms in which people write them. Prints JSON: false finds by file, shares found by form
and country, microseconds a text.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from personal.postal import addresses

FIELDS = ("query_string", "query", "text", "title")
STREETS = ["Main", "Oak", "Maple", "Washington", "Park", "Lake", "Hill", "Church", "High", "King", "Queen", "Station"]
KINDS = {
    "US": ["St", "Street", "Ave", "Avenue", "Blvd", "Road", "Rd", "Drive", "Dr", "Lane", "Court", "Way"],
    "GB": ["Street", "Road", "Lane", "Avenue", "Close", "Drive", "Way", "Court", "Gardens", "Terrace"],
    "CA": ["Street", "St", "Avenue", "Ave", "Road", "Rd", "Drive", "Crescent", "Blvd", "Lane"],
}
TOWNS = {
    "US": [
        ("Springfield", "IL"),
        ("Dayton", "OH"),
        ("New York", "NY"),
        ("San Diego", "CA"),
        ("Austin", "TX"),
        ("Reno", "NV"),
    ],
    "GB": [
        ("London", "NW1"),
        ("Leeds", "LS2"),
        ("Bristol", "BS8"),
        ("York", "YO24"),
        ("Cardiff", "CF10"),
        ("Reading", "RG1"),
    ],
    "CA": [
        ("Toronto", "ON"),
        ("Montreal", "QC"),
        ("Vancouver", "BC"),
        ("Calgary", "AB"),
        ("Halifax", "NS"),
        ("Ottawa", "ON"),
    ],
}
FORMS = {
    "commas": "{number} {street}, {town}",
    "no commas": "{number} {street} {plain}",
    "lower case": "{number} {street} {plain}",
    "with a flat": "{number} {street}, Apt 5, {town}",
    "in a sentence": "please send it to {number} {street}, {town} before monday",
    "on lines": "{number} {street}\n{town}",
    "street alone": "{number} {street}",
}


def drawn(rng: random.Random, country: str, form: str) -> str:
    """One address."""
    letters = "ABEGHJLNPRSTWXYZ"
    town, region = rng.choice(TOWNS[country])
    digits = [str(rng.randrange(10)) for _ in range(6)]
    code = {
        "US": f"{region} {rng.randrange(10000, 99999)}",
        "GB": f"{region} {digits[0]}{rng.choice(letters)}{rng.choice(letters)}",
        "CA": f"{region} M{digits[0]}{rng.choice(letters)} {digits[1]}{rng.choice(letters)}{digits[2]}",
    }[country]
    street = f"{rng.choice(STREETS)} {rng.choice(KINDS[country])}"
    comma = " " if country == "GB" else ", "
    text = FORMS[form].format(
        number=rng.randrange(1, 2000), street=street, town=f"{town}{comma}{code}", plain=f"{town} {code}"
    )
    return text.lower() if form == "lower case" else text


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a file."""
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    name, lines = path.name.removesuffix(".gz"), io.StringIO(raw.decode("utf-8"))
    rows: Iterator[dict[str, Any]] | csv.DictReader[str]
    if name.endswith(".jsonl"):
        rows = (json.loads(line) for line in lines)
    else:
        first = lines.readline()
        lines.seek(0)
        rows = csv.DictReader(lines, delimiter="\t" if "\t" in first else ",")
    for row in rows:
        yield next(str(row[field]) for field in FIELDS if row.get(field))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="*", type=Path)
    parser.add_argument("--each", type=int, default=200, help="Addresses of a form and country.")
    given = parser.parse_args()
    false, rng = {}, random.Random(1)
    for path in given.texts:
        texts = list(texts_of(path))
        addresses("1 Main St, Reno, NV 89501")
        started = time.process_time()
        cut = [text for text in texts if addresses(text)]
        microseconds = (time.process_time() - started) / len(texts) * 1e6
        false[path.name] = {"texts": len(texts), "cut": len(cut), "us": round(microseconds, 1), "examples": cut[:5]}
    found: dict[str, dict[str, float]] = {}
    for form in FORMS:
        for country in KINDS:
            made = [drawn(rng, country, form) for _ in range(given.each)]
            found.setdefault(form, {})[country] = round(sum(bool(addresses(text)) for text in made) / len(made), 3)
    print(json.dumps({"false_finds": false, "found": found, "each": given.each}, indent=2))


if __name__ == "__main__":
    main()

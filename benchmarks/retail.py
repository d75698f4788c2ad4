"""The shop of the Retail Demo Store (MIT-0 style licence) as a catalogue: furniture, decoration, kitchen, clothes.

``python -m benchmarks.retail PRODUCTS.yaml OUT.jsonl``. With ``benchmarks/judged/retail`` it is a trade on which
nothing was trained; how deep it pays to read was looked at on it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml


def product(given: dict[str, Any]) -> dict[str, Any]:
    """One entry as a product: its category has two levels, the second of which the shop calls a style."""
    return {
        "id": given["id"],
        "title": given["name"],
        "description": " ".join(given["description"].split()),
        "category": [given["category"], given["style"]],
        "price": given["price"],
    }


def main(products: Path, out: Path) -> None:
    """Convert."""
    entries = yaml.safe_load(products.read_text("utf-8"))
    out.write_text("".join(json.dumps(product(one), ensure_ascii=False) + "\n" for one in entries), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m benchmarks.retail PRODUCTS.yaml OUT.jsonl")
    main(Path(sys.argv[1]), Path(sys.argv[2]))

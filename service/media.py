"""Pictures that the service gives out itself: only files that a catalogue names, only from below its own folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})


class Media:
    """The pictures of the catalogues that lie on this machine."""

    def __init__(self, pictures: Mapping[str, Mapping[str, Path]] | None = None) -> None:
        self._pictures = pictures or {}

    def picture(self, index: str, product: str) -> Path | None:
        """Where a product's picture lies; ``None`` where there is none. Nothing of a request becomes a path."""
        return self._pictures.get(index, {}).get(product)


def of_catalogue(file: Path, images: Path) -> dict[str, Path]:
    """Read which picture each product of a JSON Lines catalogue names.

    Args:
        file: the catalogue; its ``image`` is a path relative to ``images``, or a list of such.
        images: the folder of the pictures.

    Returns:
        product id -> file, of those that exist, are pictures by their suffix and lie below ``images``.
    """
    root = images.resolve()
    found: dict[str, Path] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            product = json.loads(line)
            image = product.get("image")
            first = image[0] if isinstance(image, list) and image else image
            if not isinstance(first, str) or "://" in first or first.startswith("data:"):
                continue
            path = (root / first).resolve()
            if path.is_relative_to(root) and path.suffix.lower() in SUFFIXES and path.is_file():
                found[str(product["id"])] = path
    return found

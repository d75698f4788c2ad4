"""The sample catalogue as files: made once in the home, indexed from there, its pictures given out from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer import sample
from indexer.sample.pictures import write_images
from personal.shoppers import LexicalSearch, Market, make_shoppers, simulate
from plugin.client import Engine
from plugin.names import UBI_QUERIES
from plugin.statedocs import Write, write_many

from .media import Media, of_catalogue
from .settings import Settings

SHOPPERS = 400
LOG_DAYS = 14

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SampleFolder:
    """Where the sample catalogue lies: its products and, beside them, their pictures."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> SampleFolder:
        """The folder of a home."""
        return cls(settings.home / "demo")

    @property
    def products(self) -> Path:
        """JSON Lines; ``image`` is a path relative to :attr:`folder`. It is there when the catalogue is whole."""
        return self.folder / "products.jsonl"

    def write(self, say: Say, products: int) -> set[str]:
        """Make the catalogue and its pictures, where they are not here already or another release made them.

        Returns:
            The ids of its products.
        """
        made = list(sample.generate(products=products))
        lines = "".join(json.dumps(product, ensure_ascii=False) + "\n" for product in made)
        if not self.products.is_file() or self.products.read_text("utf-8") != lines:
            say(f"making the sample catalogue of {len(made)} products with pictures in {self.folder}")
            self.products.unlink(missing_ok=True)
            write_images(made, self.folder)
            partial = self.products.with_suffix(".partial")
            partial.write_text(lines, "utf-8")
            partial.replace(self.products)
        return {str(product["id"]) for product in made}

    def write_query_log(self, engine: Engine, index: str) -> int:
        """Write what simulated shoppers of the last two weeks typed into ``ubi_queries``, once; returns how many.

        Raises:
            EngineError: the engine does not answer or refuses.
        """
        products = [json.loads(line) for line in self.products.read_text("utf-8").splitlines()]
        market = Market.of(products)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        records = simulate(
            make_shoppers(market, SHOPPERS, bots=0),
            LexicalSearch(products),
            market,
            days=LOG_DAYS,
            start=midnight - timedelta(days=LOG_DAYS),
            application=index,
            phrases=sample.phrases(),
        )
        writes = [
            Write(UBI_QUERIES, f"{index}:{record.document['query_id']}", record.document)
            for record in records
            if record.kind == "query"
        ]
        return sum(outcome.kind == "written" for outcome in write_many(engine, writes))

    def media(self, index: str) -> Media:
        """The pictures of the catalogue under its name; none where it has not been made."""
        return Media({index: of_catalogue(self.products, self.folder)}) if self.products.is_file() else Media()

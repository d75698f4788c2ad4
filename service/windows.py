"""Training windows from the engine: what a query brings, with what people judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from multimodal import TextEncoder
from plugin.candidates import gather
from plugin.catalogue import lookup
from plugin.client import Engine
from plugin.query import SearchRequest
from ranker.asked import read
from ranker.candidate import Candidate
from ranker.windows import Window

from .candidates import candidate_of

BATCH = 64


def judged_windows(
    engine: Engine,
    encoder: TextEncoder,
    index: str,
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, float]],
    *,
    source: str,
    k: int,
    unjudged: int,
) -> Iterator[Window]:
    """Gather the candidates of each judged query.

    Judged products that no signal brought are left out: the ranker never meets them.

    Args:
        queries: text by query id.
        qrels: grade by product id, by query id.
        source: name of the data.
        k: candidates of each signal.
        unjudged: most unjudged candidates that a window keeps, best first as the engine gives them.

    Raises:
        UnknownCatalogue: no such catalogue.
        EncoderMismatch: the encoder is not the catalogue's.
    """
    catalogue = lookup(engine, index)
    catalogue.require_text_encoder(encoder.id.name, encoder.id.revision)
    asked = [query_id for query_id in queries if qrels.get(query_id)]
    for start in range(0, len(asked), BATCH):
        part = asked[start : start + BATCH]
        wanted = [read(queries[query_id]).wanted for query_id in part]
        vectors = encoder.encode(wanted, role="query")
        for query_id, text, vector in zip(part, wanted, vectors, strict=True):
            request = SearchRequest(text=text, text_vector=vector, k_lexical=k, k_vector=k, spelling=False)
            grades = qrels[query_id]
            items: list[Candidate] = []
            strangers = 0
            for hit in gather(engine, catalogue, request).hits:
                strangers += hit.id not in grades
                if hit.id in grades or strangers <= unjudged:
                    items.append(candidate_of(hit))
            if items:
                known = tuple(grades.get(item.id) for item in items)
                yield Window(query_id, queries[query_id], source, tuple(items), known)

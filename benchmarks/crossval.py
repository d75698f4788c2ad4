"""All systems on judged queries where the ranker was trained on some of them: cross-validated over queries.

``python -m benchmarks.crossval --index esci --queries Q --qrels R MODEL_FOLD0 MODEL_FOLD1 ...``: each model was trained
with ``train finetune --hold-out FOLD/FOLDS`` and ranks just the queries of the fold that it never saw. OPENSEARCH_URL
and HYBRIDRANK_HOME as for ``hybridrank evaluate``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ranker.candidate import Candidate
from ranker.qrels import read_qrels, read_queries
from ranker.training.splits import fold_of
from ranker.windows import Window
from service.evaluate import evaluate
from service.parts import Parts
from service.report import COMPARED, Answer, Judged, System, compared, measured
from service.settings import Settings

STOCK: tuple[System, ...] = ("bm25", "text_vector", "hybrid", "rrf")


def fold(query_id: str, text: str, folds: int) -> int:
    """The fold that training puts a query into."""
    return fold_of(Window(query_id, text, "", (Candidate("", ""),), (None,)), folds)


def main() -> None:
    """Print nDCG@10 of each system with its interval, and the differences from ``ranked``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--index", required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--qrels", type=Path, required=True)
    parser.add_argument("--depth", type=int, default=50)
    given = parser.parse_args()
    judged = Judged.of(read_queries(given.queries), read_qrels(given.qrels))
    settings = Settings(index=given.index, rerank_depth=given.depth)
    report = evaluate(Parts(settings), given.index, judged, STOCK)
    answers: dict[str, Answer] = {}
    for number, model in enumerate(given.models):
        ids = [one for one, text in judged.texts.items() if fold(one, text, len(given.models)) == number]
        part = Judged({one: judged.texts[one] for one in ids}, {one: judged.grades[one] for one in ids}, ())
        parts = Parts(settings.model_copy(update={"model": str(model)}))
        answers |= evaluate(parts, given.index, part, ["ranked"]).systems["ranked"].answers
    report.systems["ranked"] = measured(answers, judged, 0)
    print(f"{len(judged.texts)} queries, {len(judged.left_out)} left out, {len(given.models)} folds")
    for name, system in report.systems.items():
        shown = (f"{one} {system.estimates[one]}" for one in COMPARED)
        print(f"{name:12} {'  '.join(shown)}")
    for name in STOCK:
        for metric in COMPARED:
            print(f"ranked - {name:12} {metric:18} {compared(metric, name, 'ranked', report, 0).difference}")


if __name__ == "__main__":
    main()

"""MovieLens as a shop's catalogue and log, so that the whole service can be measured on it.

    python -m benchmarks.films FOLDER [--data ../shared/data/movielens]
    hybridrank index --index films FOLDER/films.jsonl
    hybridrank events --index films FOLDER/events.csv
    hybridrank train sequence --index films --epochs 15
    hybridrank evaluate --index films --system recommend item_knn popularity --compare item_knn recommend --days 9000

A film is its title, its genres as description, and the first genre as its category. A rating is a ``watch``; all
times are moved by the same amount, so that the last is of now. The data is for measurement only; nothing that is
shipped has seen it.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from datetime import UTC, datetime
from pathlib import Path


def prepare(data: Path, folder: Path, now_s: float) -> None:
    """Write ``films.jsonl`` and ``events.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (data / "movies.csv").open(newline="") as rows, (folder / "films.jsonl").open("w", encoding="utf-8") as out:
        for row in csv.DictReader(rows):
            genres = [genre for genre in row["genres"].split("|") if not genre.startswith("(")]
            film = {"id": row["movieId"], "title": row["title"], "description": ", ".join(genres)}
            out.write(json.dumps({**film, "category": genres[:1]}, ensure_ascii=False) + "\n")
    with (data / "ratings.csv").open(newline="") as rows:
        ratings = sorted((int(r["timestamp"]), int(r["userId"]), int(r["movieId"])) for r in csv.DictReader(rows))
    moved = int(now_s) - ratings[-1][0]
    with (folder / "events.csv").open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["user", "item", "action", "time", "event_id"])
        for when, person, film_id in ratings:
            at = datetime.fromtimestamp(when + moved, UTC).isoformat()
            lines.writerow([f"ml{person}", film_id, "watch", at, f"ml-{person}-{film_id}"])


def main() -> None:
    """Prepare the two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "movielens")
    given = parser.parse_args()
    prepare(given.data, given.folder, time.time())


if __name__ == "__main__":
    main()

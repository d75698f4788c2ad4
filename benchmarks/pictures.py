"""The image encoder on shop photos: ``python -m benchmarks.pictures pairs|measure|speed|probe ...``.

``pairs`` writes the training catalogue of the Grocery Store Dataset (``train.txt`` only); ``measure`` looks at
``val.txt``. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multimodal import ImageEncoder, Vectors, load_image_encoder
from multimodal.pictures import decode
from plugin.document import passage

HELD_OUT = 16


@dataclass(frozen=True)
class Grocery:
    """The data set: one product a class, and photos with the number of their class."""

    folder: Path
    products: list[dict[str, object]]

    @classmethod
    def read(cls, folder: Path) -> Grocery:
        """Read the classes."""
        with (folder / "classes.csv").open(encoding="utf-8") as stream:
            rows = sorted(csv.DictReader(stream), key=lambda row: int(row["Class ID (int)"]))
        products: list[dict[str, object]] = [
            {
                "title": row["Class Name (str)"].replace("-", " "),
                "category": [row["Coarse Class Name (str)"].replace("-", " ")],
                "description": " ".join(
                    (folder / row["Product Description Path (str)"].lstrip("/")).read_text().split()
                ),
                "iconic": row["Iconic Image Path (str)"].lstrip("/"),
            }
            for row in rows
        ]
        return cls(folder, products)

    def photos(self, part: str) -> tuple[list[str], NDArray[np.int64]]:
        """Paths and classes of ``train`` or ``val``."""
        rows = [line.split(", ") for line in (self.folder / f"{part}.txt").read_text().splitlines()]
        return [row[0] for row in rows], np.array([int(row[1]) for row in rows])

    def texts(self) -> list[str]:
        """The passage of each class, as a catalogue's document would have it."""
        return [passage({name: one[name] for name in ("title", "category", "description")}) for one in self.products]

    def held_out(self) -> NDArray[np.int64]:
        """The 16 classes that a second training does not see."""
        return np.sort(np.random.default_rng(0).choice(len(self.products), HELD_OUT, replace=False))


def wilson(hits: int, count: int) -> str:
    """A share with its 95 % interval."""
    if not count:
        return "none"
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return f"{share:.3f} ({middle - half:.3f} to {middle + half:.3f}, n={count})"


def encode(encoder: ImageEncoder, folder: Path, paths: list[str]) -> Vectors:
    """Vectors of picture files."""
    return np.concatenate([encoder.encode_images([decode((folder / path).read_bytes())]) for path in paths])


def hits(similar: NDArray[np.float32], right: NDArray[np.bool_], k: int) -> tuple[int, int]:
    """In how many rows a right column is among the ``k`` best."""
    best = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    return int(np.take_along_axis(right, best, axis=1).any(axis=1).sum()), len(similar)


def pairs(grocery: Grocery, out: Path, *, hold_out: bool) -> None:
    """Write the training catalogue."""
    left_out = set(grocery.held_out().tolist()) if hold_out else set()
    with out.open("w", encoding="utf-8") as stream:
        for path, number in zip(*grocery.photos("train"), strict=True):
            if int(number) not in left_out:
                product = {name: grocery.products[int(number)][name] for name in ("title", "category", "description")}
                stream.write(json.dumps({"id": path, "image": path, **product}) + "\n")


def measure(encoder: ImageEncoder, grocery: Grocery, esci: Path | None) -> dict[str, str]:
    """All figures of ``val.txt`` for one encoder."""
    paths, classes = grocery.photos("val")
    photos, texts = encode(encoder, grocery.folder, paths), encoder.encode_texts(grocery.texts())
    bare = encoder.encode_texts([str(one["description"]) for one in grocery.products])
    icons = encode(encoder, grocery.folder, [str(one["iconic"]) for one in grocery.products])
    right = classes[:, None] == np.arange(len(grocery.products))[None]
    shown = right.any(axis=0)
    held = grocery.held_out()
    of_held = np.isin(classes, held)
    found = {
        "top-1 to 81 passages": wilson(*hits(photos @ texts.T, right, 1)),
        "top-1 to 81 bare descriptions": wilson(*hits(photos @ bare.T, right, 1)),
        "recall@10 photo to passage": wilson(*hits(photos @ texts.T, right, 10)),
        "recall@1 passage to photo": wilson(*hits((photos @ texts.T).T[shown], right.T[shown], 1)),
        "recall@10 passage to photo": wilson(*hits((photos @ texts.T).T[shown], right.T[shown], 10)),
        "top-1 to 81 clean pictures": wilson(*hits(photos @ icons.T, right, 1)),
        "the 16 classes among themselves": wilson(
            *hits((photos @ texts.T)[of_held][:, held], right[of_held][:, held], 1)
        ),
        "the 16 classes among 81": wilson(*hits((photos @ texts.T)[of_held], right[of_held], 1)),
    }
    if esci is not None:
        with gzip.open(esci, "rt", encoding="utf-8") as stream:
            titles = [json.loads(line)["title"] for line in stream]
        others = encoder.encode_texts(titles)
        wide = np.concatenate([right, np.zeros((len(photos), len(titles)), bool)], axis=1)
        similar = photos @ np.concatenate([texts, others]).T
        found[f"top-1 with {len(titles)} other titles"] = wilson(*hits(similar, wide, 1))
        found[f"recall@10 with {len(titles)} other titles"] = wilson(*hits(similar, wide, 10))
    return found


def probe(grocery: Grocery) -> dict[str, str]:
    """A linear probe on the image tower as it came from ImageNet: what the photos allow without texts."""
    import torch

    from multimodal.training.light import build

    torch.set_num_threads(1)
    model, transform, _, _ = build()
    features = []
    for part in ("train", "val"):
        paths, classes = grocery.photos(part)
        with torch.inference_mode():
            rows = [
                model.visual.trunk(transform(decode((grocery.folder / path).read_bytes()))[None])[0] for path in paths
            ]
        features.append((torch.stack(rows), torch.from_numpy(classes)))
    (x, y), (seen, wanted) = features
    mean, spread = x.mean(0), x.std(0) + 1e-6
    x, seen = (x - mean) / spread, (seen - mean) / spread
    best = 0
    for decay in (0.01, 0.1, 1.0):
        torch.manual_seed(0)
        head = torch.nn.Linear(x.shape[1], len(grocery.products))
        optimiser = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=decay)
        for epoch in range(40):
            for rows in torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch)).split(256):  # type: ignore[no-untyped-call]
                loss = torch.nn.functional.cross_entropy(head(x[rows]), y[rows], label_smoothing=0.1)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        best = max(best, int((head(seen).argmax(1) == wanted).sum()))
    return {"linear probe on the ImageNet tower, best of 3 decays": wilson(best, len(wanted))}


def speed(served: ImageEncoder, plain: ImageEncoder, folder: Path, paths: list[str], rounds: int = 3) -> dict[str, str]:
    """Pictures a second, decoding included, one thread each way, interleaved: median of the rounds."""
    taken: dict[str, list[float]] = {"int8 ONNX": [], "fp32 torch": []}
    for _ in range(rounds):
        for name, encoder in (("int8 ONNX", served), ("fp32 torch", plain)):
            started = time.process_time()
            encode(encoder, folder, paths)
            taken[name].append(time.process_time() - started)
    return {
        name: f"{len(paths) / float(np.median(times)):.1f} pictures a CPU second, rounds "
        + ", ".join(f"{len(paths) / one:.1f}" for one in times)
        for name, times in taken.items()
    }


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["pairs", "measure", "probe", "speed"])
    parser.add_argument("--grocery", type=Path, required=True)
    parser.add_argument("--model", default="light")
    parser.add_argument("--plain", help="the same model for open_clip, for speed and the cost of int8")
    parser.add_argument("--home", type=Path, default=Path.home() / ".hybridrank")
    parser.add_argument("--esci", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--hold-out", action="store_true")
    given = parser.parse_args()
    grocery = Grocery.read(given.grocery)
    if given.command == "pairs":
        pairs(grocery, given.out, hold_out=given.hold_out)
        return
    if given.command == "probe":
        found = probe(grocery)
    elif given.command == "speed":
        served = load_image_encoder(given.model, given.home, threads=1)
        plain = load_image_encoder(given.plain, given.home, threads=1)
        found = speed(served, plain, grocery.folder, grocery.photos("val")[0][:60])
    else:
        found = measure(load_image_encoder(given.model, given.home, threads=1), grocery, given.esci)
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()

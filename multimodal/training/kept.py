"""What the frozen parts of both towers give, computed once and kept on disk; and pictures as they are where nothing is
frozen."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from .graphs import write_graph
from .pairs import Pair, crop, opened
from .settings import ClipSettings
from .towers import Cut

BATCH = 16
WHOLE = "whole"
"""The view that is the picture as it is served."""


class Kept:
    """The inputs of the trained parts."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        products: Sequence[tuple[str, ...]],
        transform: Any,
        *,
        settings: ClipSettings,
        image: Cut,
        text: Cut,
        folder: Path,
    ) -> None:
        self._pairs, self._products, self._transform = pairs, products, transform
        self._image, self._text, self._settings = image, text, settings
        self.identity = _identity(settings, pairs)
        self._folder = folder / f"kept-{self.identity[:12]}"
        self._views: dict[str, NDArray[np.float16]] = {}
        self._texts: Tensor = torch.empty(0)
        self._run: Callable[[Tensor], NDArray[np.float32]] | None = None
        self._first = np.cumsum([0, *(len(texts) for texts in products)])

    def fill(self, held_out: NDArray[np.int64]) -> None:
        """Compute what is missing; a run that was cut off goes on with the view that it was at."""
        wordings = [text for texts in self._products for text in texts]
        frozen = self._text.frozen
        if frozen is None:
            raise AssertionError("a text tower always has something that runs once: at least its tokenizer")
        with torch.no_grad():
            parts = [frozen(wordings[start : start + 256]) for start in range(0, len(wordings), 256)]
        self._texts = torch.cat(parts)
        if self._image.frozen is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for view in range(self._settings.views):
            self._views[str(view)] = self._view(str(view), np.arange(len(self._pairs)))
        if len(held_out):
            self._views[WHOLE] = self._view(WHOLE, held_out)
            self._row_of = {int(row): place for place, row in enumerate(held_out)}

    def drop(self) -> None:
        """Delete what lies on disk."""
        self._views.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def pictures(self, rows: NDArray[np.int64], view: int) -> Tensor:
        """What the trained part of the image tower is given for a view of some pictures."""
        if self._image.frozen is None:
            return self._pixels(rows, str(view))
        return torch.from_numpy(self._views[str(view)][rows].astype(np.float32))

    def whole_pictures(self, rows: NDArray[np.int64]) -> Tensor:
        """The same of held-out pictures as they are served."""
        if self._image.frozen is None:
            return self._pixels(rows, WHOLE)
        places = [self._row_of[int(row)] for row in rows]
        return torch.from_numpy(self._views[WHOLE][places].astype(np.float32))

    def texts(self, products: NDArray[np.int64], wordings: Sequence[int]) -> Tensor:
        """What the trained part of the text tower is given for one wording of each product."""
        return self._texts[self._first[products] + np.array(wordings)]

    def _view(self, name: str, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        path = self._folder / f"view-{name}.npy"
        if not path.is_file():
            partial = path.with_suffix(".partial")
            made: Any = None
            run = self._session()
            for start in range(0, len(rows), BATCH):
                chunk = rows[start : start + BATCH]
                values = np.concatenate([run(pixels) for pixels in self._pixels(chunk, name)]).astype(np.float16)
                if made is None:
                    shape = (len(rows), *values.shape[1:])
                    made = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
                made[start : start + len(chunk)] = values
            if made is not None:
                made.flush()
            partial.replace(path)
        loaded: NDArray[np.float16] = np.load(path, mmap_mode="r", allow_pickle=False)
        return loaded

    def _pixels(self, rows: NDArray[np.int64], view: str) -> Tensor:
        pictures = []
        for row in rows:
            picture = opened(self._pairs[int(row)].picture)
            if view != WHOLE:
                random = np.random.default_rng([self._settings.seed, 3, int(view), int(row)])
                picture = crop(picture, random, self._settings.view_area)
            pixels = self._transform(picture)
            size = self._settings.view_size
            if view != WHOLE and size is not None:
                pixels = interpolate(pixels[None], (size, size), mode="bilinear", antialias=True)[0]
            pictures.append(pixels)
        return torch.stack(pictures)

    def _session(self) -> Callable[[Tensor], NDArray[np.float32]]:
        """The frozen part by onnxruntime, which is several times as quick as torch here; one picture a run."""
        if self._run is None:
            assert isinstance(self._image.frozen, torch.nn.Module)
            path = self._folder / "frozen.onnx"
            write_graph(self._image.frozen, self._pixels(np.array([0]), WHOLE), path, given="pixels", sizes_vary=True)
            options = ort.SessionOptions()
            options.intra_op_num_threads = self._settings.threads
            session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            self._run = lambda pixels: session.run(None, {"pixels": pixels[None].numpy()})[0]
        return self._run


def _identity(settings: ClipSettings, pairs: Sequence[Pair]) -> str:
    """A digest of what a checkpoint and the kept values belong to."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    for pair in pairs:
        stat = pair.picture.stat()
        digest.update(json.dumps([str(pair.picture), stat.st_size, stat.st_mtime_ns, pair.texts]).encode())
    return digest.hexdigest()

"""Composes ``train clip``: catalogue files in, a model folder out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.mediasources import MediaSources
from indexer.product import InvalidProduct, parse
from indexer.readers import read
from indexer.records import Row
from multimodal import TextEncoder, default_encoder, load_text_encoder
from multimodal.errors import MediaError
from plugin.document import passage

if TYPE_CHECKING:
    from multimodal.training.contrast import Progress, Trainee
    from multimodal.training.pairs import Pair
    from multimodal.training.settings import ClipSettings

LIGHT = "light"
TRAINED = "open_clip"
"""Folder inside the model's: the same model for open_clip, to be trained further."""


def read_pairs(files: Sequence[Path], images: Path) -> list[Pair]:
    """The pictures of catalogue files with the texts of their products: passage, title, description.

    Raises:
        MediaError: a line is no product, or a picture is not in ``images``; nothing is left out silently.
    """
    from multimodal.training.pairs import Pair

    media = MediaSources(images)
    found: list[Pair] = []
    for file in files:
        for row in read(file, str(file)):
            if not isinstance(row, Row):
                raise MediaError(f"{row.place}: {row.reason}")
            try:
                source = parse(row.value, row.form).source()
            except InvalidProduct as error:
                raise MediaError(f"{row.place}: {error.field}: {error}") from None
            texts = dict.fromkeys([passage(source), source["title"], source.get("description", source["title"])])
            for _, reference in media.chosen(source).pictures:
                if not reference.lower().startswith(("data:", "http:", "https:")):
                    found.append(Pair(media.path(reference), tuple(texts)))
    if not found:
        raise MediaError(f"{', '.join(map(str, files))}: no product has a picture in {images}")
    return found


def run_clip(
    pairs: Sequence[Pair],
    out: Path,
    *,
    start: str,
    name: str,
    home: Path,
    data: Sequence[str],
    settings: ClipSettings,
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """Train and write the folder ``out``; TensorBoard logs go to ``out/logs``.

    A model whose text tower stays MiniLM is written in its served form (``clip.json``) beside that of open_clip;
    others in open_clip's only.

    Returns:
        validation metrics, steps, seconds, and where the model lies.
    """
    import torch
    from torch.utils.tensorboard import SummaryWriter

    from multimodal.training.contrast import train
    from multimodal.training.save import save_open_clip

    # The projections of a new model start at random: from the seed, as everything else.
    torch.manual_seed(settings.seed)
    trainee, described = _trainee(start, home, settings)
    out.mkdir(parents=True, exist_ok=True)
    with SummaryWriter(str(out / "logs")) as board:

        def log(step: Progress) -> None:
            board.add_scalar("loss", step.loss, step.step)
            for key, value in (step.validation or {}).items():
                board.add_scalar(f"validation/{key}", value, step.step)
            report(step)

        outcome = train(trainee, pairs, settings, folder=out, report=log)
    training: dict[str, Any] = {
        "start": start if start == LIGHT else Path(start).name,
        "data": list(data),
        "pictures": outcome.pictures,
        "products": outcome.products,
        "settings": settings.model_dump(),
        "validation": {key: round(value, 4) for key, value in outcome.validation.items()},
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 1),
    }
    save_open_clip(trainee, described, out / TRAINED, training)
    served = trainee.text_encoder is not None
    if served and trainee.text_encoder is not None:
        from multimodal.training.export import export

        export(trainee.model, out, name=name, pairs=pairs, text=trainee.text_encoder.id, training=training)
    (out / "README.md").write_text(card(name, training, served=served), "utf-8")
    model = str(out if served else out / TRAINED)
    return {key: training[key] for key in ("validation", "steps", "seconds", "pictures", "products")} | {"model": model}


def _trainee(start: str, home: Path, settings: ClipSettings) -> tuple[Trainee, dict[str, Any]]:
    from multimodal.training.contrast import Trainee
    from multimodal.training.light import build
    from multimodal.training.save import DESCRIPTION, load_for_training

    folder = Path(start).expanduser()
    if start == LIGHT and not folder.exists():
        model, transform, tokenizer, described = build()
    else:
        inside = folder / TRAINED
        model, transform, tokenizer, described = load_for_training(str(inside if inside.is_dir() else start))
    locked = settings.text_tower == "locked" and described.get(DESCRIPTION) == LIGHT
    texts: TextEncoder | None = None
    if locked:
        texts = load_text_encoder(default_encoder("en"), home, threads=settings.threads)
    return Trainee(model, transform, tokenizer, texts), described


def card(name: str, training: dict[str, Any], *, served: bool) -> str:
    """A model card: what it is, what it was trained on, with which settings and result."""
    data = "\n".join(f"- {one}" for one in training["data"])
    form = (
        "`image.onnx` (int8, fixed scales) turns a picture into a vector, `text.onnx` a text vector of "
        "all-MiniLM-L6-v2; `clip.json` holds the preprocessing and the SHA-256 of both."
        if served
        else f"`{TRAINED}/` is a model of open_clip, in safetensors."
    )
    return f"""# {name}

Pictures and texts in one space of vectors: an image tower and a text tower, trained to bring a product's pictures and
its text together. {form}

## Data
{data}

{training["pictures"]} pictures of {training["products"]} products. It saw no personal data.

## Settings and result
Started from `{training["start"]}`. Made by `hybridrank train clip`. On pictures held out from the same data:
{json.dumps(training["validation"])}.

```json
{json.dumps(training["settings"], indent=2)}
```

## Limits
It knows the kinds of goods that it was trained on, and English. Train one on a shop's own pictures and titles with
`hybridrank train clip`.
"""


def drop_open_clip(folder: Path) -> None:
    """Leave only the served form, to ship it."""
    shutil.rmtree(folder / TRAINED, ignore_errors=True)

"""From the name of an encoder to the encoder."""

from __future__ import annotations

from pathlib import Path

from . import clip_folder
from .encoder import ImageEncoder, TextEncoder
from .errors import UnknownEncoder
from .manifest import packaged
from .onnx_clip import OnnxClip
from .onnx_text import OnnxTextEncoder
from .open_clip_encoder import CONFIG as OPEN_CLIP_CONFIG
from .open_clip_encoder import OpenClipEncoder
from .st_text import SentenceTransformersEncoder

ST_PREFIX = "st:"
CLIP_PREFIX = "clip:"


def load_text_encoder(spec: str, home: Path, *, threads: int = 2) -> TextEncoder:
    """The text encoder of a name.

    Args:
        spec: a name of the manifest (``all-MiniLM-L6-v2``, ``bge-small-en-v1.5``, ``bge-small-zh-v1.5``; case does
            not matter), ``st:NAME_OR_PATH`` for a sentence-transformers model, or the path of its folder.
        home: the state folder, where fetched files are kept.
        threads: how many threads encode.

    Returns:
        an encoder that has loaded nothing yet; files that cannot be had are reported by its first ``encode``.

    Raises:
        UnknownEncoder: no such name or folder.
    """
    known = packaged().get(spec.lower())
    if known is not None:
        return OnnxTextEncoder(known, home, threads=threads)
    source = spec.removeprefix(ST_PREFIX)
    folder = Path(source).expanduser()
    if (folder / "modules.json").is_file():
        return SentenceTransformersEncoder(str(folder), threads=threads)
    looks_like_path = folder.exists() or source.startswith(("/", "./", "../", "~"))
    if not source or looks_like_path:
        raise UnknownEncoder(f"encoder {spec!r}: not a folder with modules.json, as sentence-transformers writes it")
    if spec.startswith(ST_PREFIX):
        return SentenceTransformersEncoder(source, threads=threads)
    names = ", ".join(one.name for one in packaged().values())
    raise UnknownEncoder(f"encoder {spec!r}: unknown; known are {names}, st:NAME_OR_PATH, or a model's folder")


def load_image_encoder(
    spec: str, home: Path, *, threads: int = 2, text_encoder: TextEncoder | None = None
) -> ImageEncoder:
    """The image encoder of a name.

    Args:
        spec: ``light``, the one that ships with hybridrank; ``clip:SOURCE`` for a model of open_clip (see
            :class:`multimodal.open_clip_encoder.OpenClipEncoder`); or the path of a folder, in its served form (with
            ``clip.json``, as ``hybridrank train clip`` writes it) or in open_clip's.
        home: the state folder, where fetched files are kept.
        threads: how many threads encode.
        text_encoder: one that is loaded already; it is used where the text tower stands on that very encoder.

    Returns:
        an encoder that has loaded nothing yet; files that cannot be had are reported by its first use.

    Raises:
        UnknownEncoder: no such name or folder.
        EncoderUnavailable: the folder is damaged.
    """
    if spec.startswith(CLIP_PREFIX):
        return OpenClipEncoder(spec.removeprefix(CLIP_PREFIX), threads=threads)
    packaged_folder = clip_folder.MODELS / clip_folder.DEFAULT
    folder = packaged_folder if spec.lower() == clip_folder.DEFAULT else Path(spec).expanduser()
    if spec and (folder / clip_folder.CONFIG).is_file():
        wanted = clip_folder.read(folder)
        if text_encoder is None or text_encoder.id.revision != wanted.text_revision:
            text_encoder = load_text_encoder(wanted.text_encoder, home, threads=threads)
        return OnnxClip(folder, text_encoder, threads=threads)
    if spec and (folder / OPEN_CLIP_CONFIG).is_file():
        return OpenClipEncoder(str(folder), threads=threads)
    raise UnknownEncoder(
        f"image encoder {spec!r}: unknown; known are {clip_folder.DEFAULT}, clip:NAME, or a model's folder with "
        f"{clip_folder.CONFIG} or {OPEN_CLIP_CONFIG}"
    )

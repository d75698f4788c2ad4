"""From the name of an encoder to the encoder."""

from __future__ import annotations

from pathlib import Path

from .encoder import TextEncoder
from .errors import UnknownEncoder
from .manifest import packaged
from .onnx_text import OnnxTextEncoder
from .st_text import SentenceTransformersEncoder

ST_PREFIX = "st:"


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

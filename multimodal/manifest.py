"""The encoders that can be fetched: names, versions, checksums and how their output becomes a vector."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from .encoder import EncoderId
from .errors import UnknownEncoder

Pooling = Literal["mean", "cls"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside the artifact."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Packaged:
    """One encoder of the manifest.

    Attributes:
        name: as people write it.
        artifact: Maven coordinates ``group:artifact:version`` of a jar.
        jar_sha256: of that jar.
        model: the ONNX graph in the jar, from token ids to the last hidden state.
        tokenizer: the ``tokenizers`` file in the jar.
        dimension: length of a vector.
        lowercase: lower the text's case first, where the tokenizer file does not though its vocabulary is lower case.
        pooling: how the hidden states of a text become one vector.
        max_tokens: what lies beyond is cut off, special tokens counted.
        query_prefix: put before a query, as the model was trained.
        document_prefix: put before a document.
    """

    name: str
    artifact: str
    jar_sha256: str
    model: Member
    tokenizer: Member
    dimension: int
    lowercase: bool
    pooling: Pooling
    max_tokens: int
    query_prefix: str
    document_prefix: str

    @property
    def version(self) -> str:
        """Version of the artifact."""
        return self.artifact.rpartition(":")[2]

    @property
    def id(self) -> EncoderId:
        """Identity: a digest of both files and of every setting that moves a vector."""
        settings = [self.lowercase, self.pooling, self.max_tokens, self.query_prefix, self.document_prefix]
        parts = json.dumps([self.model.sha256, self.tokenizer.sha256, settings])
        return EncoderId(self.name, hashlib.sha256(parts.encode()).hexdigest()[:16], self.dimension)


@cache
def _manifest() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("encoders.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def packaged() -> dict[str, Packaged]:
    """The encoders of the manifest by name in lower case."""
    found = {}
    for entry in _manifest()["encoders"]:
        fields = {key: value for key, value in entry.items() if key not in {"licence", "model", "tokenizer"}}
        one = Packaged(model=Member(**entry["model"]), tokenizer=Member(**entry["tokenizer"]), **fields)
        found[one.name.lower()] = one
    return found


def maven_plugin() -> str:
    """Coordinates of the Maven plugin that copies artifacts."""
    plugin: str = _manifest()["maven_plugin"]
    return plugin


def default_encoder(language: str) -> str:
    """The encoder to use for texts of a language.

    Args:
        language: a two-letter code, or a longer tag such as ``zh-Hant``.

    Raises:
        UnknownEncoder: the language is empty.
    """
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    if not code:
        raise UnknownEncoder("language: an empty string names no language; give a code such as en or zh")
    by_language: dict[str, str] = _manifest()["by_language"]
    return by_language.get(code, by_language["*"])

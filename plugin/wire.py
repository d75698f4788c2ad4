"""JSON as it goes to OpenSearch and comes from there: a window is tens of kilobytes, half of a query are vectors.

pydantic's parser and writer do in a fraction of the time what the standard library's do, with the same values.
"""

from __future__ import annotations

from typing import Any

from opensearchpy.serializer import JSONSerializer
from pydantic_core import from_json, to_json


class Json(JSONSerializer):
    """The client's serializer. What only the standard library takes, such as a lone surrogate, it still gets."""

    def loads(self, s: str) -> Any:
        """A document as Python has it; raises opensearch-py's ``SerializationError`` where it is no JSON."""
        try:
            return from_json(s, cache_strings="keys")
        except ValueError:
            return super().loads(s)

    def dumps(self, data: Any) -> Any:
        """A document as text; what is text or bytes already stays as it is."""
        if isinstance(data, str | bytes):
            return data
        try:
            return to_json(data, fallback=self.default).decode()
        except ValueError:
            return super().dumps(data)

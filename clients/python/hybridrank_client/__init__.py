"""Ask a hybridrank service: typed answers, sync and async, over httpx."""

from .aio import AsyncClient
from .answers import (
    Accepted,
    Embedding,
    Facet,
    FacetValue,
    Found,
    Rejected,
    Reranked,
    RerankedItem,
    Result,
)
from .client import Client
from .errors import (
    FieldError,
    Forbidden,
    HybridrankError,
    Invalid,
    NotFound,
    Refused,
    TimedOut,
    Unavailable,
    Unreachable,
    Unreadable,
)

__all__ = [
    "Accepted",
    "AsyncClient",
    "Client",
    "Embedding",
    "Facet",
    "FacetValue",
    "FieldError",
    "Forbidden",
    "Found",
    "HybridrankError",
    "Invalid",
    "NotFound",
    "Refused",
    "Rejected",
    "Reranked",
    "RerankedItem",
    "Result",
    "TimedOut",
    "Unavailable",
    "Unreachable",
    "Unreadable",
]

"""Make the client that waits of the one for asyncio: ``python clients/python/twin.py``. A test compares."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "hybridrank_client"
WORDS = (
    (
        '"""The client for asyncio (and trio, as httpx)."""',
        '"""The client that waits. Made of ``aio.py`` by ``twin.py``; change that one."""',
    ),
    (
        "Keeps its connections, so make one and close it.\n",
        "Keeps its connections, so make one and close it; thread-safe as ``httpx.Client`` is.\n",
    ),
    ("AsyncClient", "Client"),
    ("AsyncHTTPTransport", "HTTPTransport"),
    ("AsyncBaseTransport", "BaseTransport"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("aclose", "close"),
)


def twin(text: str) -> str:
    """The same client without ``async`` and ``await``."""
    text = re.sub(r"\b(async|await) ", "", text)
    for old, new in WORDS:
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    (FOLDER / "client.py").write_text(twin((FOLDER / "aio.py").read_text("utf-8")), "utf-8")

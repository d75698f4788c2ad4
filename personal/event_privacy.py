"""What is taken out of an event before it is stored: addresses of machines and people, and what names a browser."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

DROPPED = frozenset(
    {
        "browser",
        "client_ip",
        "e_mail",
        "email",
        "email_address",
        "ip",
        "ip_address",
        "phone",
        "remote_addr",
        "remote_address",
        "user_agent",
        "user_id",
        "useragent",
        "x_forwarded_for",
    }
)
"""Names, folded to lower case with ``_``, whose values are never stored, wherever they stand."""

MAIL_GONE = "[e-mail removed]"
ADDRESS_GONE = "[address removed]"

_MAIL = re.compile(r"[^\s@<>\"',;:]{1,64}@[^\s@<>\"',;:]{1,255}\.[^\W\d_]{2,24}")
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])[0-9a-fA-F:]{2,39}(?:%\w+)?(?![\w:])")


def scrubbed(value: Any) -> Any:
    """A JSON value without names of :data:`DROPPED`, its texts without e-mail and IP addresses."""
    if isinstance(value, str):
        return scrubbed_text(value)
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {scrubbed_text(name): scrubbed(item) for name, item in value.items() if _folded(name) not in DROPPED}
    return value


def scrubbed_text(text: str) -> str:
    """A text without e-mail and IP addresses."""
    if "@" in text:
        text = _MAIL.sub(MAIL_GONE, text)
    if "." in text or ":" in text:
        text = _ADDRESS.sub(_address, text)
    return text


def _address(match: re.Match[str]) -> str:
    found = match.group()
    if "." not in found and found.count(":") < 2:
        return found
    try:
        ipaddress.ip_address(found)
    except ValueError:
        return found
    return ADDRESS_GONE


def _folded(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")

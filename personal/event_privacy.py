"""What is taken out of events and queries before they are stored: addresses, telephone and card numbers, browsers.

Telephone numbers are told by libphonenumber, cards by their length, first digit and check digit (ISO/IEC 7812), so that
article numbers, sizes and barcodes stay; postal addresses by :mod:`personal.postal`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import luhn

from .postal import addresses

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
"""For a postal address too."""

PHONE_GONE = "[telephone removed]"
CARD_GONE = "[card removed]"
REGIONS = (None, "US")
"""Whose way of writing numbers without a country code is known; ``None`` reads those with one."""

TRIES = 24
"""Candidates of a text that are looked at: to look for numbers is slow, and nothing but digits is no query."""

_DIGITS = re.compile(r"(?<![A-Za-z\d])\d(?:[^\d\nA-Za-z]{0,3}\d){6}")
"""Where a telephone or card number may be: both need seven digits with no letter between or right before them. Ids
that are made of hexadecimal digits hardly ever have that, and to look for numbers is slow."""
_CARD = re.compile(r"(?<![\w.,-])[3-6]\d{3}(?:[ -]?\d){11,15}(?![\w-])")
_MAIL = re.compile(r"[^\s@<>\"',;:]{1,64}@[^\s@<>\"',;:]{1,255}\.[^\W\d_]{2,24}")
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])[0-9a-fA-F:]{2,39}(?:%\w+)?(?![\w:])")


def scrubbed(value: Any) -> Any:
    """A JSON value without names of :data:`DROPPED`, its texts as :func:`scrubbed_text` leaves them."""
    if isinstance(value, str):
        return scrubbed_text(value)
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {scrubbed_text(name): scrubbed(item) for name, item in value.items() if _folded(name) not in DROPPED}
    return value


def scrubbed_text(text: str) -> str:
    """A text without e-mail, IP and postal addresses, telephone and card numbers."""
    if "@" in text:
        text = _MAIL.sub(MAIL_GONE, text)
    if "." in text or ":" in text:
        text = _ADDRESS.sub(_address, text)
    for start, end in reversed(addresses(text)):
        text = text[:start] + ADDRESS_GONE + text[end:]
    if _DIGITS.search(text) is not None:
        text = _without_phones(_CARD.sub(_card, text))
    return text


def _without_phones(text: str) -> str:
    for region in REGIONS:
        # Without a country code only what is grouped as people do: bare digits are article numbers far more often.
        leniency = Leniency.VALID if region is None else Leniency.EXACT_GROUPING
        found = [
            match
            for match in PhoneNumberMatcher(text, region, leniency=leniency, max_tries=TRIES)
            if region is None or not match.raw_string.isdigit()
        ]
        for match in reversed(found):
            text = text[: match.start] + PHONE_GONE + text[match.end :]
    return text


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    plausible = len(digits) == (15 if digits[0] == "3" else 16) and (digits[0] != "3" or digits[1] in "47")
    return CARD_GONE if plausible and luhn.is_valid(digits) else match.group()


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

"""Addresses that may hold a password: given as a setting, or in a file that a setting names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import SecretStr


def given(
    address: SecretStr | None,
    file: Path | None,
    name: str,
    schemes: Sequence[str],
    error: Callable[[str], Exception],
) -> str | None:
    """The address; ``None`` where neither setting is set.

    Args:
        address: as it was given itself.
        file: that holds it.
        name: of the setting; that of the file ends in ``_FILE``.
        schemes: one of which the address begins with.
        error: makes what is raised from its words, which never hold the address.
    """
    if address is not None and file is not None:
        raise error(f"{name} and {name}_FILE: give one of them")
    if address is not None:
        return _address(address.get_secret_value(), name, schemes, error)
    if file is None:
        return None
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        reason = getattr(cause, "strerror", None) or type(cause).__name__
        raise error(f"{name}_FILE {file}: cannot be read ({reason})") from cause
    return _address(text, f"{name}_FILE {file}", schemes, error)


def _address(text: str, where: str, schemes: Sequence[str], error: Callable[[str], Exception]) -> str:
    if not text.startswith(tuple(schemes)):
        raise error(f"{where}: expected an address that begins with {' or '.join(schemes)}")
    return text

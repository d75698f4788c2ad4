"""What pydantic found, in the form in which messages name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def first_fault(error: ValidationError, whole: str = "") -> str:
    """``field: what is wrong with it`` of the first fault.

    Args:
        error: as pydantic raised it.
        whole: what stands for the field where the fault is no field's.
    """
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or whole}: {first['msg']}"

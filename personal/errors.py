"""Errors of this room.

::

    PersonalError
    ├── EventRejected     an event that cannot be stored; names the field and the reason
    ├── RuleRejected      a merchandising rule that cannot be; names the field and the reason
    ├── JudgmentRejected  a judgment that cannot be; names the field and the reason
    ├── FoldFailed        events are stored, but could not be counted now; the reconciler will
    ├── SecretUnusable    a key file cannot be read or made
    ├── KeyStoreUnusable  the store of people's keys cannot be read or written
    ├── RegisterUnusable  the register of models that learnt from people cannot be read or written
    ├── SealBroken        a record does not open: altered, another's, or its key is lost
    ├── KeyWornOut        a key has sealed as many records as it may
    ├── KeyGone           a key was deleted meanwhile: its person was erased, or took back what they shared
    └── ProfileBusy       a record could not be written now
"""

from __future__ import annotations

from typing import ClassVar


class PersonalError(Exception):
    """Anything that went wrong about people's behaviour."""


class EventRejected(PersonalError):
    """An event cannot be stored.

    Attributes:
        field: in dotted form; empty for the event as a whole.
        reason: what is wrong and what is expected; never repeats a value.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class RuleRejected(PersonalError):
    """A merchandising rule cannot be kept; ``field`` and ``reason`` as in :class:`EventRejected`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class JudgmentRejected(PersonalError):
    """A judgment cannot be kept; ``field`` and ``reason`` as in :class:`EventRejected`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class FoldFailed(PersonalError):
    """The counters were too busy; what was not counted is counted by the reconciler."""

    hint: ClassVar[str] = "nothing is lost: the service counts it later"


class SecretUnusable(PersonalError):
    """The key file is damaged or cannot be read; the message names the file."""

    hint: ClassVar[str] = "restore the file from a backup, readable for the service alone"


class KeyStoreUnusable(PersonalError):
    """The store of people's keys cannot be read or written; the message says what to do and names no person."""

    hint: ClassVar[str] = "restore it from a backup, readable and writable for the service"


class RegisterUnusable(PersonalError):
    """The register of models that learnt from people cannot be read or written; the message says what to do."""

    hint: ClassVar[str] = "restore it from a backup, readable and writable for the service"


class SealBroken(PersonalError):
    """A sealed record does not open: altered, of another person, place or version, or its key is lost."""

    hint: ClassVar[str] = "restore the keys it was written with, or erase the person ('hybridrank profile erase')"


class KeyWornOut(PersonalError):
    """A data key has sealed as many records as random nonces allow; nothing more is sealed with it."""

    hint: ClassVar[str] = "erase the person ('hybridrank profile erase') to begin with a new key"


class KeyGone(PersonalError):
    """A data key was deleted while it was in use, by an erasure or by who took back what they shared."""

    hint: ClassVar[str] = "ask again: whoever it is has no key now, or a new one"


class ProfileBusy(PersonalError):
    """A profile or session could not be written now; what it lacks is learnt from the event log later."""

    hint: ClassVar[str] = "nothing is lost: it is learnt from the event log later"

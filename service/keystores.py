"""The keys of people of a deployment: which store they lie in, and which master keys are over them."""

from __future__ import annotations

from pathlib import Path

from personal import keystore_sqlite, masterkeys
from personal.errors import KeyStoreUnusable
from personal.keystore_sql import SqlKeyStore
from personal.keystore_sqlite import SqliteKeyStore
from personal.masterkeys import MasterKeys

from .settings import Settings

SCHEMES = ("postgresql://", "postgres://")


def open_keystore(settings: Settings) -> SqlKeyStore:
    """The store of people's keys of a deployment: in PostgreSQL where a setting says so, else a file in the home.

    Nothing is opened yet; the first use does.

    Raises:
        SecretUnusable: the master keys are malformed, lost, or cannot be read.
        KeyStoreUnusable: the settings do not tell where the store is.
    """
    url = keystore_url(settings)
    master = master_keys(settings)
    if url is None:
        return SqliteKeyStore(settings.home / keystore_sqlite.FILE, master)
    from personal.keystore_postgres import PostgresKeyStore

    return PostgresKeyStore(url, master)


def keystore_url(settings: Settings) -> str | None:
    """The address of the store in PostgreSQL, which may hold a password; ``None`` for the file in the home.

    Raises:
        KeyStoreUnusable: both settings are given, the file cannot be read, or what is given is no such address.
    """
    if settings.keystore is not None and settings.keystore_file is not None:
        raise KeyStoreUnusable("HYBRIDRANK_KEYSTORE and HYBRIDRANK_KEYSTORE_FILE: give one of them")
    if settings.keystore is not None:
        return _address(settings.keystore.get_secret_value(), "HYBRIDRANK_KEYSTORE")
    if settings.keystore_file is not None:
        return _address(_content(settings.keystore_file), f"HYBRIDRANK_KEYSTORE_FILE {settings.keystore_file}")
    return None


def _address(given: str, where: str) -> str:
    if not given.startswith(SCHEMES):
        raise KeyStoreUnusable(f"{where}: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return given


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise KeyStoreUnusable(f"HYBRIDRANK_KEYSTORE_FILE {path}: cannot be read ({reason})") from error


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys of a deployment, from the environment or from a file, which is made at the first use.

    Raises:
        SecretUnusable: they are malformed, guessable, or cannot be read.
    """
    if settings.master_keys is not None:
        return MasterKeys(text=settings.master_keys.get_secret_value())
    return MasterKeys(settings.master_keys_file or settings.home / masterkeys.FILE)

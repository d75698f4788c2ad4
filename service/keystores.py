"""The keys of people of a deployment: which store they lie in, and which master keys are over them."""

from __future__ import annotations

import shlex

from personal import keystore_sqlite
from personal.errors import KeyStoreUnusable, SecretUnusable
from personal.keystore_sql import SqlKeyStore
from personal.keystore_sqlite import SqliteKeyStore
from personal.kms import CommandKms
from personal.masterkeys import MasterKeys

from .secretsettings import given
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
    return given(settings.keystore, settings.keystore_file, "HYBRIDRANK_KEYSTORE", SCHEMES, KeyStoreUnusable)


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys of a deployment, from the environment or from a file, which is made at the first use.

    Raises:
        SecretUnusable: they are malformed, guessable, or cannot be read.
    """
    if settings.master_keys is not None:
        return MasterKeys(text=settings.master_keys.get_secret_value(), kms=kms(settings))
    return MasterKeys(settings.master_keys_path, kms=kms(settings))


def kms(settings: Settings) -> CommandKms | None:
    """What wraps the master keys; ``None`` where they lie in the clear.

    Raises:
        SecretUnusable: a command cannot be read, or only the one that wraps is given.
    """
    if settings.kms_unwrap is None:
        if settings.kms_wrap is not None:
            raise SecretUnusable("HYBRIDRANK_KMS_WRAP needs HYBRIDRANK_KMS_UNWRAP beside it")
        return None
    wrap = None if settings.kms_wrap is None else _words(settings.kms_wrap, "HYBRIDRANK_KMS_WRAP")
    return CommandKms(wrap=wrap, unwrap=_words(settings.kms_unwrap, "HYBRIDRANK_KMS_UNWRAP"))


def _words(command: str, name: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SecretUnusable(f"{name}: {error}") from None
    if not words:
        raise SecretUnusable(f"{name}: a program and its arguments are needed")
    return words

"""People, composed for one worker: their keys."""

from __future__ import annotations

from personal import keystore, masterkeys
from personal.keystore import SqliteKeyStore
from personal.masterkeys import MasterKeys

from .settings import Settings


def open_keystore(settings: Settings) -> SqliteKeyStore:
    """The store of people's keys of a deployment; made at the first use.

    Raises:
        SecretUnusable: the master keys are malformed, lost, or cannot be read.
        KeyStoreUnusable: the store cannot be opened.
    """
    if settings.master_keys is not None:
        master = MasterKeys(text=settings.master_keys.get_secret_value())
    else:
        master = MasterKeys(settings.master_keys_file or settings.home / masterkeys.FILE)
    return SqliteKeyStore(settings.home / keystore.FILE, master)

"""Places for a store of keys: a file, or a database of a real PostgreSQL. What a test does in one it does in both."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from personal.keystore_sql import SqlKeyStore
from personal.keystore_sqlite import SqliteKeyStore
from personal.masterkeys import KeyWrapper, MasterKeys

HEAD = """
import contextlib, os, pathlib, sys, time
import personal.keystore_sql as module
from personal.masterkeys import MasterKeys
from tests.keyplaces import KeyPlace
place = KeyPlace(pathlib.Path(sys.argv[1]), sys.argv[2] or None)
store = place.opened()
"""


@dataclass
class KeyPlace:
    """Where a store is.

    Attributes:
        folder: of the master keys, and of the file.
        url: of the database; ``None`` for a file.
    """

    folder: Path
    url: str | None
    _opened: list[SqlKeyStore] = field(default_factory=list)

    @property
    def master_file(self) -> Path:
        """Where the master keys lie."""
        return self.folder / "secrets" / "master-keys.json"

    def opened(self, master: KeyWrapper | None = None) -> SqlKeyStore:
        """The store, as one process of the service opens it."""
        master = master or MasterKeys(self.master_file)
        if self.url is None:
            store: SqlKeyStore = SqliteKeyStore(self.folder / "keys" / "people.sqlite", master)
        else:
            from personal.keystore_postgres import PostgresKeyStore

            store = PostgresKeyStore(self.url, master)
        self._opened.append(store)
        return store

    def close(self) -> None:
        """Close what was opened."""
        for store in self._opened:
            store.close()

    def run(self, code: str, stdin: int | None = None) -> subprocess.Popen[str]:
        """Start a process that has the store as ``store``, and does this."""
        command = [sys.executable, "-c", HEAD + code, str(self.folder), self.url or ""]
        root = Path(__file__).parent.parent
        environment = {**os.environ, "PYTHONPATH": str(root)}
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True, env=environment, cwd=root)

    def settings(self) -> dict[str, str]:
        """The environment in which the command line finds it."""
        found = {"HYBRIDRANK_HOME": str(self.folder)}
        return found if self.url is None else {**found, "HYBRIDRANK_KEYSTORE": self.url}

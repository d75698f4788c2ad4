"""What is peculiar to a store of keys in a file: what lies on the disk, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from personal.errors import KeyStoreUnusable
from tests.keyplaces import KeyPlace

CANARY = "canary-subject@example.org"


@pytest.fixture
def store(tmp_path):
    place = KeyPlace(tmp_path, None)
    yield place.opened()
    place.close()


def raw_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_nothing_of_a_subject_or_key_lies_in_the_files(tmp_path, store):
    person = store.obtain("shop", CANARY)
    held = raw_bytes(tmp_path / "keys")
    assert person.pseudonym.encode() in held
    for secret in (CANARY.encode(), person.key, person.key.hex().encode()):
        assert secret not in held
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_was_deleted_is_overwritten(tmp_path, store):
    person = store.obtain("shop", "ann")
    store.obtain("shop", "bob")
    with store.database.lend() as session:
        row = session.execute("SELECT wrapped FROM people WHERE pseudonym = ?", (person.pseudonym,)).fetchone()
    wrapped = bytes(row[0])
    assert wrapped in raw_bytes(tmp_path / "keys")
    store.delete("shop", "ann")
    assert wrapped not in raw_bytes(tmp_path / "keys")


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "keys" / "people.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database, and long enough to be looked at" * 100)
    with pytest.raises(KeyStoreUnusable, match="cannot be used"):
        KeyPlace(tmp_path, None).opened().find("shop", "ann")

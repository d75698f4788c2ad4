"""Backups of the store of keys: what comes back is the same, who was erased does not, and old ones go."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from personal.errors import KeyStoreUnusable
from personal.keybackup import DAY_S, NAME, back_up, prune, restore
from personal.masterkeys import UnknownMasterKey
from service.cli import build
from tests.keyplaces import KeyPlace

CANARY = "canary-subject@example.org"


def nobody(people):
    """What is known elsewhere of who was erased: nothing."""
    return set()


def emptied(place: KeyPlace):
    """The same place after its database was lost, the master keys not."""
    store = place.opened()
    with store.database.making() as session:
        for table in ("people", "erased", "state"):
            session.execute(f"DROP TABLE IF EXISTS {table}")
    return store


def test_everybody_is_back_as_they_were(key_place, store, tmp_path):
    people = {n: store.obtain("shop", f"person {n}") for n in range(30)}
    store.obtain("shop", CANARY)
    store.spend(people[0])
    secret = store.secret("sessions")
    done = back_up(store, tmp_path / "backups", keep_days=30)
    assert done.people == 31
    assert done.file.stat().st_mode & 0o777 == 0o600
    assert done.file.parent.stat().st_mode & 0o077 == 0
    text = done.file.read_text()
    for hidden in (CANARY, people[0].key.hex(), key_place.master_file.read_text()[20:60]):
        assert hidden not in text
    assert restore(store, done.file, nobody).present == 31, "nothing was lost"
    lost = emptied(key_place)
    found = restore(lost, done.file, nobody)
    assert (found.people, found.present, found.erased) == (31, 0, 0)
    for n, person in people.items():
        assert lost.find("shop", f"person {n}") == person
    assert lost.secret("sessions") == secret == key_place.opened().secret("sessions")
    assert lost.rotate().rewrapped == 31


def test_who_was_erased_since_stays_erased(key_place, store, tmp_path):
    ann, ben, carl = (store.obtain("shop", name) for name in ("ann", "ben", "carl"))
    file = back_up(store, tmp_path / "backups", keep_days=30).file
    store.delete("shop", "ann")
    done = restore(store, file, nobody)
    assert (done.people, done.present, done.erased) == (0, 2, 1), "the store's own tombstone is enough"
    assert store.find("shop", "ann") is None
    # The store is lost with its tombstones; the engine's marks still tell of ann and of carl.
    lost = emptied(key_place)
    done = restore(lost, file, lambda people: {one for _, one in people} & {ann.pseudonym, carl.pseudonym})
    assert (done.people, done.present, done.erased) == (1, 0, 2)
    assert lost.find("shop", "ann") is None
    assert lost.behind(carl.pseudonym) is None
    assert lost.find("shop", "ben") == ben
    assert {stone.pseudonym for stone in lost.tombstones()} == {ann.pseudonym, carl.pseudonym}
    later = back_up(lost, tmp_path / "backups", keep_days=30).file.read_text()
    assert lost.obtain("shop", "ann").pseudonym not in later
    assert [json.loads(line).get("subject") for line in later.splitlines() if ann.pseudonym in line] == [None]


def test_a_store_moves_from_a_file_into_postgresql_by_a_backup(postgres, tmp_path):
    here = KeyPlace(tmp_path, None)
    there = KeyPlace(tmp_path, postgres.database())
    people = {n: here.opened().obtain("shop", f"person {n}") for n in range(5)}
    environment = here.settings()
    done = CliRunner().invoke(build(), ["keys", "backup", str(tmp_path / "b"), "--json"], env=environment)
    assert done.exit_code == 0, done.stderr
    file = json.loads(done.stdout)["file"]
    moved = CliRunner().invoke(build(), ["keys", "restore", file, "--without-engine", "--json"], env=there.settings())
    assert moved.exit_code == 0, moved.stderr
    assert json.loads(moved.stdout) == {"people": 5, "present": 0, "erased": 0, "swept": None}
    for n, person in people.items():
        assert there.opened().find("shop", f"person {n}") == person
    here.close()
    there.close()


def test_past_the_horizon_no_backup_has_an_erased_person_s_key(store, tmp_path):
    folder = tmp_path / "backups"
    ann = store.obtain("shop", "ann")
    old = back_up(store, folder, keep_days=30).file
    store.delete("shop", "ann")
    now = time.time()
    aged = folder / time.strftime("keys-%Y%m%dT%H%M%SZ.jsonl", time.gmtime(now - 8 * DAY_S))
    old.rename(aged)
    (folder / "notes.txt").write_text("not ours")
    assert f'"{ann.pseudonym}", "tenant": "shop", "subject"' in aged.read_text()
    assert prune(folder, keep_days=9, now=now) == ()
    done = back_up(store, folder, keep_days=7)
    assert done.pruned == (aged.name,)
    assert sorted(path.name for path in folder.iterdir()) == sorted([done.file.name, "notes.txt"])
    assert NAME.fullmatch(done.file.name)
    assert '"subject"' not in done.file.read_text()


def test_what_is_no_whole_backup_changes_nothing(key_place, store, tmp_path):
    ann = store.obtain("shop", "ann")
    file = back_up(store, tmp_path / "backups", keep_days=30).file
    whole = file.read_bytes()
    for broken in (b"", whole[:-30], whole.replace(b"shop", b"shup"), b"\n".join(whole.splitlines()[:-1]), b"{}\n{}\n"):
        file.write_bytes(broken)
        with pytest.raises(KeyStoreUnusable, match="no backup of a key store"):
            restore(store, file, nobody)
    file.write_bytes(whole)
    other = KeyPlace(key_place.folder / "another store", None)
    other.master_file.parent.mkdir(parents=True)
    other.master_file.write_text(key_place.master_file.read_text())
    busy = other.opened()
    busy.obtain("shop", "somebody else")
    with pytest.raises(KeyStoreUnusable, match="another key store"):
        restore(busy, file, nobody)
    assert busy.count() == 1
    store.rotate()
    assert store.find("shop", "ann") == ann
    with pytest.raises(UnknownMasterKey):
        restore(store, file, nobody)
    other.close()

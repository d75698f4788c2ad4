"""The store of people's keys: one entry a person whoever asks, nothing readable in it, a master key that changes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from personal import envelope
from personal.errors import KeyStoreUnusable, KeyWornOut, SealBroken, SecretUnusable
from personal.keystore import SqliteKeyStore
from personal.masterkeys import MasterKeys, UnknownMasterKey, Wrapped

CANARY = "canary-subject@example.org"


def opened(folder: Path) -> SqliteKeyStore:
    return SqliteKeyStore(folder / "keys" / "people.sqlite", MasterKeys(folder / "secrets" / "master-keys.json"))


@pytest.fixture
def store(tmp_path):
    found = opened(tmp_path)
    yield found
    found.close()


def run(folder: Path, code: str, stdin: int | None = None) -> subprocess.Popen[str]:
    head = (
        "import contextlib, pathlib, sys, time\n"
        "from personal.keystore import SqliteKeyStore\n"
        "from personal.masterkeys import MasterKeys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "master = MasterKeys(folder / 'secrets' / 'master-keys.json')\n"
        "store = SqliteKeyStore(folder / 'keys' / 'people.sqlite', master)\n"
    )
    command = [sys.executable, "-c", head + code, str(folder)]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True)


def outputs(workers: list[subprocess.Popen[str]]) -> list[str]:
    """What each printed, when all have ended well. None outlives the test."""
    try:
        printed = [worker.communicate(timeout=120)[0] for worker in workers]
    finally:
        for worker in workers:
            with worker:
                worker.kill()
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return printed


def raw_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_an_entry_is_made_once_and_found_again(store):
    assert store.find("shop", "ann") is None
    ann = store.obtain("shop", "ann")
    assert store.obtain("shop", "ann") == store.find("shop", "ann") == ann
    assert len(ann.key) == 32
    others = [store.obtain("shop", "bob"), store.obtain("other shop", "ann"), store.obtain("shop", "ann\x1f")]
    assert len({person.pseudonym for person in [ann, *others]}) == 4
    assert len({person.key for person in [ann, *others]}) == 4
    assert ann.key.hex() not in repr(ann)


def test_processes_that_meet_a_person_at_once_end_with_one_key(tmp_path):
    code = (
        "for n in range(40):\n"
        "    person = store.obtain('shop', f'person {n}')\n"
        "    print(n, person.pseudonym, person.key.hex())\n"
    )
    answers = [out.splitlines() for out in outputs([run(tmp_path, code) for _ in range(6)])]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == len(set(answers[0])) == 40


def test_processes_that_open_a_store_at_the_same_moment_all_get_it(tmp_path):
    code = (
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "for n in range(30):\n"
        "    time.sleep(-time.time() % 0.05)  # all begin a round at one tick of the clock\n"
        "    with contextlib.closing(SqliteKeyStore(folder / str(n) / 'people.sqlite', master)) as fresh:\n"
        "        print(fresh.obtain('shop', 'ann').pseudonym)\n"
    )
    workers = [run(tmp_path, code, stdin=subprocess.PIPE) for _ in range(6)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.close()
        worker.stdin = None
    assert len(set(outputs(workers))) == 1


def test_threads_and_forks_share_a_store(tmp_path, store):
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.obtain("shop", "ann"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({person.pseudonym for person in found}) == 1
    code = (
        "import os\n"
        "mine = store.obtain('shop', 'ann')\n"
        "children = []\n"
        "for _ in range(3):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        same = store.obtain('shop', 'ann') == mine\n"
        "        store.spend(mine)\n"
        "        os._exit(0 if same else 1)\n"
        "    children.append(child)\n"
        "print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])\n"
    )
    assert outputs([run(tmp_path, code)])[0].strip() == "[0, 0, 0]"


def test_nothing_of_a_subject_or_key_lies_in_the_files(tmp_path, store):
    person = store.obtain("shop", CANARY)
    held = raw_bytes(tmp_path / "keys")
    assert person.pseudonym.encode() in held
    for secret in (CANARY.encode(), person.key, person.key.hex().encode()):
        assert secret not in held
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "secrets" / "master-keys.json").stat().st_mode & 0o777 == 0o600


def test_deleting_unlinks_for_good(tmp_path, store):
    person = store.obtain("shop", "ann")
    store.obtain("shop", "bob")
    before = raw_bytes(tmp_path / "keys")
    wrapped = wrapped_of(store, person.pseudonym)
    assert wrapped in before
    assert store.delete("shop", "ann") == person.pseudonym
    assert store.find("shop", "ann") is None
    assert wrapped not in raw_bytes(tmp_path / "keys")
    assert [stone.pseudonym for stone in store.tombstones()] == [person.pseudonym]
    assert store.tombstones(int(time.time()) + 60) == []
    assert store.delete("shop", "ann") is None
    again = store.obtain("shop", "ann")
    assert again.pseudonym != person.pseudonym
    assert again.key != person.key
    with pytest.raises(KeyWornOut):
        store.spend(person)


def wrapped_of(store: SqliteKeyStore, pseudonym: str) -> bytes:
    with store._connections.lend() as connection:
        row = connection.execute("SELECT wrapped FROM people WHERE pseudonym = ?", (pseudonym,)).fetchone()
    return bytes(row[0])


def test_a_wrapped_key_opens_nowhere_else(tmp_path, store):
    ann, bob = store.obtain("shop", "ann"), store.obtain("shop", "bob")
    with store._connections.transaction() as connection:
        connection.execute(
            "UPDATE people SET wrapped = (SELECT wrapped FROM people WHERE pseudonym = ?) WHERE pseudonym = ?",
            (ann.pseudonym, bob.pseudonym),
        )
    with pytest.raises(SealBroken):
        store.find("shop", "bob")
    assert store.find("shop", "ann") == ann


def test_a_key_refuses_after_its_last_use(store, monkeypatch):
    monkeypatch.setattr("personal.keystore.MAX_USES", 3)
    person = store.obtain("shop", "ann")
    for _ in range(3):
        store.spend(person)
    with pytest.raises(KeyWornOut):
        store.spend(person)


def test_a_rotation_leaves_every_key_as_it_was_and_the_old_master_key_opens_nothing(tmp_path, store):
    people = {n: store.obtain("shop", f"person {n}") for n in range(450)}
    secret = store.secret("sessions")
    old = (tmp_path / "secrets" / "master-keys.json").read_text()
    reader = opened(tmp_path)  # has read the old master key only
    done = store.rotate()
    assert (done.version, done.rewrapped) == (2, 450)
    for n, person in people.items():
        assert reader.find("shop", f"person {n}") == person
    assert reader.obtain("shop", "new").pseudonym
    assert store.secret("sessions") == secret == opened_secret(tmp_path)
    stale = MasterKeys(text=old)
    with store._connections.lend() as connection:
        rows = connection.execute("SELECT version, wrapped FROM people").fetchall()
        rows += connection.execute("SELECT version, wrapped FROM state WHERE name = 'root'").fetchall()
    assert {row[0] for row in rows} == {2}
    for version, blob in rows[:20]:
        with pytest.raises(UnknownMasterKey):
            stale.unwrap(Wrapped(version, blob), b"")
    with pytest.raises(UnknownMasterKey):
        SqliteKeyStore(tmp_path / "keys" / "people.sqlite", stale)
    reader.close()


def opened_secret(folder: Path) -> bytes:
    store = opened(folder)
    try:
        return store.secret("sessions")
    finally:
        store.close()


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_rotation_survives_being_killed_while_others_read_and_write(tmp_path, store, kills):
    """Whatever step it is killed at, every key is readable before, between and after, and running it again ends it."""
    people = {n: store.obtain("shop", f"person {n}") for n in range(60)}
    failures: list[Exception] = []
    stop = threading.Event()

    def use(number: int) -> None:
        mine = opened(tmp_path)
        count = 0
        try:
            while not stop.is_set():
                n = (number * 7 + count) % len(people)
                assert mine.find("shop", f"person {n}") == people[n]
                if count % 50 == 0:
                    mine.obtain("shop", f"new {number} {count}")
                count += 1
        except Exception as error:  # noqa: BLE001 - the main thread shows it
            failures.append(error)
        finally:
            mine.close()

    users = [threading.Thread(target=use, args=(number,)) for number in range(2)]
    for user in users:
        user.start()
    slowly = (
        "import time\nimport personal.keystore as module\nmodule._BATCH = 5\n"
        "step = SqliteKeyStore._rewrapped\n"
        "def slow(self, version):\n"
        "    print('step', flush=True)\n    time.sleep(0.002)\n    return step(self, version)\n"
        "SqliteKeyStore._rewrapped = slow\nprint('began', flush=True)\nstore.rotate()\nprint('done', flush=True)\n"
    )
    for kill in range(kills):
        worker = run(tmp_path, slowly)
        assert worker.stdout is not None
        for _ in range(1 + kill % 7 * 2):
            worker.stdout.readline()
        os.kill(worker.pid, signal.SIGKILL)
        worker.communicate(timeout=60)
    done = store.rotate()
    stop.set()
    for user in users:
        user.join(120)
    assert failures == []
    assert done.version >= 2
    store.rotate()
    assert list(json.loads((tmp_path / "secrets" / "master-keys.json").read_text())["keys"]) == [str(done.version + 1)]
    for n, person in people.items():
        assert store.find("shop", f"person {n}") == person


def test_master_keys_of_the_environment_are_the_operators(tmp_path):
    keys = {"1": base64.b64encode(bytes(range(128, 160))).decode()}
    first = MasterKeys(text=json.dumps({"keys": keys}))
    path = tmp_path / "people.sqlite"
    store = SqliteKeyStore(path, first)
    person = store.obtain("shop", "ann")
    assert store.rotate().rewrapped == 0  # no newer one was given
    store.close()
    keys["2"] = base64.b64encode(bytes(range(160, 192))).decode()
    store = SqliteKeyStore(path, MasterKeys(text=json.dumps({"keys": keys})))
    assert store.rotate().rewrapped == 1
    store.close()
    del keys["1"]
    store = SqliteKeyStore(path, MasterKeys(text=json.dumps({"keys": keys})))
    assert store.find("shop", "ann") == person
    store.close()


def test_what_is_wrong_with_keys_is_said_without_quoting_them(tmp_path):
    for text in ("", "{}", '{"keys": {}}', '{"keys": {"1": "c2hvcnQ="}}', '{"keys": {"0": "' + "A" * 43 + '="}}'):
        with pytest.raises(SecretUnusable) as caught:
            MasterKeys(text=text)
        assert "c2hvcnQ" not in str(caught.value)
    path = tmp_path / "keys" / "people.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database, and long enough to be looked at" * 100)
    with pytest.raises(KeyStoreUnusable, match="cannot be used"):
        opened(tmp_path)
    assert envelope.KEY_BYTES == 32

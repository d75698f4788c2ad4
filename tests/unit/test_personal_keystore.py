"""The store of people's keys, in a file and in PostgreSQL alike: one entry a person whoever asks, nothing readable in
it, a master key that changes."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import threading
import time

import pytest
from typer.testing import CliRunner

from personal import envelope
from personal.errors import KeyGone, KeyWornOut, SealBroken, SecretUnusable
from personal.keystore_sql import SqlKeyStore
from personal.masterkeys import MasterKeys, OtherMasterKey, UnknownMasterKey, Wrapped
from service.cli import build
from tests.keyplaces import KeyPlace

CANARY = "canary-subject@example.org"


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


def everything(store: SqlKeyStore) -> list[tuple]:
    """Every row of every table."""
    with store.database.snapshot() as session:
        tables = [session.execute(f"SELECT * FROM {name}").fetchall() for name in ("people", "erased", "state")]
    return [row for rows in tables for row in rows]


def test_an_entry_is_made_once_and_found_again(store):
    assert store.find("shop", "ann") is None
    ann = store.obtain("shop", "ann")
    assert store.obtain("shop", "ann") == store.find("shop", "ann") == store.behind(ann.pseudonym) == ann
    assert len(ann.key) == 32
    others = [store.obtain("shop", "bob"), store.obtain("other shop", "ann"), store.obtain("shop", "ann\x1f")]
    assert len({person.pseudonym for person in [ann, *others]}) == 4
    assert len({person.key for person in [ann, *others]}) == 4
    assert ann.key.hex() not in repr(ann)
    assert store.count() == 4


def test_processes_that_meet_a_person_at_once_end_with_one_key(key_place):
    code = (
        "for n in range(40):\n"
        "    person = store.obtain('shop', f'person {n}')\n"
        "    print(n, person.pseudonym, person.key.hex())\n"
    )
    answers = [out.splitlines() for out in outputs([key_place.run(code) for _ in range(4)])]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == len(set(answers[0])) == 40


def test_processes_that_open_a_new_store_at_the_same_moment_all_get_it(key_place):
    code = (
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "time.sleep(-time.time() % 0.05)  # all begin at one tick of the clock\n"
        "print(store.obtain('shop', 'ann').pseudonym, store.secret('sessions').hex())\n"
    )
    workers = [key_place.run(code, stdin=subprocess.PIPE) for _ in range(4)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.close()
        worker.stdin = None
    assert len(set(outputs(workers))) == 1


def test_threads_and_forks_share_a_store(key_place, store):
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.obtain("shop", "ann"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 20
    assert len({person.pseudonym for person in found}) == 1
    code = (
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
        "assert store.find('shop', 'ann') == mine\n"
    )
    assert outputs([key_place.run(code)])[0].strip() == "[0, 0, 0]"


def test_nothing_of_a_subject_or_key_lies_in_the_store(key_place, store):
    person = store.obtain("shop", CANARY)
    secret = store.secret("sessions")
    held = [value.encode() if isinstance(value, str) else value for row in everything(store) for value in row]
    held = [value for value in held if isinstance(value, bytes)]
    assert person.pseudonym.encode() in held
    for hidden in (CANARY.encode(), person.key, person.key.hex().encode(), secret):
        assert not [value for value in held if hidden in value]
    assert key_place.master_file.stat().st_mode & 0o777 == 0o600


def test_deleting_unlinks_for_good(store):
    person = store.obtain("shop", "ann")
    store.obtain("shop", "bob")
    assert store.delete("shop", "ann") == person.pseudonym
    assert store.find("shop", "ann") is None
    assert store.behind(person.pseudonym) is None
    assert [(stone.tenant, stone.pseudonym) for stone in store.tombstones()] == [("shop", person.pseudonym)]
    assert store.tombstones(int(time.time()) + 60) == []
    assert store.delete("shop", "ann") is None
    again = store.obtain("shop", "ann")
    assert again.pseudonym != person.pseudonym
    assert again.key != person.key
    with pytest.raises(KeyGone):
        store.spend(person)
    assert store.forget(again.pseudonym)
    assert not store.forget(again.pseudonym)
    assert len(store.tombstones()) == 2


def test_a_wrapped_key_opens_nowhere_else(store):
    ann, bob = store.obtain("shop", "ann"), store.obtain("shop", "bob")
    with store.database.transaction() as session:
        session.execute(
            "UPDATE people SET wrapped = (SELECT wrapped FROM people WHERE pseudonym = ?) WHERE pseudonym = ?",
            (ann.pseudonym, bob.pseudonym),
        )
    with pytest.raises(SealBroken):
        store.find("shop", "bob")
    assert store.find("shop", "ann") == ann


def test_a_key_refuses_after_its_last_use(store, monkeypatch):
    monkeypatch.setattr("personal.keystore_sql.MAX_USES", 3)
    person = store.obtain("shop", "ann")
    for _ in range(3):
        store.spend(person)
    with pytest.raises(KeyWornOut):
        store.spend(person)


def test_a_transaction_that_fails_leaves_nothing(store):
    store.obtain("shop", "ann")
    before = everything(store)

    def fail() -> None:
        with store.database.transaction() as session:
            session.execute("DELETE FROM people")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert everything(store) == before


def test_a_rotation_leaves_every_key_as_it_was_and_the_old_master_key_opens_nothing(key_place, store):
    people = {n: store.obtain("shop", f"person {n}") for n in range(450)}
    secret = store.secret("sessions")
    old = key_place.master_file.read_text()
    reader = key_place.opened()
    assert reader.find("shop", "person 0") == people[0]  # has read the old master key only
    done = store.rotate()
    assert (done.version, done.rewrapped) == (2, 450)
    for n, person in people.items():
        assert reader.find("shop", f"person {n}") == person
    assert reader.obtain("shop", "new").pseudonym
    assert store.secret("sessions") == secret == key_place.opened().secret("sessions")
    stale = MasterKeys(text=old)
    with store.database.snapshot() as session:
        rows = session.execute("SELECT version, wrapped FROM people").fetchall()
        rows += session.execute("SELECT version, wrapped FROM state WHERE name = 'root'").fetchall()
    assert {row[0] for row in rows} == {2}
    for version, blob in rows[:20]:
        with pytest.raises(UnknownMasterKey):
            stale.unwrap(Wrapped(version, blob), b"")
    with pytest.raises(UnknownMasterKey):
        key_place.opened(stale).find("shop", "person 0")


def test_the_command_makes_the_next_master_key_and_then_rotates_to_it(key_place, store):
    ann = store.obtain("shop", "ann")
    told = []
    for arguments in (["--prepare"], ["--prepare"], []):
        command = ["keys", "rotate", *arguments, "--json"]
        done = CliRunner().invoke(build(), command, env=key_place.settings())
        assert done.exit_code == 0, done.stderr
        told.append(json.loads(done.stdout))
        assert store.find("shop", "ann") == ann
        if arguments:
            assert list(json.loads(key_place.master_file.read_text())["keys"]) == ["1", "2"]
    assert told == [{"version": 2}, {"version": 2}, {"version": 2, "rewrapped": 1}]
    assert list(json.loads(key_place.master_file.read_text())["keys"]) == ["2"]


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_rotation_survives_being_killed_while_others_read_and_write(key_place, store, kills):
    """Whatever step it is killed at, every key is readable before, between and after, and running it again ends it."""
    people = {n: store.obtain("shop", f"person {n}") for n in range(60)}
    made: dict[str, str] = {}
    old = key_place.master_file.read_text()
    failures: list[Exception] = []
    reads = [0, 0]
    stop = threading.Event()

    def use(number: int) -> None:
        mine = key_place.opened()
        count = 0
        try:
            while not stop.is_set():
                n = (number * 7 + count) % len(people)
                assert mine.find("shop", f"person {n}") == people[n]
                if count % 50 == 0:
                    made[f"new {number} {count}"] = mine.obtain("shop", f"new {number} {count}").pseudonym
                count += 1
        except Exception as error:  # noqa: BLE001 - the main thread shows it
            failures.append(error)
        finally:
            reads[number] = count

    users = [threading.Thread(target=use, args=(number,)) for number in range(2)]
    for user in users:
        user.start()
    slowly = (
        "module._BATCH = 5\n"
        "step = module.SqlKeyStore._rewrapped\n"
        "def slow(self, version):\n"
        "    print('step', flush=True)\n    time.sleep(0.002)\n    return step(self, version)\n"
        "module.SqlKeyStore._rewrapped = slow\n"
        "print('began', flush=True)\nstore.rotate()\nprint('done', flush=True)\n"
    )
    for kill in range(kills):
        worker = key_place.run(slowly)
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
    assert min(reads) > 0
    assert done.version >= 2
    store.rotate()
    assert list(json.loads(key_place.master_file.read_text())["keys"]) == [str(done.version + 1)]
    for n, person in people.items():
        assert store.find("shop", f"person {n}") == person
    for subject, pseudonym in made.items():
        found = store.find("shop", subject)
        assert found is not None
        assert found.pseudonym == pseudonym
    with store.database.snapshot() as session:
        assert session.execute("SELECT DISTINCT version FROM people").fetchall() == [(done.version + 1,)]
    with pytest.raises(UnknownMasterKey):
        key_place.opened(MasterKeys(text=old)).find("shop", "person 0")
    print(f"{kills} kills, {sum(reads)} reads, {len(made)} people made meanwhile, 0 failures")  # noqa: T201


def test_master_keys_of_the_environment_are_the_operators(key_place):
    keys = {"1": base64.b64encode(bytes(range(128, 160))).decode()}
    store = key_place.opened(MasterKeys(text=json.dumps({"keys": keys})))
    person = store.obtain("shop", "ann")
    assert store.rotate().rewrapped == 0  # no newer one was given
    keys["2"] = base64.b64encode(bytes(range(160, 192))).decode()
    store = key_place.opened(MasterKeys(text=json.dumps({"keys": keys})))
    assert store.obtain("shop", "bob")
    assert store.rotate().rewrapped == 2
    del keys["1"]
    store = key_place.opened(MasterKeys(text=json.dumps({"keys": keys})))
    assert store.find("shop", "ann") == person


def test_a_machine_with_another_master_key_of_that_number_is_refused(key_place, store):
    """Two machines that each made the next master key by themselves would wrap what the other cannot open."""
    ann = store.obtain("shop", "ann")
    other = KeyPlace(key_place.folder / "other machine", key_place.url)
    other.master_file.parent.mkdir(parents=True)
    other.master_file.write_text(key_place.master_file.read_text())
    elsewhere = key_place.opened(MasterKeys(other.master_file))
    assert elsewhere.find("shop", "ann") == ann
    store.rotate()
    before = other.master_file.read_text()
    for use in (elsewhere.rotate, lambda: elsewhere.find("shop", "ann"), lambda: elsewhere.obtain("shop", "new")):
        with pytest.raises(UnknownMasterKey, match="master key 2 is not here"):
            use()
    assert other.master_file.read_text() == before, "no second key of that number was made"
    keys = json.loads(before)["keys"] | {"2": base64.b64encode(bytes(range(160, 192))).decode()}
    other.master_file.write_text(json.dumps({"keys": keys}))
    for use in (elsewhere.rotate, lambda: elsewhere.obtain("shop", "new")):
        with pytest.raises(SecretUnusable, match="another than the key store's"):
            use()
    other.master_file.write_text(key_place.master_file.read_text())
    assert elsewhere.find("shop", "ann") == ann
    assert elsewhere.obtain("shop", "new").pseudonym == store.obtain("shop", "new").pseudonym


def test_a_master_key_that_was_made_anew_in_place_of_a_lost_one_is_named_as_that(key_place, store):
    ann, kept = store.obtain("shop", "ann"), key_place.master_file.read_text()
    key_place.master_file.unlink()
    anew = key_place.opened(MasterKeys(key_place.master_file))
    for use in (lambda: anew.find("shop", "ann"), lambda: anew.obtain("shop", "new"), lambda: anew.secret("visits")):
        with pytest.raises(OtherMasterKey, match="restore that one from a backup"):
            use()
    key_place.master_file.write_text(kept)
    assert anew.find("shop", "ann") == ann, "with the lost one back all is as before"
    assert store.find("shop", "new") is None, "nothing was wrapped by the other"


def test_what_is_wrong_with_keys_is_said_without_quoting_them():
    for text in ("", "{}", '{"keys": {}}', '{"keys": {"1": "c2hvcnQ="}}', '{"keys": {"0": "' + "A" * 43 + '="}}'):
        with pytest.raises(SecretUnusable) as caught:
            MasterKeys(text=text)
        assert "c2hvcnQ" not in str(caught.value)
    assert envelope.KEY_BYTES == 32

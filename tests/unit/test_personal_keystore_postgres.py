"""What is peculiar to a store of keys in PostgreSQL: a server that goes and comes, and an address with a password."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from personal.errors import KeyStoreUnusable
from personal.keystore_postgres import PAUSE_S, PostgresKeyStore
from personal.masterkeys import MasterKeys
from service.keystores import open_keystore
from service.settings import Settings
from tests.fixtures_servers import PASSWORD, Postgres, running_postgres
from tests.needs import postgres_binaries


@pytest.fixture
def own(postgres: Postgres) -> Iterator[Postgres]:
    """A server of the test's own, to be stopped and started."""
    binaries = postgres_binaries()
    assert binaries is not None
    with running_postgres(binaries) as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_is_gone_is_said_at_once_and_found_again(own, tmp_path, how):
    store = PostgresKeyStore(own.database(), MasterKeys(tmp_path / "master.json"))
    ann = store.obtain("shop", "ann")
    own.stop(how)
    for use in (
        lambda: store.find("shop", "ann"),
        lambda: store.obtain("shop", "new"),
        lambda: store.delete("shop", "ann"),
        lambda: store.spend(ann),
        store.tombstones,
        store.rotate,
    ):
        with pytest.raises(KeyStoreUnusable) as caught:
            use()
        assert PASSWORD not in str(caught.value)
    own.start()
    until = time.monotonic() + 60
    while True:  # nobody has to do anything but wait for the pause after a failure
        try:
            assert store.find("shop", "ann") == ann
            break
        except KeyStoreUnusable:
            assert time.monotonic() < until
            time.sleep(PAUSE_S / 4)
    own.stop(how)
    own.start()
    # The connections that were kept are dead: one of them is noticed and nobody is told.
    assert store.find("shop", "ann") == ann
    assert store.tombstones() == []
    store.close()


def test_a_store_whose_server_was_never_there_opens_when_it_comes(own, tmp_path):
    url = own.database()
    own.stop()
    store = PostgresKeyStore(url, MasterKeys(tmp_path / "master.json"))
    with pytest.raises(KeyStoreUnusable):
        store.secret("sessions")
    with pytest.raises(KeyStoreUnusable, match="did not answer just now"):
        store.secret("sessions")
    own.start()
    time.sleep(PAUSE_S)
    assert len(store.secret("sessions")) == 32
    store.close()


def test_more_threads_than_connections_wait_their_turn(postgres, tmp_path):
    store = PostgresKeyStore(postgres.database(), MasterKeys(tmp_path / "master.json"))
    found: list[str] = []

    def use(number: int) -> None:
        for n in range(10):
            found.append(store.obtain("shop", f"person {n}").pseudonym)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 240
    assert len(set(found)) == store.count() == 10
    store.close()


def test_the_address_is_read_from_a_setting_or_a_file_and_never_shown(postgres, tmp_path):
    url = postgres.database()
    file = tmp_path / "address"
    file.write_text(url + "\n")
    for settings in (Settings(home=tmp_path, keystore=url), Settings(home=tmp_path, keystore_file=file)):
        assert PASSWORD not in repr(settings)
        store = open_keystore(settings)
        assert isinstance(store, PostgresKeyStore)
        assert PASSWORD not in repr(store)
        assert store.obtain("shop", "ann")
        store.close()
    assert not (tmp_path / "keys").exists()
    wrong = url.replace(PASSWORD, "not-" + PASSWORD)
    broken = f"postgresql://keys:{PASSWORD}@127.0.0.1:port:port/x"
    mysql = f"mysql://keys:{PASSWORD}@127.0.0.1/x"
    for settings in (
        Settings(home=tmp_path, keystore=wrong),
        Settings(home=tmp_path, keystore=broken),
        Settings(home=tmp_path, keystore=mysql),
        Settings(home=tmp_path, keystore=url, keystore_file=file),
        Settings(home=tmp_path, keystore_file=tmp_path / "missing"),
    ):
        with pytest.raises(KeyStoreUnusable) as caught:
            open_keystore(settings).secret("sessions")
        assert PASSWORD not in str(caught.value)
        assert caught.value.__cause__ is None or PASSWORD not in str(caught.value.__cause__)

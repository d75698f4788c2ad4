"""Real servers that keys and allowances need where there are several machines: PostgreSQL and Redis, of Debian.

Each is started once a session in a folder of its own, on loopback, and ended with it.
"""

from __future__ import annotations

import itertools
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from personal.keystore_sql import SqlKeyStore
from plugin.engine.account import account_for_node
from plugin.engine.ports import free_ports
from tests.keyplaces import KeyPlace
from tests.needs import postgres_binaries, redis_server

PASSWORD = "canary-of-the-tests"


def answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a port takes connections."""
    until = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


@dataclass
class Postgres:
    """A server in a folder; the account that root hands it to owns it.

    Attributes:
        folder: of its data.
        port: on loopback.
        process: while it runs.
    """

    folder: Path
    binaries: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def make(self) -> None:
        """Make the data folder."""
        given = self.folder / "password"
        given.write_text(PASSWORD)
        account = account_for_node()
        if account is not None:
            account.own(self.folder)
        command = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "keys", "--pwfile", given]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as())

    def start(self) -> None:
        """Start it and wait until it takes connections and has recovered."""
        import psycopg

        log = self.folder / "server.log"
        command = [self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        command += ["-k", self.folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with log.open("ab") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=self.folder, **self._as())
        answers(self.port, self.process, log)
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends sessions at once, SIGQUIT without a shutdown, as a crash would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://keys:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The address of a new, empty database."""
        import psycopg

        name = f"keys{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _as(self) -> dict[str, Any]:
        account = account_for_node()
        return account.popen() if account is not None else {}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (bash tests/system-packages.sh)")
    with running_postgres(binaries) as server:
        yield server


@contextmanager
def running_postgres(binaries: Path) -> Iterator[Postgres]:
    """A PostgreSQL of one's own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hybridrank-postgres-"))
    server = Postgres(folder, binaries, free_ports(1)[0])
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@dataclass
class Redis:
    """A server that keeps nothing on a disk.

    Attributes:
        folder: of its log.
        port: on loopback.
        process: while it runs.
    """

    folder: Path
    program: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = self.folder / f"redis-{self.port}.log"
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self.folder), "--requirepass", PASSWORD]
        with log.open("ab") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream)
        answers(self.port, self.process, log)

    def stop(self) -> None:
        """Kill it: it has nothing to put down."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
            self.process = None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A running Redis of the test's own."""
    program = redis_server()
    if program is None:
        pytest.skip("redis-server is not installed (bash tests/system-packages.sh)")
    server = Redis(tmp_path, program, free_ports(1)[0])
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def key_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyPlace]:
    """Each place in turn, empty."""
    url = None
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database()
    found = KeyPlace(tmp_path, url)
    yield found
    found.close()


@pytest.fixture
def store(key_place: KeyPlace) -> SqlKeyStore:
    """A store in it."""
    return key_place.opened()

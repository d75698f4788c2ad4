"""Leader and shops as processes and threads of their own, over TLS on the loopback."""

import json
import subprocess
import sys
import threading
import time

import pytest

from ranker.errors import TrainingDataError
from ranker.folder import read_config
from ranker.model import Ranker
from ranker.training.federated.node import Node
from ranker.training.federated.rounds import federate
from ranker.training.federated.shop import digest_of, weights_of
from ranker.training.methods import method_of
from ranker.windows import write_windows
from service.federated.wire import WireGrid, answer_until_done
from tests.unit.training_help import colour_windows, save_small

from .help import HEAD, Authority, agreed, apart, nodes_of, shops, start, train

PATIENCE = 120.0


ONE_AT_A_TIME = threading.Lock()
"""Threads of one process share torch's chance; shops that are processes do not."""


class InTurn(Node):
    """A node of a process that has several."""

    def answer(self, message):
        with ONE_AT_A_TIME:
            return super().answer(message)


def answering(port, certificates, shop, failures):
    def run():
        try:
            answer_until_done(f"127.0.0.1:{port}", certificates, InTurn(0, shop), patience=PATIENCE)
        except TrainingDataError as error:
            failures.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("secure", [False, True])
def test_over_the_wire_comes_what_comes_in_one_process(tmp_path, secure):
    authority, failures = Authority(tmp_path / "ca"), []
    settings = agreed(3, secure=secure)
    model = start()[0]
    digest = digest_of(model)
    method_of(model, HEAD, 1)
    with WireGrid("127.0.0.1:0", authority.certificate("leader"), patience=PATIENCE, most=3) as grid:
        found = shops(3, secure=secure)
        threads = [answering(grid.port, authority.certificate(shop.name), shop, failures) for shop in found]
        grid.wait_for(3)
        result = federate(grid, weights_of(model), settings, digest, ready=grid.wait_for)
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == []
    assert result.rounds[0].taken == ("shop0", "shop1", "shop2")
    expected = train(nodes_of(shops(3)), agreed(3)).weights
    assert apart(result.weights, expected) < (2e-4 if secure else 1e-6)


def test_who_has_no_certificate_of_the_authority_is_not_let_in_and_a_name_is_let_in_once(tmp_path):
    authority, stranger, failures = Authority(tmp_path / "ca"), Authority(tmp_path / "other"), []
    with WireGrid("127.0.0.1:0", authority.certificate("leader"), patience=PATIENCE, most=3) as grid:
        address = f"127.0.0.1:{grid.port}"
        first, second = shops(2)
        thread = answering(grid.port, authority.certificate("twin"), first, failures)
        grid.wait_for(1)
        with pytest.raises(TrainingDataError, match="is here already"):
            answer_until_done(address, authority.certificate("twin"), Node(0, second), patience=PATIENCE)
        with pytest.raises(TrainingDataError, match=r"no secure connection|broke off"):
            answer_until_done(address, stranger.certificate("shop1"), Node(0, second), patience=3.0)
        assert len(list(grid.get_node_ids())) == 1
    thread.join(PATIENCE)
    assert failures == []


def test_certificates_that_are_none_are_named(tmp_path):
    made = Authority(tmp_path / "ca").certificate("leader")
    made.key.write_text("nothing")
    with pytest.raises(TrainingDataError, match=r"key: .* is no PEM file"):
        made.read()


def command(*words: object, quiet: bool = False):
    where = subprocess.DEVNULL if quiet else subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "service", "train", "federated", *map(str, words)], stdout=where, stderr=where, text=True
    )


def papers(certificates):
    return ("--authority", certificates.authority, "--certificate", certificates.own, "--key", certificates.key)


@pytest.mark.slow
def test_processes_train_a_model_that_is_served_and_one_of_them_is_killed(tmp_path):
    authority = Authority(tmp_path / "ca")
    save_small(tmp_path / "start")
    windows = colour_windows()
    for number in range(4):
        write_windows(tmp_path / f"shop{number}.jsonl", windows[number::4])
    out = tmp_path / "model"
    leader = command(
        "lead", "127.0.0.1:0", "--out", out, "--shops", 4, "--secure", "--rounds", 12, "--start", tmp_path / "start",
        "--head-rate", 0.01, "--threads", 1, "--patience", 300, "--json", *papers(authority.certificate("leader")),
    )  # fmt: skip
    port = leader.stderr.readline().split()[-1]
    joined = [
        command(
            "join", f"127.0.0.1:{port}", tmp_path / f"shop{number}.jsonl", "--secure", "--start", tmp_path / "start",
            "--patience", 300, *papers(authority.certificate(f"shop{number}")), quiet=True,
        )
        for number in range(4)
    ]  # fmt: skip
    assert leader.stderr.readline().startswith("round 1/12: 4 shops")
    joined[3].kill()
    said, lines = leader.communicate(timeout=300)
    assert leader.returncode == 0, lines
    for one in joined[:3]:
        assert one.wait(60) == 0
    joined[3].wait(60)
    told = json.loads(said)["federated"]
    assert [len(one["taken"]) for one in told["rounds"]][-1] == 3
    assert all(len(one["taken"]) >= 3 for one in told["rounds"])
    config = read_config(out)
    assert config.people is None
    assert config.training["federated"]["secure"] is True
    card = (out / "README.md").read_text("utf-8")
    assert "4 shops trained it together in 12 rounds" in card
    assert "| shop3 | 7 | `colours` |" in card
    ranked = Ranker(out, threads=1).rank(windows[0].query, windows[0].candidates, deadline=time.monotonic() + 60)
    assert {item.id for item in ranked.items} == {item.id for item in windows[0].candidates}


def test_both_at_once_is_refused_on_the_command_line(tmp_path):
    asked = command("simulate", *["a.jsonl"] * 5, "--secure", "--rule", "krum", "--out", tmp_path / "out")
    _, said = asked.communicate(timeout=120)
    assert asked.returncode == 2
    assert "exclude each other" in said

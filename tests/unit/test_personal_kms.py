"""Master keys that a KMS wraps; here openssl, with a key pair whose private half only those who unwrap need."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from typer.testing import CliRunner

from personal.errors import SecretUnusable
from personal.kms import CommandKms
from personal.masterkeys import MasterKeys, seal
from service.cli import build
from service.keystores import open_keystore
from service.settings import Settings
from tests.keyplaces import KeyPlace

OAEP = "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """The commands that wrap and unwrap."""
    folder = tmp_path_factory.mktemp("kms")
    private, public = folder / "private.pem", folder / "public.pem"
    generate = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", str(private)]
    subprocess.run(generate, check=True, capture_output=True)
    told = ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)]
    subprocess.run(told, check=True, capture_output=True)
    return {
        "kms_wrap": f"openssl pkeyutl -encrypt -pubin -inkey {public} {OAEP}",
        "kms_unwrap": f"openssl pkeyutl -decrypt -inkey {private} {OAEP}",
    }


@pytest.fixture
def kms(commands):
    return CommandKms(wrap=commands["kms_wrap"].split(), unwrap=commands["kms_unwrap"].split())


def test_no_master_key_lies_on_the_disk_in_the_clear(tmp_path, kms):
    place = KeyPlace(tmp_path, None)
    store = place.opened(MasterKeys(place.master_file, kms=kms))
    ann = store.obtain("shop", "ann")
    first = place.master_file.read_text()
    assert list(json.loads(first)) == ["wrapped"]
    assert store.rotate().rewrapped == 1
    assert store.find("shop", "ann") == ann
    held = json.loads(place.master_file.read_text())["wrapped"]
    assert list(held) == ["2"]
    assert len(kms.unwrap(base64.b64decode(held["2"]))) == 32
    assert place.opened(MasterKeys(place.master_file, kms=kms)).find("shop", "ann") == ann
    with pytest.raises(SecretUnusable, match="HYBRIDRANK_KMS_UNWRAP"):
        MasterKeys(place.master_file)
    place.close()


def test_a_machine_that_only_unwraps_serves_and_does_not_rotate(tmp_path, kms, commands):
    place = KeyPlace(tmp_path, None)
    ann = place.opened(MasterKeys(place.master_file, kms=kms)).obtain("shop", "ann")
    reading = CommandKms(wrap=None, unwrap=commands["kms_unwrap"].split())
    store = place.opened(MasterKeys(place.master_file, kms=reading))
    assert store.find("shop", "ann") == ann
    with pytest.raises(SecretUnusable, match="HYBRIDRANK_KMS_WRAP"):
        store.rotate()
    assert store.find("shop", "ann") == ann
    with pytest.raises(SecretUnusable, match="HYBRIDRANK_KMS_WRAP"):
        MasterKeys(tmp_path / "another.json", kms=reading)
    place.close()


def test_master_keys_in_the_clear_are_sealed_by_a_command(tmp_path, commands):
    plain = Settings(home=tmp_path)
    store = open_keystore(plain)
    ann = store.obtain("shop", "ann")
    store.close()
    before = json.loads(plain.master_keys_path.read_text())["keys"]["1"]
    wrapped = Settings(home=tmp_path, **commands)
    with pytest.raises(SecretUnusable, match="keys seal"):
        open_keystore(wrapped)
    environment = {f"HYBRIDRANK_{name.upper()}": value for name, value in commands.items()}
    environment["HYBRIDRANK_HOME"] = str(tmp_path)
    done = CliRunner().invoke(build(), ["keys", "seal", "--json"], env=environment)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["versions"] == [1]
    assert before not in plain.master_keys_path.read_text()
    assert plain.master_keys_path.stat().st_mode & 0o077 == 0
    store = open_keystore(wrapped)
    assert store.find("shop", "ann") == ann
    store.close()
    assert CliRunner().invoke(build(), ["keys", "seal"], env=environment).exit_code == 1


@pytest.mark.parametrize(
    ("wrap", "unwrap", "words"),
    [
        ("cat", "cat", "gives the key back as it is"),
        ("openssl dgst -sha256 -binary", "cat", "does not open what"),
        ("false", "cat", "ended with status 1"),
        ("true", "cat", "ended with 0 bytes"),
        ("no-such-program-here", "cat", "cannot be run"),
    ],
)
def test_a_command_that_does_not_wrap_is_noticed_before_anything_is_written(tmp_path, wrap, unwrap, words):
    kms = CommandKms(wrap=wrap.split(), unwrap=unwrap.split())
    path = tmp_path / "master.json"
    with pytest.raises(SecretUnusable, match=words):
        MasterKeys(path, kms=kms)
    assert not path.exists()
    MasterKeys(path)
    before = path.read_text()
    with pytest.raises(SecretUnusable, match=words):
        seal(path, kms)
    assert path.read_text() == before


def test_a_kms_that_is_gone_is_said_and_nothing_is_quoted(tmp_path, kms, commands):
    path = tmp_path / "master.json"
    MasterKeys(path, kms=kms)
    quoting = ["sh", "-c", "cat >&2; exit 3"]
    with pytest.raises(SecretUnusable, match="status 3") as caught:
        MasterKeys(path, kms=CommandKms(wrap=None, unwrap=quoting))
    assert json.loads(path.read_text())["wrapped"]["1"] not in str(caught.value)
    with pytest.raises(SecretUnusable, match="beside it"):
        open_keystore(Settings(home=tmp_path, kms_wrap=commands["kms_wrap"]))
    with pytest.raises(SecretUnusable, match="quotation"):
        open_keystore(Settings(home=tmp_path, kms_unwrap="openssl 'broken"))

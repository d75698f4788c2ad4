"""Keys and pictures: what lies in files."""

import json
import stat

import pytest

from service import keys
from service.keys import Caller, KeyRing, KeysError
from service.media import Media, of_catalogue


def test_a_new_key_is_known_and_only_its_digest_is_kept(tmp_path):
    file = tmp_path / "state" / "keys.json"
    key = keys.add(file, tenant="acme", role="shop")
    assert KeyRing(file).caller(key) == Caller("acme", "shop")
    assert key not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_other_keys_are_not_known(tmp_path):
    file = tmp_path / "keys.json"
    key = keys.add(file, tenant="acme", role="shop")
    ring = KeyRing(file)
    for wrong in ("", key[:-1], key + "a", key.upper(), "\udc80", json.loads(file.read_text())["keys"][0]["sha256"]):
        assert ring.caller(wrong) is None


def test_keys_come_and_go_without_a_restart(tmp_path):
    file = tmp_path / "keys.json"
    first = keys.add(file, tenant="acme", role="shop")
    ring = KeyRing(file)
    second = keys.add(file, tenant="acme", role="metrics")
    assert ring.caller(second) == Caller("acme", "metrics")
    stored = json.loads(file.read_text())
    stored["keys"] = stored["keys"][1:]
    file.write_text(json.dumps(stored))
    assert ring.caller(first) is None
    assert ring.caller(second) is not None
    file.unlink()
    with pytest.raises(KeysError):
        ring.caller(second)


SHORT = '{"keys": [{"sha256": "x", "tenant": "a", "role": "shop"}]}'


@pytest.mark.parametrize("text", ["", "{", '{"keys": 1}', SHORT, '{"keys": []}'])
def test_a_file_that_lets_nobody_in_is_refused(tmp_path, text):
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(KeysError, match=r"keys\.json"):
        KeyRing(file)


def test_only_pictures_that_the_catalogue_names_below_its_folder(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    (images / "a.png").write_bytes(b"png")
    (images / "notes.txt").write_text("no picture")
    (tmp_path / "secret.png").write_bytes(b"secret")
    products = [
        {"id": "1", "image": "a.png"},
        {"id": "2", "image": "../secret.png"},
        {"id": "3", "image": str(tmp_path / "secret.png")},
        {"id": "4", "image": "notes.txt"},
        {"id": "5", "image": "missing.png"},
        {"id": "6", "image": "https://example.com/a.png"},
        {"id": "7"},
        {"id": "8", "image": ["a.png", "b.png"]},
    ]
    file = tmp_path / "products.jsonl"
    file.write_text("\n".join(json.dumps(product) for product in products))
    found = of_catalogue(file, images)
    assert found == {"1": images / "a.png", "8": images / "a.png"}
    media = Media({"products": found})
    assert media.picture("products", "1") == images / "a.png"
    assert media.picture("products", "../secret.png") is None
    assert media.picture("other", "1") is None

"""From what a catalogue writes to bytes, and what is left out."""

import base64

import pytest

from indexer.mediasources import MAX_PICTURES, MediaSources, data_uri
from indexer.webpictures import WebPictures
from multimodal.errors import BadPicture, BadVideo

PNG = base64.b64encode(b"some bytes").decode()


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    (images / "a.png").write_bytes(b"a")
    (images / "a.mp4").write_bytes(b"v")
    (tmp_path / "secret").write_bytes(b"s")
    (images / "link.png").symlink_to(tmp_path / "secret")
    return images


def test_pictures_come_by_path_and_data_uri(folder):
    media = MediaSources(folder)
    assert media.picture("a.png") == media.picture(str(folder / "a.png")) == b"a"
    assert media.picture(f"data:image/png;base64,{PNG}") == media.picture(f"DATA:;BASE64,{PNG}") == b"some bytes"
    assert media.picture("data:,a%20b") == b"a b"
    assert media.clip("a.mp4") == (folder / "a.mp4").resolve()


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("b.png", "no such file"),
        ("../secret", "leads out"),
        ("/etc/passwd", "leads out"),
        ("link.png", "leads out"),
        (".", "no such file"),
        ("ftp://host/a.png", "neither"),
        ("file:///etc/passwd", "neither"),
        ("a\x00.png", "no such file"),
        ("data:image/png;base64,AB=C", "base64 is broken"),
        ("data:image/png;base64", "no data URI"),
        ("https://shop.test/a.png", "allowed hosts"),
    ],
)
def test_references_that_cannot_be_read(folder, reference, reason):
    with pytest.raises(BadPicture, match=reason):
        MediaSources(folder).picture(reference)


def test_clips_come_by_path_only(folder):
    for reference in ("https://shop.test/a.mp4", "../secret", "b.mp4"):
        with pytest.raises(BadVideo):
            MediaSources(folder).clip(reference)


def test_what_is_read_depends_on_what_the_run_was_given(folder):
    source = {"image": ["a.png", "https://shop.test/a.png", "data:,x"], "video": ["a.mp4", "https://shop.test/a.mp4"]}
    nothing = MediaSources().chosen(source)
    assert ([one for _, one in nothing.pictures], nothing.clips, nothing.left_out) == (["data:,x"], (), 4)
    paths = MediaSources(folder).chosen(source)
    assert ([place for place, _ in paths.pictures], paths.clips, paths.left_out) == ([0, 2], ((0, "a.mp4"),), 2)
    web = MediaSources(folder, WebPictures(["shop.test"])).chosen(source)
    assert ([place for place, _ in web.pictures], web.left_out) == ([0, 1, 2], 1)
    many = MediaSources(folder).chosen({"image": ["a.png"] * (MAX_PICTURES + 3)})
    assert (len(many.pictures), many.left_out) == (MAX_PICTURES, 3)


def test_a_digest_follows_the_content_of_files_and_the_words_of_urls(folder):
    media = MediaSources(folder)
    source = {"image": ["a.png", "data:,x"]}
    first = media.digest(source)
    assert first == media.digest(dict(source))
    (folder / "a.png").write_bytes(b"b")
    changed = media.digest(source)
    assert len({first, changed, media.digest({"image": ["data:,x", "a.png"]})}) == 3
    assert media.digest({"image": ["absent.png"]})
    assert media.digest({}) == ""
    assert MediaSources().digest({"image": ["a.png"]}) is None
    assert MediaSources().digest(source) is not None


def test_a_data_uri_is_bounded(monkeypatch):
    with pytest.raises(BadPicture, match="more than"):
        data_uri("data:image/png;base64," + "A" * (61 * 1024 * 1024))

"""Frames of generated clips: when they are taken, what is refused, and which one a query means."""

from contextlib import suppress

import av
import numpy as np
import pytest
from PIL import Image

from multimodal.errors import BadVideo
from multimodal.video import ClipLimits, ClipVectors, encode_clip, frames

COLOURS = ["red", "lime", "blue", "yellow", "white", "black"]
RATE = 10


def write(path, pictures, codec="mpeg4"):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path


def scenes(seconds):
    """Cuts between plain colours, each shown for so many seconds."""
    return [
        Image.new("RGB", (64, 48), colour)
        for colour, length in zip(COLOURS, seconds, strict=False)
        for _ in range(round(length * RATE))
    ]


class Mean:
    """A picture's vector is its mean colour: as plain as an encoder can be, for colours tell the scenes apart."""

    def encode_images(self, images):
        rows = np.array([[*np.asarray(one).reshape(-1, 3).mean(axis=0), 40.0] for one in images], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "mov"])
def test_frames_come_each_second_and_after_each_cut(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", scenes([1.5, 2.2, 0.3, 1.0]))
    found = [round(frame.seconds, 1) for frame in frames(path)]
    assert {0.0, 1.0, 1.5, 2.5, 3.5, 3.7, 4.0} <= set(found)
    assert found == sorted(found)
    assert len(found) <= 9


def test_a_pan_is_no_row_of_cuts(tmp_path):
    wide = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 400, 3), np.uint8)).resize((1600, 48))
    path = write(tmp_path / "pan.mp4", [wide.crop((x, 0, x + 64, 48)) for x in range(0, 300, 5)])
    assert len(list(frames(path))) <= 9


def test_the_moment_of_a_colour_is_found_to_within_a_second(tmp_path):
    lengths = [3.0, 2.0, 4.0, 1.0, 2.5, 3.0]
    clip = encode_clip(write(tmp_path / "a.mp4", scenes(lengths)), Mean())
    starts = np.cumsum([0.0, *lengths])
    for place, colour in enumerate(COLOURS):
        (query,) = Mean().encode_images([Image.new("RGB", (8, 8), colour)])
        second, cosine = clip.best(query)
        assert starts[place] - 1 <= second <= starts[place + 1] + 1
        assert cosine > 0.95
    assert np.linalg.norm(clip.pooled) == pytest.approx(1.0, abs=1e-5)


def test_a_long_clip_keeps_no_more_frames_than_allowed(tmp_path):
    path = write(tmp_path / "a.mp4", scenes([20.0, 20.0, 20.0]))
    found = list(frames(path, ClipLimits(frames=8)))
    assert len(found) <= 8
    assert found[-1].seconds > 40


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (ClipLimits(bytes=100), "bytes"),
        (ClipLimits(seconds=0.5), "long|show"),
        (ClipLimits(pixels=100), "pixels"),
        (ClipLimits(work_s=0.0), "decode"),
    ],
)
def test_limits_of_clips(tmp_path, limits, reason):
    path = write(tmp_path / "a.mp4", scenes([1.0]))
    with pytest.raises(BadVideo, match=reason):
        list(frames(path, limits))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no clip at all, only words",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500,
        b"\x1a\x45\xdf\xa3" + b"\xff" * 500,
        b"RIFF\x00\x00\x00\x00AVI " + b"\x01" * 500,
    ],
)
def test_files_that_are_no_clips(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(BadVideo):
        list(frames(path))
    with pytest.raises(BadVideo):
        list(frames(tmp_path / "absent.mp4"))


def test_half_a_clip_gives_its_frames_or_is_refused_but_never_crashes(tmp_path):
    data = write(tmp_path / "a.mkv", scenes([2.0, 2.0])).read_bytes()
    for share in (0.2, 0.5, 0.9):
        path = tmp_path / "cut.mkv"
        path.write_bytes(data[: int(len(data) * share)])
        seconds: list[float] = []
        with suppress(BadVideo):
            seconds.extend(frame.seconds for frame in frames(path))
        assert all(second < 4 for second in seconds)


def test_the_best_frame_is_the_one_with_the_highest_cosine():
    clip = ClipVectors(np.array([0.0, 1.5, 3.0], np.float32), np.eye(3, dtype=np.float32))
    assert clip.best(np.array([0.0, 0.1, 0.9], np.float32)) == (3.0, pytest.approx(0.9))

"""Frames of a clip: one a second or so, and one after each cut; needs the ``video`` extra (PyAV).

A clip is opened by what its first bytes say it is, as that one container format and through a stream of ours, so no
list of other files or addresses inside it is ever followed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from .encoder import ImageEncoder, Vectors
from .errors import BadVideo, EncoderUnavailable


class ClipsUnavailable(EncoderUnavailable):
    """The library that reads clips is not installed."""


THUMB = 16
"""Side of the thumbnail that two frames are compared by."""
SUDDEN = 4.0
"""A cut changes this many times as much as the frames before it did on average: a pan changes much, but steadily."""


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """How large a clip may be, and how much of it is looked at.

    Attributes:
        bytes: of the file.
        seconds: of the clip.
        pixels: of a frame.
        frames: how many are kept.
        every: seconds between two frames that are kept; longer where the clip has more than ``frames`` of these.
        cut: mean change of a sample, 0..1, between two neighbours below which it is never a cut.
        work_s: seconds that decoding one clip may take.
    """

    bytes: int = 512 * 1024 * 1024
    seconds: float = 600.0
    pixels: int = 4096 * 2304
    frames: int = 64
    every: float = 1.0
    cut: float = 0.02
    work_s: float = 120.0


DEFAULT_LIMITS = ClipLimits()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a clip: when it is shown, in seconds from the start, and its picture in RGB."""

    seconds: float
    picture: Image


@dataclass(frozen=True, slots=True)
class ClipVectors:
    """What a clip looks like over time.

    Attributes:
        seconds: when each frame is shown, ascending, shape (frames,).
        vectors: one unit vector a frame, shape (frames, dimension).
    """

    seconds: NDArray[np.float32]
    vectors: Vectors

    @property
    def pooled(self) -> NDArray[np.float32]:
        """One unit vector for the whole clip: the mean of its frames."""
        mean = self.vectors.mean(axis=0)
        result: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return result

    def best(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """The frame nearest to a unit vector: (its second, its cosine)."""
        cosines = self.vectors @ query
        place = int(np.argmax(cosines))
        return float(self.seconds[place]), float(cosines[place])


def encode_clip(path: Path, encoder: ImageEncoder, limits: ClipLimits = DEFAULT_LIMITS) -> ClipVectors:
    """Encode a clip's frames; raises as :func:`frames` does."""
    seconds: list[float] = []
    rows: list[Vectors] = []
    for frame in frames(path, limits):
        seconds.append(frame.seconds)
        rows.append(encoder.encode_images([frame.picture]))
    return ClipVectors(np.array(seconds, np.float32), np.concatenate(rows))


def frames(path: Path, limits: ClipLimits = DEFAULT_LIMITS) -> Iterator[Frame]:
    """Choose frames of a clip: the first, then one every so many seconds, and one right after each cut.

    Raises:
        BadVideo: no clip, a broken one, or one beyond the limits.
        ClipsUnavailable: the extra is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ClipsUnavailable("clips need PyAV; pip install 'hybridrank[video]'") from error
    kind = _container(path, limits)
    try:
        with path.open("rb") as stream, av.open(stream, format=kind, metadata_errors="ignore") as container:
            yield from _chosen(container, limits)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        if isinstance(error, BadVideo):
            raise
        raise BadVideo(f"is broken or cut off ({type(error).__name__})") from None


def _container(path: Path, limits: ClipLimits) -> str:
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise BadVideo(f"the file cannot be read ({type(error).__name__})") from None
    if size > limits.bytes:
        raise BadVideo(f"has {size} bytes, more than {limits.bytes}")
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    raise BadVideo("is none of MP4, MOV, WebM, Matroska, AVI")


def _chosen(container: Any, limits: ClipLimits) -> Iterator[Frame]:
    if not container.streams.video:
        raise BadVideo("has no pictures")
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    length = float(container.duration or 0) / 1_000_000
    if length > limits.seconds:
        raise BadVideo(f"is {length:.0f} s long, more than {limits.seconds:.0f}")
    if stream.codec_context.width * stream.codec_context.height > limits.pixels:
        raise BadVideo(f"its frames have more than {limits.pixels} pixels")
    # Half of the frames are for the steady beat, so that cuts find room beside it.
    every = max(limits.every, length / (limits.frames / 2))
    until = time.monotonic() + limits.work_s
    cuts = _Cuts(limits.cut)
    kept, due, start = 0, 0.0, None
    for frame in container.decode(stream):
        if frame.time is None:
            continue
        start = frame.time if start is None else start
        now = frame.time - start
        if now > limits.seconds or time.monotonic() > until:
            raise BadVideo(f"takes longer than {limits.seconds:.0f} s to show, or {limits.work_s:.0f} s to decode")
        if frame.width * frame.height > limits.pixels:
            raise BadVideo(f"its frames have more than {limits.pixels} pixels")
        cut = cuts.sees(frame)
        # A beat of one second must not wait for the frame after it because of how times are rounded.
        if (now >= due - 0.01 or cut) and kept < limits.frames:
            kept += 1
            due = now + every
            yield Frame(now, frame.to_image())
    if kept == 0:
        raise BadVideo("has no frame that can be decoded")


class _Cuts:
    """Tells cuts from movement, frame by frame."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._before: NDArray[np.float32] | None = None
        self._usual: float | None = None

    def sees(self, frame: Any) -> bool:
        """Whether this frame is the first after a cut."""
        small = frame.reformat(THUMB, THUMB, "rgb24").to_ndarray().astype(np.float32) / 255.0
        before, self._before = self._before, small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        usual = change if self._usual is None else self._usual
        self._usual = 0.8 * usual + 0.2 * change
        return change > max(self._least, SUDDEN * usual)

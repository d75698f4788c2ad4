"""Pictures from strangers: what is read, what is refused, and that no file costs more memory than it may."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from multimodal.errors import BadPicture
from multimodal.pictures import PictureLimits, decode
from tests.hostile_pictures import hostile_pictures

LEFT, RIGHT = (220, 30, 30), (30, 30, 220)


def halves(mode="RGB", size=(64, 48)):
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RIGHT)
    picture.paste(LEFT, (0, 0, size[0] // 2, size[1]))
    return picture.convert(mode)


def saved(picture, form, **options):
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def close(found, wanted):
    return np.abs(np.array(found[:3], int) - np.array(wanted)).max() < 40


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("RGB", "PNG"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("RGB", "WEBP"),
        ("P", "GIF"),
        ("RGB", "AVIF"),
    ],
)
def test_every_format_and_mode_becomes_rgb(mode, form):
    found = decode(saved(halves(mode), form))
    assert (found.mode, found.size) == ("RGB", (64, 48))
    if mode != "L":
        assert close(found.getpixel((10, 20)), LEFT)
        assert close(found.getpixel((54, 20)), RIGHT)


@pytest.mark.parametrize(("orientation", "where"), [(1, (2, 20)), (3, (60, 20)), (6, (20, 2)), (8, (20, 60))])
def test_the_orientation_of_exif_is_applied(orientation, where):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(saved(halves(), "JPEG", exif=exif, quality=95))
    assert found.size == ((64, 48) if orientation in {1, 3} else (48, 64))
    assert close(found.getpixel(where), LEFT)


def test_broken_exif_costs_the_picture_nothing():
    assert decode(saved(halves(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")).size == (64, 48)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_is_transparent_shows_white(form):
    picture = halves("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    exactly = {"lossless": True} if form == "WEBP" else {}
    assert close(decode(saved(picture, form, **exactly)).getpixel((5, 5)), (255, 255, 255))


def test_a_palette_with_a_transparent_colour_shows_white_there():
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([10, 20, 30, 200, 0, 0])
    picture.putpixel((4, 4), 1)
    found = decode(saved(picture, "PNG", transparency=0))
    assert found.getpixel((0, 0)) == (255, 255, 255)
    assert found.getpixel((4, 4)) == (200, 0, 0)


def test_sixteen_bits_are_scaled_not_cut():
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    found = np.asarray(decode(saved(Image.fromarray(values), "PNG")))
    assert abs(int(found[32, 32, 0]) - 128) < 4


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(form):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (LEFT, RIGHT)]
    exactly = {"lossless": True} if form == "WEBP" else {}
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], **exactly)
    assert close(decode(data).getpixel((8, 8)), LEFT)


def test_a_large_jpeg_is_decoded_smaller_but_large_enough():
    found = decode(saved(halves(size=(3000, 2400)), "JPEG"))
    assert 512 <= min(found.size) < 1024
    assert close(found.getpixel((10, 10)), LEFT)


def test_limits_are_checked_before_pixels_are_made():
    data = saved(halves(), "PNG")
    for limits, reason in (
        (PictureLimits(bytes=10), "bytes"),
        (PictureLimits(side=63), "side"),
        (PictureLimits(pixels=64 * 48 - 1), "more than"),
    ):
        with pytest.raises(BadPicture, match=reason):
            decode(data, limits)
    assert decode(data, PictureLimits(side=64, pixels=64 * 48)).size == (64, 48)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_half_a_file_is_refused(form):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
    data = saved(noise, form)
    with pytest.raises(BadPicture):
        decode(data[: len(data) // 2])


def test_no_hostile_file_crashes_or_takes_512_mb(tmp_path):
    """In a process of its own, whose highest memory is that of the worst of the files."""
    files = hostile_pictures()
    assert len(files) >= 50
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile_pictures", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = dict(line.rsplit("\t", 1) for line in done.stdout.splitlines())
    assert lines.keys() == {*files, "peak_kb"}
    assert 20 * 1024 < int(lines["peak_kb"]) < 512 * 1024
    assert {kind for name, kind in lines.items() if name != "peak_kb"} <= {"read", "refused"}


def test_a_png_whose_header_promises_too_much():
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + header, b"IDAT" + b"\x00" * 100):
        data += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(BadPicture, match="pixels"):
        decode(data)

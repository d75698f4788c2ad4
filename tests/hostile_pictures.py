"""Fifty picture files that mean harm, or were harmed; ``python -m tests.hostile_pictures FOLDER`` decodes them."""

from __future__ import annotations

import io
import random
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image


def hostile_pictures() -> dict[str, bytes]:
    """File name to content."""
    files: dict[str, bytes] = {"empty.jpg": b"", "one-byte.png": b"\x89", "text.jpg": b"this is no picture\n" * 100}
    files |= _bombs() | _broken() | _mislabelled() | _odd()
    return files


def _save(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def _png(width: int, height: int, depth: int, kind: int, rows: bytes, *, extra: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def _bombs() -> dict[str, bytes]:
    files = {}
    for side in (5_000, 15_000, 30_000, 60_000):
        files[f"grey-{side}.png"] = _png(side, side, 1, 0, b"\x00" * min(4_000_000, side * side // 8))
    files["wide-100000.png"] = _png(100_000, 1, 8, 2, b"\x00" * 300_001)
    files["high-100000.png"] = _png(1, 100_000, 8, 2, b"\x00" * 400_000)
    files["rgba-16.png"] = _png(4_800, 4_800, 16, 6, b"\x00" * 1_000_000)
    files["more-rows-than-said.png"] = _png(8, 8, 8, 2, b"\x00" * 50_000_000)
    text = b"note\x00\x00" + zlib.compress(b"a" * 80_000_000, 9)
    body = b"zTXt" + text
    extra = struct.pack(">I", len(text)) + body + struct.pack(">I", zlib.crc32(body))
    files["text-bomb.png"] = _png(8, 8, 8, 2, b"\x00" * 25 * 8, extra=extra)
    profile = b"p\x00\x00" + zlib.compress(b"a" * 80_000_000, 9)
    body = b"iCCP" + profile
    extra = struct.pack(">I", len(profile)) + body + struct.pack(">I", zlib.crc32(body))
    files["profile-bomb.png"] = _png(8, 8, 8, 2, b"\x00" * 25 * 8, extra=extra)
    files["whole-24m.png"] = _save(Image.new("RGBA", (4_800, 4_800), (1, 2, 3, 4)), "PNG", compress_level=1)
    files["large.jpg"] = _save(Image.new("RGB", (7_000, 7_000)), "JPEG")
    files["large-progressive.jpg"] = _save(Image.new("RGB", (7_000, 7_000)), "JPEG", progressive=True, subsampling=0)
    files["cmyk-large.jpg"] = _save(Image.new("CMYK", (6_000, 6_000)), "JPEG")
    files["webp-16000.webp"] = _save(Image.new("RGB", (16_000, 1_400)), "WEBP")
    files["gif-screen.gif"] = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\x00\x00" + b"\x00" * 6 + b"\x3b"
    first = Image.new("P", (2_000, 2_000))
    files["gif-frames.gif"] = _save(first, "GIF", save_all=True, append_images=[first.copy() for _ in range(40)])
    # A JPEG whose frame header promises 65,500 by 65,500.
    small = bytearray(_save(Image.new("RGB", (16, 16)), "JPEG"))
    place = small.index(b"\xff\xc0")
    small[place + 5 : place + 9] = struct.pack(">HH", 65_500, 65_500)
    files["lying-header.jpg"] = bytes(small)
    return files


def _broken() -> dict[str, bytes]:
    files = {}
    noise = Image.frombytes("RGB", (128, 128), random.Random(1).randbytes(128 * 128 * 3))
    for form in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        data = _save(noise, form)
        for share in (0.1, 0.5, 0.95):
            files[f"cut-{share}.{form.lower()}"] = data[: int(len(data) * share)]
        rng = random.Random(form)
        harmed = bytearray(data)
        for _ in range(40):
            harmed[rng.randrange(20, len(harmed))] = rng.randrange(256)
        files[f"harmed.{form.lower()}"] = bytes(harmed)
    return files


def _mislabelled() -> dict[str, bytes]:
    small = Image.new("RGB", (16, 16), "red")
    files = {
        "really-png.jpg": _save(small, "PNG"),
        "really-tiff.jpg": _save(small, "TIFF"),
        "really-bmp.png": _save(small, "BMP"),
        "script.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "postscript.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n",
        "zip.png": b"PK\x03\x04" + b"\x00" * 200,
    }
    files["jpeg-with-archive.jpg"] = _save(small, "JPEG") + b"PK\x03\x04" + b"\x00" * 1000
    return files


def _odd() -> dict[str, bytes]:
    small = Image.new("RGB", (16, 16), "red")
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + b"\x12\x01\x03\x00\xff\xff\xff\xff\xff\xff\xff\xff" * 50
    return {
        "exif-loop.jpg": _save(small, "JPEG", exif=exif),
        "zero-size.png": _png(0, 0, 8, 2, b""),
        "no-data.png": _png(16, 16, 8, 2, b""),
        "palette-missing.png": _png(16, 16, 8, 3, b"\x00" * 17 * 16),
        "depth-wrong.png": _png(16, 16, 3, 2, b"\x00" * 500),
    }


def main(folder: Path) -> None:
    """Print what became of each file, and the highest memory of this process."""
    from multimodal.errors import BadPicture
    from multimodal.pictures import decode

    for file in sorted(folder.iterdir()):
        try:
            decode(file.read_bytes())
        except BadPicture:
            print(f"{file.name}\trefused")  # noqa: T201
        else:
            print(f"{file.name}\tread")  # noqa: T201
    # Of this program's own memory: what getrusage says includes the parent's, from before the exec.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"peak_kb\t{peak.split()[1]}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Pictures from strangers: the header is checked before a pixel is made, and every odd form is read on purpose.

What is decided here, once:

- The content says what a file is; its name and media type are not asked.
- Animated files stand for their first frame.
- The orientation of EXIF is applied. What is transparent shows white, as a shop's page does.
- 16-bit samples are scaled to 8 bit (Pillow would cut them off). CMYK is converted as Pillow does, without profiles.
- A truncated file is refused: half a picture is not the product's picture.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import BadPicture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""What is read; AVIF where Pillow was built with it."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture may be.

    Attributes:
        bytes: of the file.
        side: pixels of the longer side.
        pixels: of the whole. Decoding takes 4 to 8 bytes a pixel.
        jpeg_pixels: of a JPEG, which is decoded at a smaller scale and needs less.
        enough: pixels of the shorter side that a reader needs; larger JPEGs are decoded at 1/2, 1/4 or 1/8.
    """

    bytes: int = 20 * 1024 * 1024
    side: int = 20_000
    pixels: int = 24_000_000
    jpeg_pixels: int = 50_000_000
    enough: int = 512


DEFAULT_LIMITS = PictureLimits()


def decode(data: bytes, limits: PictureLimits = DEFAULT_LIMITS) -> Image.Image:
    """Read a picture.

    Args:
        data: a file of one of :data:`FORMATS`.
        limits: beyond them it is refused before it is decoded.

    Returns:
        RGB, upright. A large JPEG comes smaller than it is, its shorter side at least ``limits.enough``.

    Raises:
        BadPicture: no picture, a broken one, or one beyond the limits.
    """
    if not data:
        raise BadPicture("the file is empty")
    if len(data) > limits.bytes:
        raise BadPicture(f"has {len(data)} bytes, more than {limits.bytes}")
    with warnings.catch_warnings():
        # Pillow warns of what it reads past: odd EXIF, odd palettes, many pixels. The limits here are the decision.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                _check(opened, limits)
                return _upright(opened)
        except UnidentifiedImageError:
            raise BadPicture(f"is none of {', '.join(FORMATS)}") from None
        except Image.DecompressionBombError:
            raise BadPicture("has far too many pixels") from None
        except BadPicture:
            raise
        except (MemoryError, OverflowError):
            raise BadPicture("needs more memory than there is") from None
        except Exception as error:  # noqa: BLE001 - a decoder that a broken file runs against raises anything
            raise BadPicture(f"is broken or cut off ({type(error).__name__})") from None


def _check(opened: Image.Image, limits: PictureLimits) -> None:
    width, height = opened.size
    most = limits.jpeg_pixels if opened.format == "JPEG" else limits.pixels
    if width < 1 or height < 1:
        raise BadPicture("has no pixels")
    if max(width, height) > limits.side:
        raise BadPicture(f"is {width} by {height} pixels, a side is longer than {limits.side}")
    if width * height > most:
        raise BadPicture(f"is {width} by {height} pixels, more than {most}")
    if opened.format == "JPEG" and min(width, height) > limits.enough:
        scale = limits.enough / min(width, height)
        opened.draft(None, (int(width * scale), int(height * scale)))


def _upright(opened: Image.Image) -> Image.Image:
    opened.load()
    turned = _oriented(opened)
    # Copies are avoided: each is as large as the picture.
    if turned.mode.startswith("I") or turned.mode == "F":
        turned = _eight_bits(turned)
    if turned.has_transparency_data:
        layers = turned if turned.mode == "RGBA" else turned.convert("RGBA")
        ground = Image.new("RGB", layers.size, "white")
        ground.paste(layers, mask=layers.getchannel("A"))
        return ground
    # A copy also where the mode is right already: the file is closed behind us.
    return turned.convert("RGB") if turned.mode != "RGB" else turned.copy()


def _oriented(opened: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(opened, in_place=True)
    except Exception:  # noqa: BLE001 - EXIF is a format of its own with faults of its own; the pixels are well
        return opened
    return opened


def _eight_bits(picture: Image.Image) -> Image.Image:
    low, high = picture.convert("F").getextrema()
    if not isinstance(low, float) or not isinstance(high, float):
        raise BadPicture("has samples that are no numbers")
    most = 65535.0 if high > 255 else 255.0
    return picture.convert("F").point(lambda value: value * (255.0 / most)).convert("L")

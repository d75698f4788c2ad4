"""The vector of a text, an image or a video, behind one small interface."""

from .encoder import EncoderId, ImageEncoder, Role, TextEncoder, Vectors
from .load import load_image_encoder, load_text_encoder
from .manifest import default_encoder

__all__ = [
    "EncoderId",
    "ImageEncoder",
    "Role",
    "TextEncoder",
    "Vectors",
    "default_encoder",
    "load_image_encoder",
    "load_text_encoder",
]

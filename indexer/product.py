"""What a product is: the fields of a catalogue line, checked and brought into one form."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from . import strictjson
from .records import Form

MAX_ID_BYTES = 512
MAX_NUMBER = 1e15
"""Prices and counts above this are typing errors, and lose their last digits as a double."""
MAX_TERM_BYTES = 32_000
"""What Lucene holds of an attribute's path and value together, less a reserve for the engine's own marks."""
MAX_COUNT = 2**31 - 1

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ID_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PATH_SEPARATOR = re.compile(r"\s+>\s+|\|")


class InvalidProduct(ValueError):
    """A line that is not a product.

    Attributes:
        field: the field at fault in dotted form, or ``None``.
    """

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def _refuse(reason: str) -> PydanticCustomError:
    return PydanticCustomError("catalogue", "{reason}", {"reason": reason})


def _checked_text(value: str) -> str:
    if _SURROGATE.search(value):
        raise _refuse("holds half a character (a lone surrogate, or bytes that are not UTF-8)")
    if _CONTROL.search(value):
        raise _refuse("holds a control character; only tab and line breaks are allowed")
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise _refuse(f"must be a string, not {_type(value)}")
    return _checked_text(value)


def _id(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _refuse(f"must be a string or a whole number, not {_type(value)}")
    if _SURROGATE.search(value):
        raise _refuse("holds half a character (a lone surrogate, or bytes that are not UTF-8)")
    if _ID_CONTROL.search(value):
        raise _refuse("holds a control character or a line break")
    if len(value.encode()) > MAX_ID_BYTES:
        raise _refuse(f"is longer than {MAX_ID_BYTES} bytes, the engine's limit")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"must be a number, not {_type(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refuse("must be finite, not NaN or infinity")
    if value < 0:
        raise _refuse("must not be negative")
    if value > MAX_NUMBER:
        raise _refuse(f"must not be above {MAX_NUMBER:.0e}")
    return float(value)


def _count(value: Any) -> Any:
    number = _number(value)
    if not number.is_integer() or number > MAX_COUNT:
        raise _refuse(f"must be a whole number of at most {MAX_COUNT}")
    return int(number)


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise _refuse(f"must be true or false, not {_type(value)}")
    return value


def _category(value: Any) -> Any:
    if isinstance(value, str):
        value = [part.strip() for part in _PATH_SEPARATOR.split(value)]
    return _texts(value)


def _texts(value: Any) -> Any:
    if not isinstance(value, list):
        raise _refuse(f"must be a list of strings, not {_type(value)}")
    return [_text(part) for part in value if not _absent(part)]


def _image(value: Any) -> Any:
    return [_text(value)] if isinstance(value, str) else _texts(value)


def _attributes(value: Any) -> Any:
    if not isinstance(value, dict):
        raise _refuse(f"must be an object, not {_type(value)}")
    return value


def _type(value: Any) -> str:
    names = {bool: "true or false", str: "a string", dict: "an object", list: "a list", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


Text = Annotated[StrictStr, BeforeValidator(_text)]
Number = Annotated[float, BeforeValidator(_number)]


class Product(BaseModel):
    """One product of a catalogue. ``null`` and an empty string mean that the field is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[StrictStr, BeforeValidator(_id)]
    title: Text
    description: Text | None = None
    brand: Text | None = None
    color: Text | None = None
    category: Annotated[list[StrictStr], BeforeValidator(_category)] | None = None
    price: Number | None = None
    in_stock: Annotated[StrictBool, BeforeValidator(_flag)] | None = None
    rating: Number | None = None
    rating_count: Annotated[StrictInt, BeforeValidator(_count)] | None = None
    image: Annotated[list[StrictStr], BeforeValidator(_image)] | None = None
    video: Annotated[list[StrictStr], BeforeValidator(_image)] | None = None
    attributes: Annotated[dict[str, Any], BeforeValidator(_attributes)] = Field(default_factory=dict)

    def source(self) -> dict[str, Any]:
        """The product as JSON, without the fields that are absent."""
        return {name: value for name, value in self.__dict__.items() if not _absent(value) and value not in ([], {})}


FIELDS = frozenset(Product.model_fields)
_TYPED = FIELDS - {"id", "title", "description", "brand", "color", "category"}
_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})


def parse(value: dict[str, Any], form: Form) -> Product:
    """Check one line.

    Args:
        value: its fields as the reader found them.
        form: in CSV every value is text, and is read as what the field holds.

    Raises:
        InvalidProduct: names the first field at fault.
    """
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, part in value.items():
        if _absent(part):
            continue
        if name in FIELDS:
            known[name] = _from_csv(name, part) if form == "csv" else part
        else:
            unknown[name] = part
    attributes = known.get("attributes", {})
    if isinstance(attributes, dict):
        for name, part in unknown.items():
            if name in attributes and attributes[name] != part:
                shown = strictjson.safe_name(name)
                raise InvalidProduct(f"attributes.{shown}", f"differs from the field {shown} of the same line")
        known["attributes"] = {
            name: part for name, part in (attributes | unknown).items() if _known_attribute(name, part)
        }
    try:
        return Product.model_validate(known)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = "is required" if first["type"] == "missing" else first["msg"]
        raise InvalidProduct(".".join(str(part) for part in first["loc"]) or None, reason) from None


def _known_attribute(name: str, value: Any) -> bool:
    if _absent(value):
        return False
    _check_attribute(value, f"attributes.{strictjson.safe_name(name)}", 2)
    _check_name(name, "attributes")
    return True


def _check_name(name: str, where: str) -> None:
    if _SURROGATE.search(name) or _ID_CONTROL.search(name):
        raise InvalidProduct(where, "a key holds half a character or a control character")
    if not name.strip() or name.strip(".") != name or ".." in name:
        # The engine reads dots as levels; an empty level has no name there.
        raise InvalidProduct(where, "a key is empty, or has an empty part between dots")


def _check_attribute(value: Any, where: str, depth: int) -> None:
    if depth > strictjson.MAX_DEPTH:
        raise InvalidProduct(where, f"nested deeper than {strictjson.MAX_DEPTH} levels")
    if isinstance(value, str):
        try:
            _checked_text(value)
        except PydanticCustomError as error:
            raise InvalidProduct(where, error.message()) from None
        if len(value.encode()) + len(where.encode()) > MAX_TERM_BYTES:
            raise InvalidProduct(where, f"is longer than {MAX_TERM_BYTES} bytes with its path, the engine's limit")
    elif isinstance(value, dict):
        for name, part in value.items():
            _check_name(name, where)
            _check_attribute(part, f"{where}.{strictjson.safe_name(name)}", depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check_attribute(part, where, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidProduct(where, "must be finite, not NaN or infinity")
    elif value is not None and not isinstance(value, bool | int | float):
        raise InvalidProduct(where, f"a {type(value).__name__} has no form in JSON")


def _from_csv(name: str, text: Any) -> Any:
    """Read a CSV cell as what its field holds; a cell that cannot be read so stays text, and is refused as such."""
    if name not in _TYPED or not isinstance(text, str):
        return text
    text = text.strip()
    if name in {"price", "rating", "rating_count"}:
        try:
            return float(text)
        except ValueError:
            return text
    if name == "in_stock":
        low = text.lower()
        return True if low in _TRUE else False if low in _FALSE else text
    if name == "attributes" or text.startswith("["):
        try:
            return strictjson.loads(text)
        except strictjson.NotStrict as error:
            raise InvalidProduct(name, str(error)) from None
    return text

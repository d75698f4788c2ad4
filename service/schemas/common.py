"""What the bodies of several topics share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
Text = Annotated[str, Field(strict=True)]
Index = Annotated[
    Text,
    Field(
        min_length=1,
        json_schema_extra={"pattern": NAME_PATTERN},
        description="Which catalogue; 'products' is the default.",
    ),
]


class Body(BaseModel):
    """A request body: no unknown names, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True)

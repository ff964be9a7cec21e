"""What all classes of a file's fields have in common: strict, immutable, nothing unknown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, FailFast, model_validator
from pydantic_core import PydanticCustomError

MOST_FIELDS = 100
"""Every object of the formats has fewer fields. Unknown ones are complained about one by one, and each complaint takes
a hundred times the memory of its field."""

ONE_COMPLAINT = FailFast()
"""For lists of which every item is validated: the first mistake ends it, so that millions of mistakes do not become
millions of complaints."""


class Fields(BaseModel):
    """An object of a file. The shipped JSON Schemas are generated from its subclasses."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_FIELDS:
            raise PydanticCustomError("too_many_fields", "too many fields")
        return data


def without_default(fields: dict[str, Any]) -> None:
    """Keep None, which stands for an absent field and may not be written, out of the JSON Schema."""
    fields.pop("default")

"""What all classes of a file's fields have in common: strict, immutable, nothing unknown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Fields(BaseModel):
    """An object of a file. The shipped JSON Schemas are generated from its subclasses."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def without_default(fields: dict[str, Any]) -> None:
    """Keep None, which stands for an absent field and may not be written, out of the JSON Schema."""
    fields.pop("default")

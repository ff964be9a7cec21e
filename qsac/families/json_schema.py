"""The JSON Schema of the model file: of every family that is found. The shipped one is qsac's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from qsac.families.registry import builtin_sections, family

SCHEMA_FILE = "model.schema.json"


def json_schema(sections: Sequence[str] | None = None) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the model file with the section of one of some families, qsac's own if not given."""
    chosen = builtin_sections() if sections is None else sections
    found = [family(section).fields.model_json_schema() for section in chosen]
    schema = found[0] if len(found) == 1 else _alternatives(found)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def json_schema_text() -> str:
    """:func:`json_schema` as it is shipped in ``model.schema.json``."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _alternatives(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One schema that is met where one of several is; what they define under one name has to be the same."""
    definitions: dict[str, Any] = {}
    for schema in schemas:
        for name, defined in schema.pop("$defs", {}).items():
            if definitions.setdefault(name, defined) != defined:
                raise ValueError(f"two families define {name!r} differently")
    return {"oneOf": list(schemas), "$defs": definitions}

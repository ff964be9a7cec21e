"""The JSON Schema of training configurations, with all kinds of data and of optimisers, and the sketches of qsac's own
families; as it is shipped in ``train.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from qsac.families.learning import Learns
from qsac.families.registry import builtin_sections, family
from qsac.training.data.making import kinds as kinds_of_data
from qsac.training.optimisers.making import kinds as kinds_of_optimisers
from qsac.training.schema import TrainingFile

SCHEMA_FILE = "train.schema.json"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12)."""
    schema = TrainingFile.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    families = (family(section) for section in builtin_sections())
    path = {"type": "string", "description": "A model file, relative to the configuration and inside its folder."}
    sketches = [_defined(found.sketch, definitions) for found in families if isinstance(found, Learns)]
    data = [_defined(kind.fields, definitions) for kind in kinds_of_data().values()]
    optimisers = [_defined(kind.fields, definitions) for kind in kinds_of_optimisers().values()]
    schema["properties"]["model"] = {"oneOf": [path, *sketches]}
    schema["properties"]["data"] = {"oneOf": data}
    schema["properties"]["optimiser"] = {"oneOf": optimisers, "default": {"type": "adam"}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def json_schema_text() -> str:
    """:func:`json_schema` as it is shipped."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _defined(fields: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a class, what it defines moved to ``definitions``: there one name means one thing."""
    schema = fields.model_json_schema()
    for name, defined in schema.pop("$defs", {}).items():
        if definitions.setdefault(name, defined) != defined:
            raise ValueError(f"two parts of the configuration define {name!r} differently")
    return schema

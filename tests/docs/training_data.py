"""The generated parts of docs/training-data.md: the fields of each kind of data, and what is said of an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qsac.training.data.entropy import said_of_floor
from qsac.training.data.making import data_of, kinds

DOCS = Path(__file__).parent.parent.parent / "docs"


def fields(kind: str) -> str:
    """The fields of a kind, and of the objects in it, each with what it may be and its default."""
    schema = kinds()[kind].fields.model_json_schema()
    rows = _rows("", schema, schema.get("$defs", {}))
    return "\n".join(["| field | value | default |", "| :-- | :-- | :-- |", *rows])


def _rows(place: str, schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    rows = []
    for name, field in schema["properties"].items():
        if name == "type":
            continue
        here = f"{place}{name}"
        required = name in schema.get("required", ())
        default = "needed" if required else f"`{json.dumps(field['default'])}`" if "default" in field else "absent"
        rows.append(f"| `{here}` | {_value(field, definitions)} | {default} |")
        for inner in _objects(field):
            found = definitions[inner.rpartition("/")[2]]
            tag = found["properties"].get("type", {}).get("const")
            rows += _rows(f"{here}.{tag}." if tag else f"{here}[].", found, definitions)
    return rows


def _objects(field: dict[str, Any]) -> list[str]:
    return [one["$ref"] for one in (*field.get("oneOf", ()), field.get("items", {}), field) if "$ref" in one]


def _value(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "anyOf" in field:
        return ", or ".join(_value(one, definitions) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(f'`"{one}"`' for one in field["enum"])
    if "oneOf" in field:
        kinds_of = [
            definitions[one["$ref"].rpartition("/")[2]]["properties"]["type"]["const"] for one in field["oneOf"]
        ]
        return "an object of the type " + " or ".join(f'`"{one}"`' for one in kinds_of)
    if field.get("type") == "object":
        return "an object: for each name " + _value(field["additionalProperties"], definitions)
    if field.get("type") == "array":
        if "$ref" in field["items"]:
            return "a list of objects"
        if field.get("maxItems") == 2:
            return "[least, greatest]" if "maximum" in field["items"] else "a pair"
        return f"a list of {_value(field['items'], definitions).removeprefix('a ')}s"
    words = {"string": "a text", "boolean": "true or false", "number": "a number", "integer": "a whole number"}
    return words[field["type"]] + _limits(field)


def _limits(field: dict[str, Any]) -> str:
    if "exclusiveMinimum" in field:
        most = field.get("exclusiveMaximum")
        return f" above {field['exclusiveMinimum']}" + (f" and below {most}" if most is not None else "")
    if field.get("maximum", 2**60) < 2**40 and field.get("minimum", -1) >= 0:
        return f" from {field['minimum']:,} to {field['maximum']:,}"
    return f", at least {field['minimum']}" if field.get("minimum", 0) >= 1 else ""


def said() -> str:
    """What is said of the example before it is trained."""
    config = json.loads((DOCS / "examples" / "train-text.json").read_text(encoding="utf-8"))
    given = kinds()["text"].fields.model_validate(config["data"])
    data = data_of(given, 0, DOCS / "examples")
    facts, warnings = said_of_floor(data, config["model"]["tokens"]["dimension"])
    if warnings:
        raise ValueError(warnings)
    lines = [f"{title}: {text}" for title, text in (*data.facts, *facts)]
    return "\n".join(["```", *lines, "```"])

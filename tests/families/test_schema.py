"""The shipped JSON Schema, and that pydantic's defaults say what the contract says."""

import json
from importlib import resources
from typing import Any

import pydantic
import pytest

from qsac.families.json_schema import json_schema, json_schema_text
from qsac.families.registry import builtin_sections, family
from qsac.families.steps.block_schema import BLOCK_FIELDS

_BLOCKS = {fields.__name__ for fields in BLOCK_FIELDS}
SHIPPED = resources.files("qsac") / "families" / "model.schema.json"
REGENERATE = (
    "python -c \"from qsac.families.json_schema import *; print(json_schema_text(), end='')\" > model.schema.json"
)


def test_shipped_schema_is_the_generated_one() -> None:
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert json.loads(shipped) == json_schema(), f"regenerate it: {REGENERATE}"
    assert shipped == json_schema_text()


def test_every_object_is_closed_and_described() -> None:
    schema = json_schema()
    required = [set(family["required"]) for family in schema["oneOf"]]
    assert [found & set(builtin_sections()) for found in required] == [{section} for section in builtin_sections()]
    for definition in (*schema["oneOf"], *schema["$defs"].values()):
        assert definition["additionalProperties"] is False
        assert definition["description"]


def test_absent_fields_have_no_null_in_the_schema() -> None:
    definitions = json_schema()["$defs"]
    assert "default" not in definitions["Attention"]["properties"]["phases"]
    assert "default" not in definitions["SoftmaxTaylorKernel"]["properties"]["temperature"]


def _models(cls: Any, known: frozenset[Any] = frozenset()) -> set[type[pydantic.BaseModel]]:
    """The class and all that its fields are made of; blocks may hold blocks."""
    found = {cls}
    if cls in known:
        return found
    for field in cls.model_fields.values():
        pending = [field.annotation]
        while pending:
            annotation = pending.pop()
            if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
                found |= _models(annotation, known | {cls})
            pending.extend(getattr(annotation, "__args__", ()))
    return found


@pytest.mark.parametrize(
    ("section", "elsewhere"),
    [
        ("attention", {"NormalParameters", "StatesFile", "WordsFile", "EmbeddingFile"}),
        ("program", set()),
        ("steps", {"NormalParameters", "NumbersFile", "IdentityValue", *_BLOCKS}),
        ("transformer", {"ArrayFile", "FixedScale"}),
    ],
)
def test_diagnostics_know_every_class(section: str, elsewhere: set[str]) -> None:
    known = family(section).contract.classes
    unknown = {cls.__name__ for cls in _models(known[()])} - {cls.__name__ for cls in known.values()}
    # Those left out are checked where they are read.
    assert unknown == elsewhere

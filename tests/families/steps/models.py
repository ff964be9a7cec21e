"""Models of the section steps for tests, and the vectors with their exact outputs."""

import json
from pathlib import Path
from typing import Any

from qsac.families.reading import load
from qsac.families.steps.model import Model

VECTORS = sorted((Path(__file__).parent.parent.parent / "vectors" / "steps").glob("*.json"))


def loaded(fields: dict[str, Any], sample: Any = None) -> Model:
    """The model of these fields, with a sample if one is given and the model takes it."""
    found = load(fields if sample in (None, []) else {**fields, "sample": sample})
    assert isinstance(found, Model)
    return found


def vector(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The model file of a vector, and for each sample its input, output, success and weights."""
    content = json.loads(path.read_text())
    return content["model"], content["expected"]


def named(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The vector of a name."""
    return vector(next(path for path in VECTORS if path.stem == name))

"""Models of the section steps for tests, and the vectors with their exact outputs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qsac.families.steps.model import Model
from qsac.families.steps.reading import read
from qsac.families.steps.schema import ModelFile

VECTORS = sorted((Path(__file__).parent.parent.parent / "vectors" / "steps").glob("*.json"))


def loaded(fields: dict[str, Any]) -> Model:
    return read(ModelFile.model_validate(fields), fields, Path())


def vector(path: Path) -> tuple[Model, list[dict[str, Any]]]:
    """The model of a vector, and for each sample its input, output, success and weights."""
    content = json.loads(path.read_text())
    return loaded(content["model"]), content["expected"]


def vectors() -> Iterator[tuple[str, Model, list[dict[str, Any]]]]:
    for path in VECTORS:
        yield (path.stem, *vector(path))

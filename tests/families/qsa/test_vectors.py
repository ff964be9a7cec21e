"""The closed form against the project's own vectors: models with their exact values."""

import json
from pathlib import Path
from typing import Any

import pytest

from qsac.families.qsa.metrics import METRIC_NAMES, closed_form
from qsac.families.reading import load

VECTORS = sorted((Path(__file__).parent.parent.parent / "vectors").glob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 20


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_closed_form(path: Path) -> None:
    vector = _read(path)
    metrics = closed_form(load(vector["model"]))
    assert set(metrics.values) == set(METRIC_NAMES)
    for name, expected in vector["expected"].items():
        assert metrics[name] == pytest.approx(expected, abs=1e-10, rel=1e-10), name
    assert {name for name, value in metrics.values.items() if value is not None} == set(vector["expected"])


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_canonical_model_is_the_same_model(path: Path) -> None:
    model = load(_read(path)["model"])
    again = load(model.canonical)
    assert again.canonical == model.canonical
    assert again.sha256 == model.sha256
    assert again.tokens.tobytes() == model.tokens.tobytes()
    assert again.phases.tobytes() == model.phases.tobytes()

"""The closed form of lists of steps against vectors with their exact outputs."""

import json
from pathlib import Path

import numpy as np
import pytest

from qsac.families.steps.evaluation import batches, traced
from qsac.families.steps.samples import samples_of
from tests.families.steps.models import VECTORS, loaded, vector


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 16


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    fields, expected = vector(path)
    model = loaded(fields)
    samples = samples_of([one["input"] for one in expected], model.shape)
    ((places, batch),) = batches(samples)
    assert places == list(range(len(expected)))
    found = traced(model, batch)
    for place, one in enumerate(expected):
        assert found.output[place] == pytest.approx(np.array(one["output"]), abs=1e-12)
        assert ("success" in one) or not found.projects
        assert found.success[place] == pytest.approx(one.get("success", 1.0), abs=1e-12)
        if "weights" in one:
            assert found.weights[0][place] == pytest.approx(np.array(one["weights"]), abs=1e-12)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_canonical_models_read_back(path: Path) -> None:
    fields, expected = vector(path)
    model = loaded(fields, expected[0]["input"])
    assert loaded(json.loads(json.dumps(model.canonical))).canonical == model.canonical

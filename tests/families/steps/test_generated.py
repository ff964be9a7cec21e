"""Drawn models: closed form, interpreted program and simulated circuit agree, and exact runs give the closed form."""

import json
from typing import Any

import numpy as np
import pytest

import qsac
from tests.cases import seeds
from tests.families.steps.generated import drawn
from tests.families.steps.models import loaded
from tests.families.steps.test_circuits import agrees


def _numbers(content: Any) -> list[float]:
    if isinstance(content, list):
        return [number for part in content for number in _numbers(part)]
    return [np.nan if content is None else content]


@pytest.mark.parametrize("seed", seeds(200, one_of=13))
def test_drawn_models(seed: int) -> None:
    model = drawn(seed)
    closed = model.readout.closed_form(model)
    compiled = agrees(model, "h2")
    found = qsac.run(compiled)
    assert found.values.keys() == closed.values.keys()
    for name, values in closed.values.items():
        assert _numbers(found.values[name]) == pytest.approx(_numbers(values), abs=1e-8, nan_ok=True), name
    again = loaded(json.loads(json.dumps(model.canonical)))
    assert again.canonical == model.canonical

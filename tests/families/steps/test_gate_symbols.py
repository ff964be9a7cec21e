"""Blocks of single gates whose angles name parameters and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.steps.evaluation import traced
from tests.families.steps.models import loaded


def model(gates: list[Any], **fields: Any) -> dict[str, Any]:
    circuit = {"type": "circuit", "qubits": 2, "blocks": [{"type": "gates", "gates": gates, **fields}]}
    return {"qsac": 1, "steps": [{**circuit, "measure": {"type": "pauli", "observables": ["ZI", "IZ", "XY"]}}]}


@pytest.mark.parametrize("name", ["rx", "crx", "cry", "crz", "xx", "yy", "zz", "rbs"])
def test_a_named_angle_is_the_number_that_it_stands_for(name: str) -> None:
    qubits = [0] if name == "rx" else [0, 1]
    before: list[Any] = [["h", [0]], ["ry", [1], 0.3]]
    symbolic: list[Any] = [
        [name, qubits, {"parameter": 1, "factor": 2.0}],
        [name, qubits[::-1], {"input": 0, "offset": -0.2}],
        ["ry", [0], {"parameter": 0}],
        [name, qubits, {"input": 1, "factor": -0.5, "offset": 1.0}],
    ]
    parameters, inputs = [0.4, 0.7], [0.9, -1.1]
    angles = [1.4, 0.7, 0.4, 1.55]
    plain = [*before, *([*gate[:2], angle] for gate, angle in zip(symbolic, angles, strict=True))]
    found = loaded(model([*before, *symbolic], parameters=parameters))
    assert found.shape.width == 2
    own = traced(found, np.array([inputs])).output
    assert own == pytest.approx(traced(loaded(model(plain)), np.zeros((1, 0))).output, abs=1e-14)
    assert loaded(found.canonical).canonical == found.canonical


def test_a_repeated_block_takes_inputs_on() -> None:
    gates = [["rx", [0], {"input": 0}], ["crx", [0, 1], {"parameter": 0}]]
    block = {"type": "gates", "gates": gates, "parameters": [0.5]}
    fields = model(gates)
    fields["steps"][0]["blocks"] = [{"type": "repeat", "times": 3, "blocks": [block]}]
    found = loaded(fields)
    assert found.shape.width == 3
    angles = [0.2, 0.4, 0.8]
    plain = [gate for angle in angles for gate in (["rx", [0], angle], ["crx", [0, 1], 0.5])]
    own = traced(found, np.array([angles])).output
    assert own == pytest.approx(traced(loaded(model(plain)), np.zeros((1, 0))).output, abs=1e-14)


@pytest.mark.parametrize(
    ("angle", "fields", "code", "place"),
    [
        ({"parameter": 0}, {}, "field.missing", ""),
        ({"parameter": 1}, {"parameters": [0.1]}, "field.wrong-length", "/parameters"),
        ({"parameter": 0, "input": 0}, {"parameters": [0.1]}, "gate.invalid", "/gates/0/2"),
        ({"parametre": 0}, {}, "gate.invalid", "/gates/0/2"),
        ({"input": -1}, {}, "gate.invalid", "/gates/0/2/input"),
        ({"input": 1 << 40}, {}, "gate.invalid", "/gates/0/2/input"),
        ({"input": 0, "factor": "2"}, {}, "field.wrong-type", "/gates/0/2/factor"),
    ],
)
def test_wrong_names_are_refused(angle: Any, fields: dict[str, Any], code: str, place: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        loaded(model([["rx", [0], angle]], **fields))
    assert (error.value.code, error.value.pointer) == (code, f"/steps/0/blocks/0{place}")

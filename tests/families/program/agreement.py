"""Whether the answers to a program agree, and an exact run is its closed form."""

from __future__ import annotations

from typing import Any

import pytest

import qsac
from qsac.simulation.verification import TOLERANCE, compare, of_circuit, of_program
from tests.families.program.models import loaded


def agree(given: Any, machine: str = "h2") -> int:
    """Three answers: the closed form, the interpreted programs, the simulated circuits. How many gates there were."""
    model = loaded(given)
    expected = model.readout.expected(model)
    for step in model.plan.circuits:
        for name, one, other in compare(of_program(step.program), of_circuit(expected[step.name], 1.0)):
            assert one == pytest.approx(other, rel=TOLERANCE, abs=1e-12), (model.name, step.name, name)
    compiled = qsac.compile(model, machine, verify=True)
    found, closed = qsac.run(compiled, machine), model.readout.closed_form(model)
    for name, value in found.values.items():
        _near(value, closed.values[name], f"{model.name}/{name}")
    return int(compiled.stats["two_qubit_gates"])


def _near(found: Any, wanted: Any, place: str) -> None:
    if isinstance(found, dict):
        for name, value in found.items():
            _near(value, wanted[name], f"{place}/{name}")
    elif isinstance(found, list):
        assert len(found) == len(wanted), place
        for at, (one, other) in enumerate(zip(found, wanted, strict=True)):
            _near(one, other, f"{place}/{at}")
    elif isinstance(found, str) or found is None:
        assert found == wanted, place
    else:
        assert found == pytest.approx(wanted, abs=1e-8), place

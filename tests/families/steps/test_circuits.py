"""Circuits of lists of steps: closed form, interpreted program and simulated circuit of every vector."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.families.registry import family
from qsac.families.steps.model import Model
from qsac.machine.target import Target
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.families.steps.models import VECTORS, loaded, vector

ON_A_GRAPH = ("gan-generator", "hybrid-reupload", "lambeq-iqp", "neuron-postselected", "qcnn", "vqc-amplitude")


def agrees(model: Model, machine: str | Target) -> Compiled:
    """Compile a model; its programs, before and after passes, and its circuits have to give the closed form."""
    compiled = qsac.compile(model, machine, verify=False)
    expected = model.expected
    plan = family("steps").plan(model)
    for step, circuit, program, subnormalisation in zip(
        plan.circuits, compiled.circuits, compiled.programs, compiled.subnormalisations, strict=True
    ):
        wanted = of_circuit(expected[step.name], subnormalisation)
        built = of_circuit(expected[step.name], step.program.subnormalisation)
        for found, aim in (
            (of_program(step.program), built),
            (of_program(program), wanted),
            (simulate(circuit), wanted),
        ):
            for name, one, other in compare(found, aim):
                assert one == pytest.approx(other, abs=1e-9), (step.name, name)
    return compiled


def gives(compiled: Compiled, expected: dict[str, Any]) -> None:
    """An exact run has to give what a vector says."""
    values = qsac.run(compiled).values
    assert np.array(values["outputs"][0]) == pytest.approx(np.array(expected["output"]), abs=1e-8)
    if "success_probability" in values:
        assert values["success_probability"][0] == pytest.approx(expected["success"], abs=1e-8)
    else:
        assert expected.get("success", 1.0) == pytest.approx(1.0, abs=1e-9)
    if "weights" in expected:
        assert np.array(values["attention"][0]) == pytest.approx(np.array(expected["weights"]), abs=1e-8)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    fields, expected = vector(path)
    for one in expected:
        gives(agrees(loaded(fields, one["input"]), "h2"), one)


@pytest.mark.parametrize("name", ON_A_GRAPH)
@pytest.mark.usefixtures("short_search")
def test_vectors_on_a_coupling_graph(name: str) -> None:
    fields, expected = vector(next(path for path in VECTORS if path.stem == name))
    gives(agrees(loaded(fields, expected[0]["input"]), "ibm-fez"), expected[0])

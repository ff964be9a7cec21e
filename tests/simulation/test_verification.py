"""Verification accepts what is right and finds what is not, however small."""

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.artifact.compiled import Compiled
from qsac.compiler import compilation as compiler
from qsac.compiler.verification import verify_compiled
from qsac.errors import CheckFailedError
from qsac.families.outcomes import Outcomes
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.simulation.statevector import width
from qsac.simulation.verification import is_narrow, of_circuit
from tests.cases import seeds, some
from tests.families.models import with_values
from tests.strategies import random_model

FLIP = {"type": "matrix", "entries": [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]}


@cache
def _compiled(seed: int = 1) -> Compiled:
    return compiler.compile(random_model(seed), "h1", verify=False)


def _with(compiled: Compiled, **changes: Any) -> Compiled:
    return replace(compiled, circuits=(replace(compiled.circuits[0], **changes),))


def _without(circuit: NativeCircuit, place: int) -> dict[str, Any]:
    names = ("kind", "first", "second", "angles")
    return {name: np.delete(getattr(circuit, name), place, axis=0) for name in names}


@pytest.mark.parametrize(("error", "seed"), some(product([1e-3, 1e-6], range(10)), 3))
def test_an_angle_that_is_off_is_found(seed: int, error: float) -> None:
    compiled = _compiled(2)
    circuit = compiled.circuits[0]
    turns = np.flatnonzero(circuit.kind == KIND["PhasedX"])
    place = int(np.random.default_rng(seed).choice(turns))
    angles = circuit.angles.copy()
    angles[place, 0] += error
    verify_compiled(compiled)
    with pytest.raises(CheckFailedError, match="disagrees"):
        verify_compiled(_with(compiled, angles=angles))


@pytest.mark.parametrize("seed", seeds(8, one_of=3))
def test_a_missing_entangler_is_found(seed: int) -> None:
    compiled = _compiled(2)
    circuit = compiled.circuits[0]
    two = [place for place, kind in enumerate(circuit.kind.tolist()) if GATES[kind].qubits == 2]
    place = int(np.random.default_rng(seed).choice(two))
    rest = _without(circuit, place)
    assert circuit.snapshot is not None
    profile = circuit.snapshot._replace(stop=circuit.snapshot.stop - (place < circuit.snapshot.stop))
    with pytest.raises(CheckFailedError):
        verify_compiled(_with(compiled, **rest, snapshot=profile))


def test_the_circuit_of_another_model_is_found() -> None:
    compiled, other = (
        _compiled(1),
        compiler.compile(
            {**random_model(1), "attention": random_model(1)["attention"] | {"mask": "full"}}, "h1", verify=False
        ),
    )
    with pytest.raises(CheckFailedError) as caught:
        verify_compiled(replace(compiled, circuits=other.circuits))
    assert caught.value.found
    assert caught.value.wanted


@pytest.mark.parametrize("values", [[[1, 0], [1, 0]], [[1, 0]] * 4])
@pytest.mark.parametrize("target", ["h1", "ibm-fez"])
def test_a_model_that_never_succeeds_is_right(values: list[list[int]], target: str) -> None:
    verify_compiled(compiler.compile(with_values(values, score=FLIP), target, verify=False))


def test_compilation_verifies_by_itself() -> None:
    assert "verify" in compiler.compile(random_model(1), "h1").timings
    assert "verify" not in compiler.compile(random_model(1), "h1", verify=False).timings


def test_a_wide_circuit_of_a_narrow_program_is_not_verified_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = _compiled().circuits[0]
    monkeypatch.setattr("qsac.simulation.verification.AUTOMATIC_WIDTH", width(circuit))
    assert is_narrow(circuit, 1)
    assert not is_narrow(circuit, width(circuit) + 1)
    monkeypatch.setattr("qsac.simulation.verification.AUTOMATIC_WIDTH", width(circuit) - 1)
    assert not is_narrow(circuit, 1)


def test_nan_is_found() -> None:
    compiled = _compiled(2)
    angles = compiled.circuits[0].angles.copy()
    angles[-3:] = np.nan
    with pytest.raises(CheckFailedError):
        verify_compiled(_with(compiled, angles=angles))


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_a_program_may_succeed_more_often_than_the_models_own_or_less(factor: float) -> None:
    found = of_circuit(Outcomes(1.0, 0.2, {"fidelity": 0.1}, exact=True), factor)
    assert found.given == pytest.approx(0.2 / factor**2)
    assert found.success == {"fidelity": pytest.approx(0.1 / factor**2)}
    assert found.subnormalisation == factor

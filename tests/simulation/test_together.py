"""Circuits that are simulated together give what each gives by itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.families.outcomes import Outcomes
from qsac.native.circuit import NativeCircuit
from qsac.simulation import together
from qsac.simulation.statevector import simulate
from qsac.simulation.together import simulate_all
from tests.compiler.test_alike import _layers, _network


def _near(one: Outcomes, other: Outcomes) -> bool:
    assert (one.index is None) == (other.index is None)
    pairs = [(one.given, other.given), *((one.success[name], other.success[name]) for name in one.success)]
    if one.index is not None and other.index is not None:
        pairs += [*zip(one.index.marginal, other.index.marginal, strict=True)]
        pairs += [*zip(one.index.joint, other.index.joint, strict=True)]
    return all(abs(mine - its) < 1e-12 for mine, its in pairs)


@pytest.mark.parametrize(
    ("fields", "target"), [(_network(1), "h2"), (_network(1), "ibm-fez"), (_layers("bases"), "h2")]
)
@pytest.mark.parametrize("most", [1 << 16, 1 << 7])
def test_each_has_its_own_outcomes_in_the_order_given(
    fields: dict[str, Any], target: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuits = _some(fields, target)
    alone: list[NativeCircuit] = []

    def counted(circuit: NativeCircuit, progress: Any = None) -> Outcomes:
        alone.append(circuit)
        return simulate(circuit, progress)

    monkeypatch.setattr(together, "TOGETHER", most)
    monkeypatch.setattr(together, "simulate", counted)
    found = simulate_all(circuits)
    assert len(alone) < len(circuits)
    assert all(map(_near, found, map(simulate, circuits)))
    assert not _near(found[0], found[1])


def _some(fields: dict[str, Any], target: str) -> Sequence[NativeCircuit]:
    """Circuits of two kinds in turn, each a few times with other angles."""
    rng = np.random.default_rng(3)
    one, other = qsac.compile(fields, target, passes="", verify=False).circuits[:2]
    found = []
    for _ in range(3):
        for circuit in (one, other):
            found.append(_turned(circuit, rng.normal(size=circuit.angles.shape)))
    return found


def _turned(circuit: NativeCircuit, by: Any) -> NativeCircuit:
    return replace(circuit, angles=circuit.angles + by)

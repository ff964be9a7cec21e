"""No compiler that people use takes a two-qubit gate from what -O2 writes for all-to-all machines.

Each is given the finished circuit, measurements and resets included, and the gates that it may write: Qiskit's level 3
with RZZ or CX, pytket's FullPeepholeOptimise and RemoveRedundancies, and what pytket-quantinuum does at level 2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.export.qiskit import to_qiskit
from qsac.export.tket import to_tket
from qsac.native.circuit import NativeCircuit
from tests.bench.optimisers import two_qubit_gates
from tests.cases import ALL, seeds
from tests.strategies import random_attention

MODELS = 200
SMALL = 40
"""Gates up to which all of them are tried in `make test`: FullPeepholeOptimise takes some 0.05 s for each."""

TARGETS = ("h1", "h2")


def model(seed: int) -> dict[str, Any]:
    """A model of T <= 8 tokens of d <= 4, real or complex, of any kernel."""
    rng = np.random.default_rng([2026, 14, seed])
    context, dimension, real = int(rng.integers(1, 9)), int(rng.choice([2, 3, 4])), bool(rng.random() < 0.35)
    shape = (context + 1, dimension) if real else (context + 1, dimension, 2)
    return {
        "qsac": 1,
        "name": f"random-{seed}",
        "tokens": {"type": "inline", "values": np.round(rng.normal(size=shape), 4).tolist()},
        "attention": random_attention(rng, context, dimension, real),
    }


@cache
def compiled(seed: int) -> NativeCircuit:
    (circuit,) = qsac.compile(model(seed), TARGETS[seed % 2], verify=False).circuits
    return circuit


def qiskit_level_3(circuit: NativeCircuit) -> int:
    from qiskit import transpile

    written = to_qiskit(circuit)
    bases = (["u", "rzz"], ["rx", "rz", "rzz"], ["u", "cx"])
    made = (transpile(written, basis_gates=basis, optimization_level=3, seed_transpiler=0) for basis in bases)
    return min(map(two_qubit_gates, made))


def full_peephole_optimise(circuit: NativeCircuit) -> int:
    from pytket.passes import FullPeepholeOptimise

    return _through(circuit, FullPeepholeOptimise())


def remove_redundancies(circuit: NativeCircuit) -> int:
    from pytket.passes import RemoveRedundancies

    return _through(circuit, RemoveRedundancies())


def quantinuum_level_2(circuit: NativeCircuit) -> int:
    return _through(circuit, _quantinuum().default_compilation_pass(2))


@cache
def _quantinuum() -> Any:
    from pytket.extensions.quantinuum import QuantinuumAPIOffline, QuantinuumBackend

    return QuantinuumBackend("H2-1", api_handler=QuantinuumAPIOffline())


def _through(circuit: NativeCircuit, step: Any) -> int:
    written = to_tket(circuit)
    step.apply(written)
    return int(written.n_2qb_gates())


QUICK: list[Callable[[NativeCircuit], int]] = [remove_redundancies, qiskit_level_3]
SLOW: list[Callable[[NativeCircuit], int]] = [quantinuum_level_2, full_peephole_optimise]


@pytest.mark.parametrize("compiler", QUICK)
@pytest.mark.parametrize("seed", seeds(MODELS, one_of=20))
def test_none_takes_a_gate(seed: int, compiler: Callable[[NativeCircuit], int]) -> None:
    assert compiler(compiled(seed)) >= compiled(seed).two_qubit_gates


@pytest.mark.parametrize("compiler", SLOW)
@pytest.mark.parametrize("seed", seeds(MODELS, one_of=40))
def test_nor_do_those_that_take_longer(seed: int, compiler: Callable[[NativeCircuit], int]) -> None:
    if ALL or compiled(seed).two_qubit_gates <= SMALL:
        assert compiler(compiled(seed)) >= compiled(seed).two_qubit_gates


def test_they_do_take_gates_from_circuits_without_the_pass() -> None:
    """Else the tests above would say nothing."""
    passes = "default,-resynthesise-blocks"
    plain = [qsac.compile(model(seed), "h2", passes=passes, verify=False).circuits[0] for seed in range(6)]
    assert sum(qiskit_level_3(circuit) < circuit.two_qubit_gates for circuit in plain) >= 2

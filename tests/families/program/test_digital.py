"""Searches by arithmetic: a formula for the oracle, a circuit of it, and what is said of both."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.compiler.estimate_schema import EstimateResult
from qsac.errors import InvalidInputError
from qsac.families.program.search.digital import accumulator, bits_for, call_gates
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, Unitary
from qsac.ir.interpreter import final_state
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from tests.emit.families import emitted
from tests.families.program.models import loaded, search
from tests.families.program.test_circuits import eight

HADAMARD = Table(np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2))
KEYS, COMPONENTS, BITS = 8, 4, 3


def digital(**program: Any) -> dict[str, Any]:
    given = eight(**program)
    given["program"]["oracle"] = {"type": "digital"}
    return given


# The formula


@pytest.mark.parametrize(("margin", "gates", "qubits"), [(0.4, 1172, 16), (0.2, 1526, 18), (0.1, 1920, 20)])
def test_counts_of_eight_keys(margin: float, gates: int, qubits: int) -> None:
    bits = bits_for(4, margin)
    assert call_gates(8, 4, bits) == gates
    assert 3 + 1 + accumulator(4, bits) == qubits
    assert 2 * np.sqrt(4) * 2.0 ** -(bits - 1) <= margin


def test_the_table_s_end() -> None:
    bits = bits_for(4, 0.05)
    assert (call_gates(8, 4, bits), 3 + 1 + accumulator(4, bits)) == (2354, 22)
    # Three bits: the count that Qiskit's circuit of 651 CZ is compared with.
    assert call_gates(8, 4, 3) == 584


class _Oracle:
    """A circuit of the oracle for integer components: all that the formula counts, block by block."""

    def __init__(self, keys: Any, query: Any, threshold: int) -> None:
        self.bits, self.keys, self.query, self.threshold = BITS, keys, query, threshold
        self.size = accumulator(COMPONENTS, BITS)
        self.index = tuple(f"key{place}" for place in range(3))
        self.sums = tuple(f"sum{place}" for place in range(self.size))
        self.trivial = 0

    def program(self) -> Program:
        start: list[Op] = [Unitary(name, HADAMARD) for name in self.index]
        back: list[Any] = [*self._added(), *self._read()]
        ops = [*start, *back, PauliRotation("z", (self.sums[-1],), np.pi), *(op.adjoint() for op in reversed(back))]
        registers = tuple(Register(name, 1) for name in (*self.index, *self.sums, "bit"))
        return Program("oracle", "block", registers, {}, tuple(ops), ())

    def _added(self) -> Iterator[Op]:
        """The sum of products less the threshold, in the Fourier basis: the least significant qubit first."""
        yield from (Unitary(name, HADAMARD) for name in self.sums)
        for component in range(COMPONENTS):
            for weight in range(self.bits):
                held = self.keys[:, component] >> weight & 1
                look = Multiplexor("x", self.index, "bit", Table(np.pi * held), pair="compute")
                sign = -1 if weight == self.bits - 1 else 1
                yield look
                yield from self._phases(sign * int(self.query[component]) << weight, "bit")
                yield look.adjoint()
        yield from (
            PauliRotation("z", (name,), -2 * np.pi * self.threshold / 2 ** (place + 1))
            for place, name in enumerate(self.sums)
        )

    def _phases(self, amount: int, control: str) -> Iterator[Op]:
        for place, name in enumerate(self.sums):
            turned = amount % 2 ** (place + 1)
            self.trivial += not turned
            yield Diagonal((control, name), Table(np.array([0, 0, 0, 2 * np.pi * turned / 2 ** (place + 1)])))

    def _read(self) -> Iterator[Op]:
        """The inverse Fourier transform without swaps."""
        for place, name in enumerate(self.sums):
            for lower in range(place):
                angle = -2 * np.pi / 2 ** (place - lower + 1)
                yield Diagonal((self.sums[lower], name), Table(np.array([0, 0, 0, angle])))
            yield Unitary(name, HADAMARD)


def test_a_circuit_takes_what_the_formula_says() -> None:
    """It marks the scores of quantised components exactly, and leaves all else as it was. Phases that are multiples of
    2 pi are not written: the formula counts them."""
    rng = np.random.default_rng(3)
    half = 1 << (BITS - 1)
    keys = rng.integers(-half, half, size=(KEYS, COMPONENTS))
    query = np.array([3, -1, 1, -3])
    sums = keys @ query
    oracle = _Oracle(keys, query, ceil(np.median(sums)))
    program = oracle.program()
    state = final_state(program, lambda op: op.matrices(program.scope)).reshape(KEYS, -1)
    marked = state[:, 0] / state[np.argmax(sums), 0]
    np.testing.assert_allclose(marked, np.where(sums >= oracle.threshold, 1, -1), atol=1e-12)
    np.testing.assert_allclose(np.abs(state[:, 0]), np.sqrt(1 / KEYS), atol=1e-12)
    assert 0 < (marked.real > 0).sum() < KEYS
    found = emitted(program, "h1").two_qubit_gates
    assert found == call_gates(KEYS, COMPONENTS, BITS) - 2 * oracle.trivial
    assert program.scope.sizes.keys() == {*oracle.index, *oracle.sums, "bit"}
    assert len(program.registers) == 3 + 1 + accumulator(COMPONENTS, BITS)


# Estimates


def test_an_estimate_is_beside_that_of_the_walk() -> None:
    found = qsac.estimate(digital(), "h2")
    told = found.to_json()
    EstimateResult.model_validate(told)
    part = told["formula"]
    assert (part["two_qubit_gates_of_a_use"], part["bits"]) == (1172, 5)
    beside = part["beside"]
    assert beside is not None
    assert beside["two_qubit_gates_of_a_use"] == 203
    walk = qsac.estimate(eight(), "h2")
    assert beside["two_qubit_gates"] == walk.counts["two_qubit_gates"]
    assert beside["qubits"] == walk.counts["qubits"] == 5
    # A reflection of three qubits takes five gates.
    assert found.counts["two_qubit_gates"] == part["uses"] * (1172 + 5)
    assert found.counts["qubits"] == 16
    assert not found.exact
    assert walk.to_json().get("formula") is None


def test_estimates_of_other_sizes_and_machines() -> None:
    wide = qsac.estimate(digital(), "h2", context=5, dimension=6).to_json()
    assert wide["counts"]["qubits"] == 3 + 1 + 13
    assert wide["formula"]["two_qubit_gates_of_a_use"] == call_gates(5, 6, 5)
    complex_rows = {"type": "inline", "values": [[[1, 0.1], [0, 1]], [[0.2, 0], [1, 1]], [[1, 0], [-1, 0.5]]]}
    signed = search(oracle={"type": "digital"}, part="re", threshold=0.2, margin=0.8, rows=[2])
    signed["tokens"] = complex_rows
    told = qsac.estimate(signed, "ibm-fez").to_json()
    EstimateResult.model_validate(told)
    assert told["formula"]["two_qubit_gates_of_a_use"] == call_gates(3, 4, bits_for(4, 0.8), phase=2)
    assert "|s|" not in told["reason"]
    assert "routing" in told["reason"]


def test_it_is_checked_and_not_compiled() -> None:
    model = loaded(digital())
    assert model.readout.closed_form(model).values["degree"] is None
    with pytest.raises(InvalidInputError) as caught:
        qsac.compile(model, "h2")
    assert (caught.value.code, caught.value.pointer) == ("program.not-compiled", "/program/oracle/type")
    assert caught.value.help is not None
    assert "qsac estimate" in caught.value.help


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"index": "superposed"}, "/program/index"),
        ({"mask": "causal", "rows": [0]}, "/program/rows"),
        ({"complex": True}, "/program/part"),
    ],
)
def test_where_the_formula_does_not_hold(changes: dict[str, Any], pointer: str) -> None:
    given = digital(**{name: value for name, value in changes.items() if name != "complex"})
    if changes.get("complex"):
        given["tokens"]["values"] = [[[entry, 0.5] for entry in row] for row in given["tokens"]["values"]]
    with pytest.raises(InvalidInputError) as caught:
        qsac.estimate(given, "h2")
    assert (caught.value.code, caught.value.pointer) == ("program.not-compiled", pointer)

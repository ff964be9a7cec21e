"""Index and degree states against their definitions, and what they cost."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qsac.counting.formulas import causal_state_cost, op_cost, uniform_cost
from qsac.emit.emit import emit
from qsac.ir.attention import PrepareIndices
from qsac.ir.blocks import Measure
from qsac.ir.op import Op, Register, Scope
from qsac.ir.program import Program
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext, lowering
from qsac.lowering.indices import causal_state, unary_state, uniform_state
from qsac.machine.registry import target
from qsac.native.circuit import GATES, GateFamily
from qsac.pipeline.contract import PassContext
from qsac.simulation.statevector import matrix_of
from tests.cases import ALL
from tests.lowering.states import NOTHING, prepared

LENGTHS = range(1, 41)


def _names(register: str, length: int) -> tuple[str, ...]:
    return tuple(f"{register}[{place}]" for place in range((length - 1).bit_length()))


def _gates(blocks: Sequence[Op], family: GateFamily = "zzphase") -> int:
    return sum(op_cost(block, Scope({}, {}), family) for block in blocks)


def _uniform(length: int) -> NDArray[np.float64]:
    state = np.zeros(1 << (length - 1).bit_length())
    state[:length] = length**-0.5
    return state


@pytest.mark.parametrize("length", [*LENGTHS, 63, 100, 127, 128, 1000])
def test_uniform(length: int) -> None:
    names = _names("q", length)
    blocks = uniform_state(names, length)
    np.testing.assert_allclose(prepared(blocks, names), _uniform(length), atol=1e-12)
    for family in ("zzphase", "cz"):
        assert _gates(blocks, family) == uniform_cost(length, family)  # type: ignore[arg-type]
    assert _gates(blocks) <= 2 * len(names)


def _causal(length: int) -> NDArray[np.float64]:
    j, i = np.indices((1 << (length - 1).bit_length(),) * 2)
    return ((i <= j) & (j < length)).reshape(-1) * (length * (length + 1) / 2) ** -0.5


@pytest.mark.parametrize("length", range(2, 65) if ALL else [*range(2, 20), 24, 27, 31, 32, 33, 44, 63, 64])
def test_causal(length: int) -> None:
    query, key = _names("j", length), _names("i", length)
    blocks = causal_state(query, key, length)
    np.testing.assert_allclose(prepared(blocks, (*query, *key)), _causal(length), atol=1e-14)


@pytest.mark.parametrize("family", ["zzphase", "cz"])
@pytest.mark.parametrize("length", range(2, 65) if ALL else [2, 3, 4, 5, 6, 7, 8, 11, 12])
def test_the_causal_state_as_native_gates(length: int, family: str) -> None:
    """Up to the phases that emission leaves to the measurement."""
    query, key = _names("j", length), _names("i", length)
    registers = tuple(Register(name, 1) for name in (*query, *key))
    measurements = [Measure(register.name, "m", place) for place, register in enumerate(registers)]
    program = Program("indices", "block", registers, {}, (*causal_state(query, key, length), *measurements), ())
    circuit = emit(program, PassContext(target("h2" if family == "zzphase" else "ibm-fez")))
    assert circuit.two_qubit_gates == causal_state_cost(length)
    state = np.zeros((2,) * len(registers), dtype=np.complex128)
    state[(0,) * len(registers)] = 1
    gates = zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), circuit.angles, strict=True)
    for kind, first, second, (angle, phase) in gates:
        name, half = GATES[kind].name, np.exp(0.5j * np.pi * angle)
        if name == "Measure":
            continue
        if name in ("ZZPhase", "CZ"):
            signs = np.array([[1, 1], [1, -1]]) if name == "CZ" else half ** np.array([[-1, 1], [1, -1]])
            places = [2 if qubit in (first, second) else 1 for qubit in range(len(registers))]
            state = state * signs.reshape(places)
        else:
            matrix = np.diag([1 / half, half]) if name == "Rz" else matrix_of(name, angle, phase)
            state = np.moveaxis(np.tensordot(matrix, state, ([1], [first])), 0, first)
    np.testing.assert_allclose(np.abs(state.reshape(-1)), _causal(length), atol=1e-14)


COUNTS = {2: 1, 3: 5, 4: 5, 5: 12, 6: 10, 7: 16, 8: 10, 12: 15, 31: 36, 33: 36, 100: 42}


@pytest.mark.parametrize("family", ["zzphase", "cz"])
@pytest.mark.parametrize("length", [*COUNTS, *(1 << bits for bits in range(2, 11)), 1000, 4095])
def test_what_the_causal_state_takes(length: int, family: GateFamily) -> None:
    registers = {"query": _names("j", length), "key": _names("i", length)}
    size = len(registers["query"])
    op = PrepareIndices("query", "key", "causal", length)
    place = LoweringContext(Scope({"query": size, "key": size}, {}), Allocation(registers, 2 * size, {}))
    gates = _gates(lowering.of(op)(op, place), family)
    assert gates == op_cost(op, place.scope, family) <= 10 * size
    assert gates == COUNTS.get(length, gates)
    if length == 1 << size > 2:
        assert gates == 5 * size - 5


def _unary(amplitudes: Sequence[float]) -> NDArray[np.float64]:
    degree = len(amplitudes) - 1
    state = np.zeros(1 << degree)
    for power, amplitude in enumerate(amplitudes):
        state[int("1" * power + "0" * (degree - power), 2)] = amplitude
    return state


AMPLITUDES = st.lists(
    st.sampled_from([0.0, 1.0, -1.0, 1e-12, -1e-7]) | st.floats(-1, 1, width=32), min_size=2, max_size=7
)


@given(AMPLITUDES.filter(lambda entries: np.linalg.norm(entries) > 1e-3))
def test_unary_with_signs_and_gaps(entries: list[float]) -> None:
    amplitudes = tuple((np.array(entries) / np.linalg.norm(entries)).tolist())
    names = tuple(f"degree[{place}]" for place in range(len(entries) - 1))
    blocks = unary_state(names, amplitudes)
    state, expected = prepared(blocks, names), _unary(amplitudes)
    np.testing.assert_allclose(state * np.sign(np.vdot(expected, state).real), expected, atol=1e-12)
    assert _gates(blocks) == len(names) - 1


@pytest.mark.parametrize("length", [2, 3, 6, 7, 8, 13])
def test_every_state_is_taken_back_by_the_adjoints(length: int) -> None:
    names, query, key = _names("q", length), _names("j", length), _names("i", length)
    amplitudes = tuple((np.arange(1, length + 1) / np.linalg.norm(np.arange(1, length + 1))).tolist())
    power = tuple(f"p[{place}]" for place in range(length - 1))
    for blocks, used in (
        (uniform_state(names, length), names),
        (causal_state(query, key, length), (*query, *key)),
        (unary_state(power, amplitudes), power),
    ):
        there_and_back = [*blocks, *(block.adjoint() for block in reversed(blocks))]
        state = prepared(there_and_back, used)
        np.testing.assert_allclose(np.abs(state), np.eye(len(state))[0], atol=1e-12)


def test_one_value_needs_nothing() -> None:
    assert prepared(uniform_state((), 1), ()) == pytest.approx(NOTHING)

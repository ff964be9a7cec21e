"""Index and power states against their definitions, and what they cost."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost, uniform_cost
from qsac.ir.attention import PrepareIndices
from qsac.ir.op import Op, Scope
from qsac.lowering.allocation import Allocation
from qsac.lowering.indices import causal_state, unary_state, uniform_state
from qsac.lowering.place import Place, lowering
from tests.lowering.states import NOTHING, prepared

LENGTHS = range(1, 41)


def _names(register: str, length: int) -> tuple[str, ...]:
    return tuple(f"{register}[{place}]" for place in range((length - 1).bit_length()))


def _gates(blocks: Sequence[Op], family: str = "zzphase") -> int:
    return sum(op_cost(block, Scope({}, {}), family) for block in blocks)  # type: ignore[arg-type]


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


@pytest.mark.parametrize("length", [*range(2, 41), 50, 63, 64])
def test_causal(length: int) -> None:
    query, key = _names("j", length), _names("i", length)
    blocks = causal_state(query, key, length)
    size = 1 << len(query)
    j, i = np.indices((size, size))
    expected = ((i <= j) & (j < length)).reshape(-1) * (length * (length + 1) / 2) ** -0.5
    np.testing.assert_allclose(prepared(blocks, (*query, *key)), expected, atol=1e-12)
    bound = 6 if size == length else 20
    assert _gates(blocks) <= bound * len(query)


@pytest.mark.parametrize(("length", "gates"), [(2, 1), (3, 7), (4, 8), (5, 24), (6, 22), (7, 32), (8, 14), (16, 20)])
def test_the_cheaper_causal_state_is_taken(length: int, gates: int) -> None:
    registers = {"query": _names("j", length), "key": _names("i", length)}
    size = len(registers["query"])
    op = PrepareIndices("query", "key", "causal", length)
    place = Place(Scope({"query": size, "key": size}, {}), Allocation(registers, 2 * size, {}))
    blocks = lowering.of(op)(op, place)
    expected = op.prepared(place.scope)
    np.testing.assert_allclose(prepared(blocks, (*registers["query"], *registers["key"])), expected, atol=1e-12)
    assert _gates(blocks) == gates == op_cost(op, place.scope, "zzphase")
    assert _gates(blocks, "cz") == op_cost(op, place.scope, "cz")


@pytest.mark.parametrize("length", [1 << 12, (1 << 12) - 1, 3000])
def test_the_causal_state_takes_a_few_gates_a_bit(length: int) -> None:
    query, key = _names("j", length), _names("i", length)
    assert _gates(causal_state(query, key, length)) <= (6 if length == 1 << 12 else 20) * len(query)


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
    names = tuple(f"power[{place}]" for place in range(len(entries) - 1))
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

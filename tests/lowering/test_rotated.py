"""Rotated ladders of drawn angles: what is loaded, what un-loads, and what they cost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import EMITTERS
from qsac.ir.attention import LoadRotated
from qsac.ir.op import Register, Scope
from qsac.ir.parser import parse_ops
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from tests.cases import examples
from tests.lowering.placed import agree, blocks_of, lowered


@st.composite
def ladders(draw: st.DrawFn) -> tuple[LoadRotated, Scope]:
    """Ops on up to three data qubits and three index qubits, in one register or two, with and without phases."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    size, bits, split = draw(st.integers(1, 3)), draw(st.integers(0, 3)), draw(st.booleans())
    qubits = draw(st.integers(1, size))
    partners = qubits - 1 + bits
    places = draw(st.lists(st.integers(0, partners - 1), max_size=9)) if partners else []
    homes = st.integers(0, qubits - 1)
    toggled = [draw(homes if place >= qubits - 1 else st.integers(place + 1, qubits - 1)) for place in places]
    gates = qubits + len(places) + sum(place < qubits - 1 for place in places)
    sizes = {"data": size} | (
        {"key": bits - 1, "degree[0]": 1} if split and bits > 1 else {"key": bits} if bits else {}
    )
    op = LoadRotated(
        data="data",
        index=tuple(name for name in sizes if name != "data"),
        table="angles",
        places=tuple(places),
        last=tuple(rng.uniform(-3, 3, qubits).tolist()),
        turns=tuple(rng.uniform(-3, 3, bits).tolist()) if draw(st.booleans()) else (),
        phases=Table(rng.uniform(-3, 3, draw(st.integers(0, 1 << bits)))),
        toggled=tuple(toggled) if draw(st.booleans()) else (),
    )
    return op, Scope(sizes, {"angles": Table(rng.uniform(-3, 3, (gates, 2)))})


@settings(max_examples=examples(60))
@given(ladders())
def test_blocks_load_what_the_op_says(drawn: tuple[LoadRotated, Scope]) -> None:
    op, scope = drawn
    assert op.check(scope) is None
    loaded = op.loaded(scope)
    np.testing.assert_allclose(np.linalg.norm(loaded, axis=1), 1, atol=1e-13)
    agree(lowered(op, scope)[:, :, 0], loaded)
    np.testing.assert_allclose(op.matrices(scope)[:, :, 0], loaded, atol=1e-13)
    back = lowered(op.adjoint(), scope) @ lowered(op, scope)
    agree(back, np.broadcast_to(np.eye(back.shape[1]), back.shape))


@settings(max_examples=examples(30))
@given(ladders())
def test_formulas_count_what_is_emitted(drawn: tuple[LoadRotated, Scope]) -> None:
    op, scope = drawn
    # What a diagonal takes is shown elsewhere.
    op = replace(op, phases=Table([]))
    _, order = blocks_of(op, scope)
    for one in (op, op.adjoint()):
        blocks, _ = blocks_of(one, scope)
        program = Program("one", "block", tuple(Register(name, 1) for name in order), {}, tuple(blocks), ())
        for family in ("zzphase", "cz"):
            assert two_qubit_gates(program, family) == len(op.places)
            assert EMITTERS[family](program, None)[0].two_qubit_gates == len(op.places)


@settings(max_examples=examples(30))
@given(ladders())
def test_it_is_printed_and_read_again(drawn: tuple[LoadRotated, Scope]) -> None:
    op, scope = drawn
    registers = tuple(Register(name, size) for name, size in scope.sizes.items())
    program = Program("one", "attention", registers, scope.tables, (op,), (Readout("F", (), ()),))
    assert parse_ops(print_program(program)) == (op,)


BROKEN = {
    "some qubits": {"last": ()},
    "a place is not from 0": {"places": (3, 0)},
    "one-qubit gates": {"places": (1, 0, 0)},
    "one for each place": {"toggled": (1,)},
    "behind its partner": {"places": (0, 1), "toggled": (0, 1)},
    "a data qubit": {"toggled": (2, 1)},
    "take 2 turns": {"turns": (0.5,)},
    "not finite": {"last": (0.1, float("inf"))},
    "do not fit 2 index qubits": {"phases": Table([0.1] * 5)},
    "real numbers": {"phases": Table([0.1j])},
}


@pytest.mark.parametrize("said", BROKEN)
def test_what_is_wrong_with_an_op_is_said(said: str) -> None:
    op = LoadRotated("data", ("key",), "angles", (1, 0), (0.1, 0.2))
    scope = Scope({"data": 2, "key": 2}, {"angles": Table(np.ones((5, 2)))})
    assert op.check(scope) is None
    assert said in (replace(op, **BROKEN[said]).check(scope) or "")

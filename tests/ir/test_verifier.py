"""The rules of the language: programs that break exactly one, and what is said about them."""

from dataclasses import replace

import numpy as np
import pytest

from qsac.ir.attention import ApplyUnitary, LoadTokens, PhaseTable, PrepareDegree, PrepareIndices, Project
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, Reset, UniformlyControlledGate, Unitary
from qsac.ir.op import Op, Register
from qsac.ir.parser import parse_program
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from tests.ir.test_text import TEXT

ATTENTION = parse_program(TEXT)
QUBITS = tuple(Register(name, 1) for name in "abc")
X, Y = PauliRotation("x", ("a",), 1.0), PauliRotation("y", ("b",), 1.0)
MEASURE_A, MEASURE_B = Measure("a", "bits", 0), Measure("b", "bits", 1)
Z = PauliRotation("z", ("c",), 1.0)
TWO, FOUR = Table([0.1, 0.2]), Table([0.1, 0.2, 0.3, 0.4])


def _blocks(*ops: Op, given: tuple[str, ...] = (), success: tuple[str, ...] = ()) -> Program:
    return Program("blocks", "block", QUBITS, {}, ops, (Readout("fidelity", given, success),))


def _with(place: int, op: Op | None = None, *, insert: bool = False) -> Program:
    """The example with another op at a place, one more there, or none."""
    ops = list(ATTENTION.ops)
    ops[place : place + (not insert)] = [] if op is None else [op]
    return ATTENTION.with_ops(ops)


def _op(place: int, **changes: object) -> Program:
    return _with(place, replace(ATTENTION.ops[place], **changes))  # type: ignore[arg-type]


def _tables(**tables: Table) -> Program:
    return replace(ATTENTION, tables={**ATTENTION.tables, **tables})


PLACE = {name: place for place, name in enumerate(("indices", "power", "load", "apply", "inverse_load", "project"))}
END = len(ATTENTION.ops) - 1
TOO_LONG = Table(np.array([[2.0, 0], [1, 0], [1, 0]]))

BROKEN: dict[str, tuple[Program, str]] = {
    "register declared twice": (
        replace(ATTENTION, registers=(*ATTENTION.registers, Register("key", 2))),
        "'key' is declared twice",
    ),
    "register without qubits": (replace(ATTENTION, registers=(*ATTENTION.registers, Register("more", 0))), "size 0"),
    "wide register in a block program": (replace(_blocks(), registers=(Register("a", 2),)), "not one qubit"),
    "block in an attention program": (_with(END, Measure("query", "b", 0)), "belongs to the block level"),
    "attention op in a block program": (_blocks(Project(("a",))), "belongs to the attention level"),
    "source twice": (_blocks(replace(X, sources=(1, 1))), "in ascending order"),
    "sources in another order": (_blocks(replace(X, sources=(2, 1))), "in ascending order"),
    "negative source": (_blocks(replace(X, sources=(-1,))), "in ascending order"),
    "source beyond all programs": (_blocks(replace(X, sources=(0, 1 << 16))), "in ascending order"),
    "sources of an attention op": (_op(END, sources=(0,)), "only blocks have sources"),
    "undeclared target": (_blocks(PauliRotation("x", ("d",), 1.0)), "'d' is not declared"),
    "undeclared control": (_blocks(Diagonal(("d",), TWO)), "'d' is not declared"),
    "unknown table": (_op(PLACE["load"], table="nothing"), "table 'nothing' does not exist"),
    "target named twice": (_blocks(PauliRotation("xx", ("a", "a"), 1.0)), "targets a register twice"),
    "target and control at once": (_blocks(X, Multiplexor("y", ("a",), "a", TWO)), "a control and a target at once"),
    "control by what is not live": (_blocks(Multiplexor("y", ("a",), "b", TWO)), "'a' is a control but not live"),
    "control after projection": (_blocks(X, MEASURE_A, Diagonal(("a",), TWO)), "'a' is a control but not live"),
    "observation of what is not live": (_blocks(SaveProbabilities(("a",), "weights")), "'a' is a control but not live"),
    "use after projection": (_blocks(X, MEASURE_A, X), "'a' is used after its projection"),
    "reset without measurement": (_blocks(X, Reset("a")), "reset without having been measured"),
    "load of what is live": (
        _with(PLACE["load"], ATTENTION.ops[PLACE["load"]], insert=True),
        "prepared but already live",
    ),
    "indices prepared twice": (_with(1, ATTENTION.ops[0], insert=True), "prepared but already live"),
    "rotation of no axis": (_blocks(PauliRotation("q", ("a",), 1.0)), "do not fit 1 qubits"),
    "rotation of three qubits": (_blocks(PauliRotation("xxx", ("a", "b", "c"), 1.0)), "do not fit 3 qubits"),
    "rotation of fewer qubits than axes": (_blocks(PauliRotation("xx", ("a",), 1.0)), "do not fit 1 qubits"),
    "multiplexor of no axis": (_blocks(Multiplexor("w", (), "a", Table([1.0]))), "axis 'w'"),  # type: ignore[arg-type]
    "multiplexor with too few angles": (
        _blocks(X, Multiplexor("y", ("a",), "b", Table([1.0]))),
        "1 controls take 2 angles",
    ),
    "multiplexor with complex angles": (_blocks(Multiplexor("y", (), "b", Table([1j]))), "not a list of real numbers"),
    "gate with too few angles": (
        _blocks(X, UniformlyControlledGate(("a",), "b", TWO, Table([1.0]))),
        "theta and phi are not lists",
    ),
    "diagonal with too few phases": (_blocks(X, Y, Diagonal(("a", "b"), TWO)), "2 qubits take 4 real phases"),
    "diagonal of one qubit through another": (_blocks(X, Diagonal(("a",), TWO, "b")), "go through no other"),
    "diagonal through what is not declared": (_blocks(X, Y, Diagonal(("a", "b"), FOUR, "d")), "'d' is not declared"),
    "diagonal through one of its own": (
        _blocks(X, Y, Diagonal(("a", "b"), FOUR, "b")),
        "a control and an ancilla at once",
    ),
    "diagonal through what was used": (_blocks(X, Y, Z, Diagonal(("a", "b"), FOUR, "c")), "not known to be in zero"),
    "diagonal through what was measured": (
        _blocks(X, Y, Z, Measure("c", "bits", 2), Diagonal(("a", "b"), FOUR, "c")),
        "is an ancilla after its projection",
    ),
    "unitary that is none": (_blocks(Unitary("a", Table([[1.0, 0], [0, 2.0]]))), "not a 2 x 2 unitary"),
    "unitary of two qubits": (_blocks(Unitary("a", Table(np.eye(4)))), "not a 2 x 2 unitary"),
    "enters in zero, but was used": (
        _blocks(X, Multiplexor("y", (), "a", Table([1.0]), enters_zero=True)),
        "enters in zero, but it was used",
    ),
    "leaves in zero, but is used": (
        _blocks(Multiplexor("y", (), "a", Table([1.0]), leaves_zero=True), X),
        "only a projection on zero may",
    ),
    "leaves in zero, but is a control": (
        _blocks(Multiplexor("y", (), "a", Table([1.0]), leaves_zero=True), Diagonal(("a",), TWO)),
        "only a projection on zero may",
    ),
    "leaves in zero, but goes on": (
        _blocks(Multiplexor("y", (), "a", Table([1.0]), leaves_zero=True)),
        "without a projection",
    ),
    "uncomputed, but not projected on zero": (
        _op(PLACE["project"], state="uniform", length=2),
        "only a projection on zero may",
    ),
    "uncomputed, but transformed": (
        _with(PLACE["project"], ApplyUnitary("score[0]", "hardware-efficient", "angles", ("rx", "ry")), insert=True),
        "only a projection on zero may",
    ),
    "outcome measured twice": (_blocks(MEASURE_A, Measure("b", "bits", 0)), "'bits[0]' is measured twice"),
    "bit below 0": (_blocks(MEASURE_A, Measure("b", "bits", -1)), "there is no bit -1"),
    "readout of nothing": (_blocks(MEASURE_A, given=("bits[7]",)), "which nothing projects"),
    "readout of a later projection only": (
        _blocks(MEASURE_A, MEASURE_B, given=("bits[1]",)),
        "are not what is projected",
    ),
    "success that leaves one out": (_blocks(MEASURE_A, MEASURE_B, success=("bits[1]",)), "are not what is projected"),
    "mask of no kind": (_op(0, mask="half"), "neither 'causal' nor 'full'"),
    "query and key of different sizes": (
        replace(ATTENTION, registers=(Register("key", 1), *ATTENTION.registers[1:])),
        "query and key differ in size",
    ),
    "length that needs fewer qubits": (_op(0, length=2), "does not need exactly 2 index qubits"),
    "length beyond the register": (_op(0, length=5), "does not need exactly 2 index qubits"),
    "amplitudes of another number": (_op(1, amplitudes=(1.0,)), "take 2 amplitudes, not 1"),
    "amplitudes not of unit norm": (_op(1, amplitudes=(0.6, 0.6)), "not of unit norm"),
    "table of another width": (_tables(context=Table(np.eye(4)[:3])), "does not fit register"),
    "table of more rows than the index": (_tables(context=Table(np.tile([[1.0, 0]], (5, 1)))), "has 5 rows"),
    "table of rows that are not unit": (_tables(context=TOO_LONG), "not of unit norm"),
    "load gated by a wide register": (_op(PLACE["load"], when=("query",)), "a 'when' register has one qubit"),
    "order of loading with a qubit twice": (_op(PLACE["load"], order=(0, 0)), "does not name each qubit"),
    "unitary of no form": (_op(PLACE["apply"], form="circuit"), "form 'circuit'"),
    "matrix of another size": (_op(PLACE["apply"], form="matrix", rotations=()), "does not fit register"),
    "rotations of no axis": (_op(PLACE["apply"], rotations=("rx", "rw")), "not among rx, ry, rz"),
    "angles of another shape": (_op(PLACE["apply"], rotations=("rx",)), "are not (layers, 1, 1)"),
    "projection of nothing": (_op(PLACE["project"], registers=()), "projects no register"),
    "projection on no state": (_op(END, state="plus"), "none of 'zero', 'uniform', 'unary'"),
    "uniform state of another length": (_op(END, length=1), "does not need exactly one register"),
    "phases of two dimensions": (
        _with(END, PhaseTable("query", Table([[1.0]])), insert=True),
        "not a list of real numbers",
    ),
    "more phases than values": (_with(END, PhaseTable("query", Table([0.1] * 5)), insert=True), "5 phases do not fit"),
}


def test_the_examples_keep_the_rules() -> None:
    verify(ATTENTION)
    verify(_blocks(X, Multiplexor("y", ("a",), "b", TWO), MEASURE_A, Reset("a"), X, MEASURE_B, success=("bits[0]",)))


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule(name: str) -> None:
    program, said = BROKEN[name]
    with pytest.raises(ProgramError) as caught:
        verify(program)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["use after projection", "rotation of no axis"])
def test_the_op_is_pointed_at(name: str) -> None:
    with pytest.raises(ProgramError) as caught:
        verify(BROKEN[name][0])
    place = len(BROKEN[name][0].ops) - 1
    assert caught.value.pointer == f"/ops/{place}"
    assert caught.value.title.startswith(f"op {place} (pauli-rotation) breaks a rule: ")
    assert caught.value.source == "blocks"


def test_a_reset_qubit_enters_in_zero_again() -> None:
    fresh = Multiplexor("y", (), "a", Table([1.0]), enters_zero=True)
    verify(_blocks(fresh, MEASURE_A, Reset("a"), fresh, Measure("a", "bits", 1)))


def test_a_diagonal_goes_through_what_is_fresh_or_was_reset() -> None:
    for way in ("c", "a"):
        before = [X, MEASURE_A, Reset("a"), Y] if way == "a" else [X, Y]
        others = ("b", "c") if way == "a" else ("a", "b")
        verify(_blocks(*before, *([Z] if way == "a" else []), Diagonal(others, FOUR, way)))


def test_preparations_need_fresh_registers() -> None:
    fresh = {type(op).__name__: op.requires_zero for op in ATTENTION.ops if op.requires_zero}
    assert set(fresh) == {PrepareIndices.__name__, PrepareDegree.__name__, LoadTokens.__name__}

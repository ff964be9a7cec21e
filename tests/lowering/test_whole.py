"""Loads as whole unitaries: what uncomputes a table and its exact mirror image, whatever the data hold."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.ir.attention import AddConstant, LoadTokens, LoadWhole, PhaseRow, PhaseState, PrepareIndex, Project
from qsac.ir.interpreter import final_state, interpret
from qsac.ir.op import Op, Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import ErrorLedger, PassContext

SHAPES = [
    (1, 2, False),
    (1, 4, False),
    (1, 8, False),
    (1, 8, True),
    (3, 4, False),
    (8, 4, False),
    (8, 4, True),
    (5, 8, False),
]


def _rows(count: int, width: int, complex_rows: bool, seed: int = 0) -> NDArray[np.complex128]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, width)) + (1j * rng.normal(size=(count, width)) if complex_rows else 0)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _program(rows: NDArray[np.complex128], ops: list[Op]) -> Program:
    """The ops on an index over the rows, uniform, and data; then both are projected."""
    size, width = (len(rows) - 1).bit_length(), rows.shape[1].bit_length() - 1
    registers = (*([Register("key", size)] if size else []), Register("data", width))
    begun: list[Op] = [PrepareIndex("key", len(rows))] if size else []
    ended: list[Op] = [Project(("data",))]
    if size:
        ended.append(Project(("key",), "uniform", len(rows)))
    given = ("data", "key") if size else ("data",)
    return Program(
        "whole",
        "attention",
        registers,
        {"keys": Table(rows), "other": Table(_rows(1, rows.shape[1], np.iscomplexobj(rows), 1))},
        (*begun, *ops, *ended),
        (Readout("found", (), given[:1]),),
    )


def _context(machine: str = "h2") -> PassContext:
    return PassContext(target(machine), 2, 0, None, "qubits", ErrorLedger(0.0), None)


def _load(program: Program | None, *, inverse: bool = False, table: str = "keys", rows: int = 2) -> LoadWhole:
    return LoadWhole("data", ("key",) if table == "keys" and rows > 1 else (), table, inverse=inverse, barrier=True)


@pytest.mark.parametrize(("count", "width", "complex_rows"), SHAPES)
def test_a_load_and_its_inverse_are_exact(count: int, width: int, complex_rows: bool) -> None:
    """Walks of loads, inverse loads and phases: what is promised is the same for the ops, the blocks and the gates, and
    the gates are as many as the formula says."""
    rows = _rows(count, width, complex_rows)
    load, back = _load(None, rows=count), _load(None, inverse=True, rows=count)
    other, undo = _load(None, table="other"), _load(None, table="other", inverse=True)
    phase = PhaseState(("data",), 0.7)
    for ops in (
        [load, phase, back],
        [load, undo, phase, other, back],
        [load, undo, phase, other, back, phase, load, undo, PhaseState(("data",), -1.1), other, back],
    ):
        program = _program(rows, ops)
        verify(program)
        blocks = lower(program, _context())
        verify(blocks)
        wanted = interpret(program).probabilities["found"]
        assert interpret(blocks).probabilities["found"] == pytest.approx(wanted, abs=1e-11)
        assert 1e-3 < wanted[1] <= 1 + 1e-12
        assert emit(blocks, _context()).two_qubit_gates <= two_qubit_gates(program, "zzphase")


@pytest.mark.parametrize(
    ("count", "width", "complex_rows"), [shape for shape in SHAPES if shape[0] > 1] + [(7, 2, False)]
)
def test_the_completion_of_ladders(count: int, width: int, complex_rows: bool) -> None:
    """Nothing is projected between two changes of the index: what is read then depends on the completion, and the op
    with that of its ladders means what the blocks do. Of any completion the op means something else."""
    rows = _rows(count, width, complex_rows)
    found = {}
    for completion in ("any", "ladder"):
        load = replace(_load(None), completion=completion)
        once = [load, _load(None, inverse=True, table="other"), PhaseState(("data",), 0.7)]
        once += [_load(None, table="other"), load.adjoint(), PhaseState(("data",), 0.4)]
        mixed = PhaseState(("key",), 0.9, "uniform", count)
        program = _program(rows, [*once, mixed, *once, mixed, *once])
        verify(program)
        found[completion] = interpret(program).probabilities["found"][1]
        blocks = interpret(lower(program, _context())).probabilities["found"][1]
        assert (blocks == pytest.approx(found[completion], abs=1e-11)) == (completion == "ladder")
    assert abs(found["any"] - found["ladder"]) > 1e-4
    assert parse_program(print_program(program)) == program


@pytest.mark.parametrize("count", [3, 5, 8])
def test_phases_in_a_bell_basis(count: int) -> None:
    """Load, phase on the query's row and inverse load, in the basis of the loader: what they are with the way out of it
    and back, by three answers, in two gates fewer."""
    rows = _rows(count, 4, False)
    gates = []
    for load, query in (
        (_load(None), [PhaseRow("data", "other", 0.7, barrier=True)]),
        (
            _load(None),
            [_load(None, inverse=True, table="other"), PhaseState(("data",), 0.7), _load(None, table="other")],
        ),
    ):
        bell = isinstance(query[0], PhaseRow)
        once = [replace(load, bell=bell), *query, replace(load.adjoint(), bell=bell)]
        program = _program(rows, [*once, PhaseState(("data",), -1.1), *once])
        verify(program)
        blocks = lower(program, _context())
        found = interpret(program).probabilities["found"]
        assert interpret(blocks).probabilities["found"] == pytest.approx(found, abs=1e-11)
        gates.append((found[1], emit(blocks, _context()).two_qubit_gates, two_qubit_gates(program, "zzphase")))
        assert parse_program(print_program(program)) == program
    (one, fewer, formula), (other, more, other_formula) = gates
    assert one == pytest.approx(other, abs=1e-12)
    assert 0.01 < one < 0.99
    assert more - fewer == other_formula - formula == 4


def test_no_bell_basis_of_other_loaders() -> None:
    for rows in (_rows(2, 4, False), _rows(8, 4, True), _rows(8, 8, False)):
        load = replace(_load(None), bell=True)
        with pytest.raises(ProgramError, match="Bell basis"):
            verify(_program(rows, [load, load.adjoint()]))


@pytest.mark.parametrize(("count", "gates"), [(8, 16), (7, 15 - 1), (4, 8)])
def test_gates_of_real_loads(count: int, gates: int) -> None:
    """T d / 2 for four entries, as those of loads that only have a first column."""
    rows = _rows(count, 4, False)
    one, two = (
        _program(rows, [_load(None), *[_load(None, inverse=True), _load(None)] * repeats, _load(None, inverse=True)])
        for repeats in (0, 1)
    )
    found = [emit(lower(program, _context()), _context()).two_qubit_gates for program in (one, two)]
    assert found[1] - found[0] <= 2 * gates + 2


def test_a_load_alone_leaves_no_trace() -> None:
    """Load and inverse load are the identity: whatever a lowering leaves on the index is taken back."""
    rows = _rows(5, 4, True)
    program = _program(rows, [_load(None), _load(None, inverse=True), PhaseState(("data",), 0.3)])
    blocks = lower(program, _context())
    state = final_state(blocks, lambda op: op.matrices(blocks.scope))
    # The projection on the uniform state has brought the index to zero.
    assert np.abs(state).max() == pytest.approx(1.0, abs=1e-12)


def test_phases_about_a_uniform_state() -> None:
    """A reflection about the state that is there changes nothing; its square neither, of any length."""
    for length in (3, 4, 5, 6, 7, 8):
        size = (length - 1).bit_length()
        begun: tuple[Op, ...] = (PrepareIndex("key", length),)
        ended: tuple[Op, ...] = (Project(("key",), "uniform", length),)
        for ops in ((PhaseState(("key",), 1.2, "uniform", length),), (PhaseState(("key",), 0.4),) * 2):
            program = Program(
                "phase",
                "attention",
                (Register("key", size),),
                {},
                (*begun, *ops, *ended),
                (Readout("found", (), ("key",)),),
            )
            verify(program)
            blocks = lower(program, _context())
            wanted = interpret(program).probabilities["found"]
            assert interpret(blocks).probabilities["found"] == pytest.approx(wanted, abs=1e-12)
            assert (wanted[1] == pytest.approx(1.0)) == (ops[0].state == "uniform")


def test_text() -> None:
    program = _program(_rows(3, 4, False), [_load(None), PhaseState(("data",), 0.25), _load(None, inverse=True)])
    again = parse_program(print_program(program))
    assert again == program
    assert [op.adjoint().adjoint() for op in program.ops[1:4]] == list(program.ops[1:4])


@pytest.mark.parametrize(
    ("ops", "said"),
    [
        ([_load(None)], "changes the index"),
        ([_load(None), PhaseState(("key",), 0.5, "uniform", 3), _load(None, inverse=True)], "changes the index"),
        ([LoadWhole("data", (), "keys")], "breaks a rule"),
        ([PhaseState((), 0.5)], "breaks a rule"),
        ([PhaseState(("key",), 0.5, "uniform", 7)], "breaks a rule"),
        ([PhaseState(("key",), 0.5, "unary")], "breaks a rule"),
    ],
)
def test_rules(ops: list[Op], said: str) -> None:
    with pytest.raises(ProgramError, match=said):
        verify(_program(_rows(3, 4, False), ops))


def test_phases_on_the_index_are_controls() -> None:
    """What is diagonal on the index may stand between a load and its inverse."""
    verify(_program(_rows(3, 4, False), [_load(None), PhaseState(("key",), 0.5), _load(None, inverse=True)]))


@pytest.mark.parametrize("amount", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("controlled", [False, True])
def test_additions(amount: int, controlled: bool) -> None:
    """From each number, by each amount."""
    for start in range(8):
        when: tuple[str, ...] = ("flag",) if controlled else ()
        flag = np.array([[0.6, 0.8]])
        number = np.zeros((1, 8))
        number[0, start] = 1.0
        registers = (*(Register(name, 1) for name in when), Register("high", 1), Register("low", 2))
        ops: list[Op] = [
            *(LoadTokens(name, (), "flag") for name in when),
            LoadTokens(("high", "low"), (), "number"),
            AddConstant(("high", "low"), amount, when),
            SaveProbabilities((*when, "high", "low"), "weights"),
            Project((*when, "high", "low")),
        ]
        tables = {"number": Table(number)} | ({"flag": Table(flag)} if controlled else {})
        program = Program(
            "sum", "attention", registers, tables, tuple(ops), (Readout("all", (), (*when, "high", "low")),)
        )
        verify(program)
        found = interpret(program).observed["weights"].reshape(-1, 8)
        assert found[-1][(start + amount) % 8] == pytest.approx(0.64 if controlled else 1.0)
        blocks = lower(program, _context())
        verify(blocks)
        np.testing.assert_allclose(interpret(blocks).observed["weights"].reshape(-1, 8), found, atol=1e-12)
        assert emit(blocks, _context()).two_qubit_gates <= two_qubit_gates(program, "zzphase")

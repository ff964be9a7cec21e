"""Circuits of gates: blocks mean what the op means, alone, by an index and inverted; what is not a gate is refused."""

import numpy as np
import pytest

from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.counting.formulas import op_cost
from qsac.ir.attention import ApplyCircuit, PrepareIndex, Project
from qsac.ir.op import Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.stages import Watch
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import of_program
from tests.cases import seeds

QUBITS = 3
NAMES = tuple(f"qubit[{place}]" for place in range(QUBITS))


def gates(rng: np.random.Generator, count: int) -> tuple[tuple[str, ...], int]:
    """Drawn gates, and how many angles they take."""
    found, angles = [], 0
    for _ in range(count):
        first, second, third = rng.permutation(QUBITS).tolist()
        kind = int(rng.integers(7))
        mark = "=" if rng.random() < 0.3 else "@"
        letter, other = rng.choice(list("xyz"), size=2)
        if kind == 0:
            found.append(f"{rng.choice(['h', 'x', 'y', 'z', 's', 'sdg'])} {first}")
        elif kind == 1:
            found.append(f"{rng.choice(['cx', 'cy', 'cz', 'swap'])} {first} {second}")
        elif kind == 2:
            found.append(f"r{letter} {first} :{rng.normal()!r}")
        elif kind == 3:
            found.append(f"r{letter} {first} {mark}{angles}")
            angles += 1
        elif kind == 4:
            found.append(f"r{letter}{other} {first} {second} {mark}{angles}")
            angles += 1
        elif kind == 5:
            found.append(f"m{letter} {first} {second} {mark}{angles}")
            angles += 2
        else:
            found.append(f"m{letter} {first} {second} {third} {mark}{angles}")
            angles += 4
    return tuple(found), angles


def program(seed: int) -> Program:
    """Two circuits, the second one inverted, by an index of three values, or by none."""
    rng = np.random.default_rng(seed)
    index = ("index",) if seed % 2 else ()
    tables, ops = {}, []
    if index:
        ops.append(PrepareIndex("index", 3))
    for place in range(2):
        texts, angles = gates(rng, 6)
        rows = rng.normal(size=(3 if index else 1, angles))
        for text in texts:
            if "=" in text:
                first = int(text.split("=")[1])
                rows[:, first : first + 4] = rows[0, first : first + 4]
        tables[f"angles-{place}"] = Table(rows)
        ops.append(ApplyCircuit(NAMES, texts, f"angles-{place}", index, inverse=bool(place)))
    if index:
        ops.append(Project(index, "uniform", 3))
    ops += [SaveProbabilities(NAMES[1:], "weights"), SaveProbabilities(NAMES[1:], "overlaps"), Project(NAMES[1:])]
    registers = tuple(Register(name, 2 if name == "index" else 1) for name in (*index, *NAMES))
    return Program("drawn", "attention", registers, tables, tuple(ops), (Readout("outcomes", index, (), NAMES[1:]),))


def compilation() -> Compilation:
    return Compilation(target("h2"), Options(), Watch(None), None)


@pytest.mark.parametrize("seed", seeds(24, one_of=3))
def test_blocks_and_gates_mean_what_the_op_means(seed: int) -> None:
    built = program(seed)
    verify(built)
    made = compilation()
    blocks = lower(built, made.context)
    verify(blocks)
    circuit = made.unrouted(made.blocks(made.attention(built)))
    wanted = of_program(built)
    for found in (of_program(blocks), simulate(circuit)):
        assert found.given == pytest.approx(wanted.given, abs=1e-12)
        assert found.index is not None
        assert wanted.index is not None
        assert found.index.joint == pytest.approx(wanted.index.joint, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_texts_read_back(seed: int) -> None:
    assert parse_program(print_program(program(seed))) == program(seed)


def test_an_inverse_undoes_its_circuit() -> None:
    rng = np.random.default_rng(1)
    texts, angles = gates(rng, 12)
    scope = Program(
        "p", "attention", tuple(Register(name, 1) for name in NAMES), {"t": Table(rng.normal(size=(1, angles)))}, (), ()
    ).scope
    op = ApplyCircuit(NAMES, texts, "t")
    (matrix,), (inverse,) = op.matrices(scope), op.adjoint().matrices(scope)
    assert inverse @ matrix == pytest.approx(np.eye(8), abs=1e-12)
    assert op_cost(op, scope, "zzphase") <= op_cost(op, scope, "cz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("toffoli 0 1", "neither"),
        ("h 0 1", "acts on 1"),
        ("rx 0", "neither"),
        ("rx 3 @0", "different ones of 3"),
        ("cx 0 0", "different ones of 3"),
        ("rx 0 @9", "angles in a row"),
        ("my 0 1 2 @2", "angles in a row"),
        ("rxyz 0 1 2 @0", "neither"),
        ("rx x @0", "invalid literal"),
    ],
)
def test_what_is_no_gate_is_refused(text: str, said: str) -> None:
    registers = tuple(Register(name, 1) for name in NAMES)
    op = ApplyCircuit(NAMES, (text,), "t")
    built = Program("p", "attention", registers, {"t": Table(np.zeros((1, 4)))}, (op,), ())
    with pytest.raises(ProgramError, match=said):
        verify(built)

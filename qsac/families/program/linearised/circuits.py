"""The circuits of linearised training: the exact product for a nilpotent history, or a polynomial of a block encoding
(:mod:`.encoding`), read by tomography.

X = S (x) A, so that M^-1 = prod over the bits j of (1 + X^(2^j)). Stage j: a branch qubit in (1, sqrt(a_j)), a_j the
norm of A^(2^j); where it is 1, A^(2^j)/a_j on ``y`` by one qubit of dilation, and 2^j added to ``time``; both are
projected.
A/a = P V diag(sigma) V^T with the polar factor P: V^T and V act in both branches, where they cancel, P in one.
"""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.program.linearised.encoding import Encoding
from qsac.families.program.linearised.readout import HISTORY, NAME, Setting, read_history, settings
from qsac.families.program.readouts import not_compiled
from qsac.ir.attention import AddConstant, ApplyUnitary, LoadTokens, PrepareDegree, Project
from qsac.ir.op import Data, Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table

if TYPE_CHECKING:
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.model import Model

Real = NDArray[np.float64]
Names = tuple[str, ...]

VERSION = 1

MOST_QUBITS = 5
"""Most qubits of the linearisation's register: unitaries on it are synthesised."""


def plan(model: Model, system: Linearised) -> Plan:
    """One circuit in the computational basis, one with a Hadamard gate on each qubit of the history, and the classical
    step that reads them. Raises :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
    if system.state_qubits > MOST_QUBITS:
        found = f"{len(system.offset):,} entries at an instant"
        raise not_compiled("/program/order", found, f"at most {1 << MOST_QUBITS}, whose unitaries are synthesised")
    if system.by_polynomial:
        system.inversion.phases  # noqa: B018  # refused here, before any circuit
    qubits = system.time_qubits + system.state_qubits
    circuits = [
        CircuitStep(one.name, partial(history_program, model.name, system, one), (NAME,), qubits)
        for one in settings(system)
    ]
    names = tuple(step.name for step in circuits)
    return Plan((*circuits, ClassicalStep("read-solution", partial(read_history, system), VERSION, names, (HISTORY,))))


def history_program(name: str, system: Linearised, one: Setting) -> Program:
    """The right-hand side loaded, the solver's circuit, and the history measured."""
    time = tuple(f"time[{place}]" for place in range(system.time_qubits))
    state = tuple(f"y[{place}]" for place in range(system.state_qubits))
    solved = _by_polynomial if system.by_polynomial else _by_series
    ops, tables, ancillas = solved(system, time, state)
    registers = (*time, *state)
    if one.qubit is not None:
        tables["hadamard"] = Table(np.array([[1.0, 1.0], [1.0, -1.0]]) / sqrt(2))
        ops.append(ApplyUnitary(registers[one.qubit], "matrix", "hadamard", origin="/program/readout"))
    for quantity in ("weights", "overlaps"):
        ops.append(SaveProbabilities(registers, quantity, origin="/program/readout"))
    ops.append(Project(registers, origin="/program/readout"))
    return Program(
        name=name,
        level="attention",
        registers=tuple(Register(register, 1) for register in (*registers, *ancillas)),
        tables=tables,
        ops=tuple(ops),
        readouts=(Readout(NAME, ancillas, (), registers),),
    )


class _Solver(NamedTuple):
    """A solver's ops on the history's registers, their tables, and the ancillas that are to be zero."""

    ops: list[Op]
    tables: dict[str, Table]
    ancillas: Names


def _by_polynomial(system: Linearised, time: Names, state: Names) -> _Solver:
    encoding = Encoding(system, time, state)
    return _Solver(encoding.ops(system.inversion), encoding.tables(system.inversion), encoding.ancillas)


def _by_series(system: Linearised, time: Names, state: Names) -> _Solver:
    """One stage for each bit of the time."""
    tables = {"right": Table((system.padded(system.right) / np.linalg.norm(system.right)).reshape(1, -1))}
    ops: list[Op] = [LoadTokens((*time, *state), (), "right", origin="/program/start")]
    ancillas: list[str] = []
    for place, power in enumerate(system.powers):
        if np.linalg.norm(power, 2) > 0:
            ops += _stage(system, place, power, (time, state), tables)
            ancillas += [f"dilation[{place}]", f"branch[{place}]"]
    return _Solver(ops, tables, tuple(ancillas))


def _stage(
    system: Linearised, place: int, power: Real, registers: tuple[Names, Names], tables: dict[str, Table]
) -> list[Op]:
    """1 + X^(2^place), divided by 1 + |A^(2^place)|."""
    time, state = registers
    branch, dilation, origin = f"branch[{place}]", f"dilation[{place}]", "/program/solver"
    data: Data = state if len(state) > 1 else state[0]
    size, norm = 1 << len(state), float(np.linalg.norm(power, 2))
    padded = np.zeros((size, size))
    padded[: len(power), : len(power)] = power / norm
    left, values, right = np.linalg.svd(padded)
    tables[f"into[{place}]"], tables[f"back[{place}]"] = Table(right), Table(np.ascontiguousarray(right.T))
    tables[f"polar[{place}]"] = Table(left @ right)
    cosines = np.ones((2, 1 << len(time), size))
    reached = np.arange(1 << len(time)) + (1 << place) < system.steps + 1
    cosines[1] = np.where(reached[:, None], np.minimum(values, 1.0), 0.0)
    rows = np.stack((cosines, np.sqrt(1 - cosines**2)), axis=-1)
    tables[f"dilation[{place}]"] = Table(rows.reshape(-1, 2))
    amplitudes = (1 / sqrt(1 + norm), sqrt(norm / (1 + norm)))
    return [
        PrepareDegree((branch,), amplitudes, origin=origin),
        ApplyUnitary(data, "matrix", f"into[{place}]", origin=origin),
        LoadTokens(dilation, (branch, *time, *state), f"dilation[{place}]", origin=origin),
        Project((dilation,), origin=origin),
        ApplyUnitary(data, "matrix", f"back[{place}]", origin=origin),
        ApplyUnitary(data, "matrix", f"polar[{place}]", when=(branch,), origin=origin),
        AddConstant(time, 1 << place, (branch,), origin=origin),
        Project((branch,), "unary", amplitudes=amplitudes, origin=origin),
    ]

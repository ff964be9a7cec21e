"""The circuits of a search: one for each row and number of rounds, the row's key in a register."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.program.readouts import not_compiled
from qsac.families.program.search.readout import ATTENTION, FOUND, found_keys, sparse_attention
from qsac.families.program.search.walks import NAME, circuit_names
from qsac.families.program.walk import REFLECTION, Walk
from qsac.files.numbers import Numbers
from qsac.ir.attention import PhaseState, PrepareIndex, Project
from qsac.ir.attention.whole import begins_in_bell_basis
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.signal_processing import walk_angles

if TYPE_CHECKING:
    from qsac.families.program.model import Model
    from qsac.families.program.search.rows import Search

VERSION = 1


def plan(model: Model, search: Search) -> Plan:
    """All circuits of all rows, one job, and the classical steps: verification, attention. Raises
    :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
    for pointer, found in search.refused.items():
        raise not_compiled(pointer, found, "a heralded search of separate rows by overlaps, verified classically")
    circuits = [
        CircuitStep(
            name, partial(search_program, model.name, search, row, rounds), (NAME,), (search.keys(row) - 1).bit_length()
        )
        for name, row, rounds in circuit_names(search)
    ]
    if not circuits:
        raise not_compiled("/program/rows", "rows of one key each", "a row of at least two keys: one is no search")
    names = tuple(step.name for step in circuits)
    verify = ClassicalStep(
        "verify-keys", partial(found_keys, search), VERSION, names, (FOUND,), {"threshold": search.threshold}
    )
    attention = ClassicalStep(
        "sparse-attention",
        partial(sparse_attention, search),
        VERSION,
        (FOUND,),
        (ATTENTION,),
        {"temperature": search.temperature, "rest": search.rest},
    )
    return Plan((*circuits, verify, attention))


def search_program(name: str, search: Search, row: int, rounds: int) -> Program:
    """Grover's search of one row: the uniform state of its keys, and in each round the oracle, whose data register is
    projected on zero (a herald), and the reflection about the uniform state."""
    keys = search.keys(row)
    size = (keys - 1).bit_length()
    tables: dict[str, Table] = {}
    registers = [Register("key", size)]
    ops: list[Op] = [PrepareIndex("key", keys, origin="/program/mask")]
    if rounds:
        states, query = oracle_rows(search, row)
        tables = {"keys": Table(states), "query": Table(query)}
        width = states.shape[1].bit_length() - 1
        for place in range(rounds):
            data = f"score[{place}]"
            registers.append(Register(data, width))
            ops += oracle(search, data, bell=begins_in_bell_basis(tables["keys"]))
            ops.append(Project((data,), origin="/program/herald"))
            ops.append(PhaseState(("key",), REFLECTION, "uniform", keys, origin="/program/mask"))
    heralds = tuple(register.name for register in registers[1:])
    for quantity in ("weights", "overlaps"):
        ops.append(SaveProbabilities(("key",), quantity, origin="/program"))
    ops.append(Project(("key",), origin="/program"))
    return Program(
        name=name,
        level="attention",
        registers=tuple(registers),
        tables=tables,
        ops=tuple(ops),
        readouts=(Readout(NAME, heralds, (), ("key",)),),
    )


def oracle(search: Search, data: str, *, bell: bool) -> list[Op]:
    """The walk that applies the threshold polynomial to the scores (docs/programs.md).

    The first and the last projector phase, on |0> alone, are global ones here, and left out. ``bell``: the loader of
    the keys begins in a Bell basis.
    """
    angles = [float(angle) for angle in walk_angles(search.phases)[::-1]]
    walk = Walk(data, ("key",), "keys", "query", "/tokens", "/tokens")
    ops: list[Op] = []
    for use in range(0, search.polynomial.degree, 2):
        if use:
            ops.append(PhaseState((data,), angles[use], origin="/program/oracle"))
        ops += walk.turned(angles[use + 1], bell=bell)
    return ops


def oracle_rows(search: Search, row: int) -> tuple[Numbers, Numbers]:
    """The states of the row's keys, (keys, D), and of its query, (1, D): as they are for |s|; for the real part as real
    ones of twice the dimension where they are complex, and shifted, (x, 1)/sqrt(2), so that overlaps are (1 + s)/2."""
    keys, query = search.states[: search.keys(row)], search.queries[row : row + 1]
    if np.iscomplexobj(search.states) != np.iscomplexobj(search.queries):
        keys, query = keys.astype(np.complex128), query.astype(np.complex128)
    if search.part == "abs":
        return keys, query
    return _shifted(keys, search.span), _shifted(query, search.span)


def _shifted(rows: Numbers, span: int) -> Numbers:
    """Rows of which the first ``span`` entries may differ from zero."""
    kept = rows[:, :span]
    real = np.concatenate((kept.real, kept.imag), axis=1) if np.iscomplexobj(kept) else kept
    used = real.shape[1]
    shifted = np.zeros((len(rows), 1 << used.bit_length()))
    shifted[:, :used] = real
    shifted[:, used] = 1.0
    return np.asarray(shifted / np.sqrt(2), dtype=np.float64)

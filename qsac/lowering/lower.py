"""The lowering as a whole: allocation, each op by its family, readouts from registers to bits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import count
from typing import Any

from qsac.counting.formulas import causal_is_loaded
from qsac.ir.attention import (
    ApplyUnitary,
    LoadEvolution,
    LoadPruned,
    LoadTokens,
    PhaseTable,
    PrepareIndex,
    PrepareIndices,
    PreparePower,
    Project,
    SelectIndex,
    TurnPower,
)
from qsac.ir.blocks import Diagonal, Multiplexor, Reset
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.observe import Observe
from qsac.ir.op import Op, Register
from qsac.ir.outline import Outline
from qsac.ir.program import Program, Readout, bit_register
from qsac.ir.table import Table
from qsac.lowering import evolution, projection, pruned, select, tokens, unitary
from qsac.lowering.allocation import Allocation, allocate, qubit_name
from qsac.lowering.indices import causal_state, unary_state, uniform_state
from qsac.lowering.place import Place
from qsac.pipeline.contract import PassContext


def _prepare_indices(op: PrepareIndices, place: Place) -> Sequence[Op]:
    query, key = place.qubits(op.query), place.qubits(op.key)
    if op.mask == "causal" and causal_is_loaded(op.length):
        return tokens.load_row(op.prepared(place.scope), (*query, *key), place, op.origin)
    if op.mask == "causal":
        return causal_state(query, key, op.length, op.origin)
    return uniform_state(query, op.length, op.origin) + uniform_state(key, op.length, op.origin)


def _prepare_index(op: PrepareIndex, place: Place) -> Sequence[Op]:
    return uniform_state(place.qubits(op.index), op.length, op.origin)


def _prepare_power(op: PreparePower, place: Place) -> Sequence[Op]:
    return unary_state(place.qubits(*op.power), op.amplitudes, op.origin)


def _turn_power(op: TurnPower, place: Place) -> Sequence[Op]:
    (target,), angles = place.qubits(op.power), Table(op.angles)
    controls = place.qubits(*op.given)
    return [Multiplexor("y", controls, target, angles, enters_zero=op.fresh, leaves_zero=op.last, origin=op.origin)]


def _phase_table(op: PhaseTable, place: Place) -> Sequence[Op]:
    qubits = place.qubits(op.index)
    phases = Table(op.padded(place.scope)) if op.phases.known else Outline((1 << len(qubits),), real=True)
    return [Diagonal(qubits, phases, origin=op.origin, slots=place.slot())]


def _observe(op: Observe, place: Place) -> Sequence[Op]:
    return [Observe(place.qubits(*op.registers), op.quantity, origin=op.origin)]


LOWERINGS: dict[type[Op], Callable[[Any, Place], Sequence[Op]]] = {
    ApplyUnitary: unitary.lower,
    LoadEvolution: evolution.lower,
    LoadPruned: pruned.lower,
    LoadTokens: tokens.lower,
    Observe: _observe,
    PhaseTable: _phase_table,
    PrepareIndex: _prepare_index,
    PrepareIndices: _prepare_indices,
    PreparePower: _prepare_power,
    Project: projection.lower,
    SelectIndex: select.lower,
    TurnPower: _turn_power,
}


def lower(
    program: Program,
    context: PassContext,
    *,
    slots: bool = False,
    orders: Sequence[LadderOrder | None] = (),
    derived: dict[Hashable, object] | None = None,
) -> Program:
    """The block program of a verified attention program, exact, in its order of ops.

    Registers are allocated by their lifetimes as far as the target can reset qubits; a register that takes the place of
    another one starts with resets. With ``slots`` the blocks whose numbers come from tables and phases are numbered in
    their order. ``orders`` says how the loaders' uniformly controlled gates are to be written, one after the other,
    where not in the usual way (None): see :mod:`qsac.layout.arrangement`. ``derived`` keeps what is worked out of
    tables, for programs in which the same names stand for the same tables.
    """
    allocation = allocate(program, context)
    lowered = lowered_ops(program, allocation, slots=slots, orders=orders, derived=derived)
    blocks = [block for _, written in lowered for block in written]
    return Program(
        name=program.name,
        level="block",
        registers=tuple(Register(qubit_name(index), 1) for index in range(allocation.width)),
        tables={},
        ops=tuple(blocks),
        readouts=tuple(
            Readout(readout.metric, *(_bits(part, program) for part in (readout.given, readout.success, readout.index)))
            for readout in program.readouts
        ),
        normalisation=program.normalisation,
    )


def lowered_ops(
    program: Program,
    allocation: Allocation,
    *,
    slots: bool,
    orders: Sequence[LadderOrder | None] = (),
    derived: dict[Hashable, object] | None = None,
) -> Iterator[tuple[Op, list[Op]]]:
    """Each op of an attention program with its blocks, resets of its registers' qubits included."""
    derived = {} if derived is None else derived
    place = Place(program.scope, allocation, derived, count() if slots else None, iter(orders))
    to_reset = dict(allocation.reused)
    for op in program.ops:
        resets = [Reset(name, origin=op.origin) for register in op.targets for name in to_reset.pop(register, ())]
        yield op, [*resets, *LOWERINGS[type(op)](op, place)]


def _bits(registers: tuple[str, ...], program: Program) -> tuple[str, ...]:
    return tuple(
        f"{bit_register(register)}[{index}]" for register in registers for index in range(program.scope.sizes[register])
    )

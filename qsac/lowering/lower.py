"""The lowering as a whole: allocation, each op by its own file, readouts from registers to bits."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from qsac.ir.attention import Amplify, ApplyCircuit
from qsac.ir.blocks import Measure, Multiplexor, PauliRotation, Reset
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout, bit_register
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.lowering import kept, tokens
from qsac.lowering.allocation import Allocation, allocate, qubit_name
from qsac.lowering.amplify import amplified
from qsac.lowering.context import LoweringContext, lowering
from qsac.pipeline.contract import PassContext

_KEPT = kept.Kept()


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
    where not in the usual way (None): see :mod:`qsac.layout.arrangement`. ``derived`` keeps what is computed of
    tables, for programs in which the same names stand for the same tables.
    """
    allocation = allocate(program, context)
    lowered = lowered_ops(program, allocation, slots=slots, orders=orders, derived=derived)
    blocks: list[Op] = []
    for place, (op, written) in enumerate(lowered):
        if isinstance(op, Amplify):
            qubits = [qubit for register in op.registers for qubit in allocation.qubits[register]]
            blocks = amplified(blocks, op.rounds, qubits, allocation.clean, place)
        blocks += written
    if any(isinstance(op, ApplyCircuit) for op in program.ops):
        blocks = [*entering_zero(in_light_cone(blocks))]
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
        subnormalisation=program.subnormalisation,
    )


def in_light_cone(blocks: Sequence[Op]) -> list[Op]:
    """The blocks that something measured or saved depends on. Circuits leave registers that nothing projects: these are
    traced out, and what is done to their qubits in the end has no effect.

    From the end back a qubit is not seen, seen in the computational basis alone (as by a measurement), or seen as a
    whole. A block that is diagonal on what is seen, and that only in the computational basis, changes no probability.
    A measurement that is ignored sees nothing, and is there for the reset that comes after it.
    """
    basis: set[str] = set()
    whole: set[str] = set()
    reset: set[str] = set()
    kept: list[Op] = []
    for block in reversed(blocks):
        diagonal = {*block.controlled_by, *block.diagonal_on}
        changed = {*block.targets, *block.ancillas} - diagonal
        if isinstance(block, Reset):
            basis -= changed
            whole -= changed
            reset |= changed
        elif isinstance(block, Measure) and block.ignored:
            if block.qubit not in reset:
                continue
            reset.discard(block.qubit)
        elif isinstance(block, Measure | SaveProbabilities):
            basis |= changed | diagonal
        elif changed & basis or (changed | diagonal) & whole:
            whole |= changed
            basis |= changed | diagonal
        else:
            continue
        kept.append(block)
    return _allocated(kept[::-1])


def entering_zero(blocks: Sequence[Op]) -> Iterator[Op]:
    """The blocks; multiplexors whose target is in zero say so: their ladders then take one gate less."""
    used: set[str] = set()
    for block in blocks:
        # What opens a pair is what closes it, mirrored.
        plain = isinstance(block, Multiplexor) and block.axis != "z" and block.pair == "none"
        fresh = not used.intersection(block.targets)
        yield replace(block, enters_zero=True) if isinstance(block, Multiplexor) and plain and fresh else block
        used.update(block.targets)
        if isinstance(block, Reset):
            used.difference_update(block.targets)


def _allocated(blocks: Sequence[Op]) -> list[Op]:
    """The blocks, with a rotation by nothing on each qubit of which the first use that is left is a control: it is in
    zero, and has to be allocated."""
    live: set[str] = set()
    found: list[Op] = []
    for block in blocks:
        for qubit in block.controlled_by:
            if qubit not in live:
                found.append(PauliRotation("z", (qubit,), 0.0, sources=block.sources))
                live.add(qubit)
        live.update(block.targets)
        found.append(block)
    return found


def lowered_ops(
    program: Program,
    allocation: Allocation,
    *,
    slots: bool,
    orders: Sequence[LadderOrder | None] = (),
    derived: dict[Hashable, object] | None = None,
) -> Iterator[tuple[Op, list[Op]]]:
    """Each op of an attention program with its blocks, resets of its registers' qubits included.

    The blocks' source is the op, by its place.
    """
    derived = {} if derived is None else derived
    place = LoweringContext(program.scope, allocation, derived, count() if slots else None, iter(orders))
    # Slots are numbered in their order, and orders taken in theirs: such blocks are those of one program.
    plain = not slots and not orders
    keys = kept.keys(program.ops, program.tables, allocation) if plain else [None] * len(program.ops)
    known = [None if key is None else _KEPT.of(key, source) for source, key in enumerate(keys)]
    tokens.work_out((op for op, found in zip(program.ops, known, strict=True) if found is None), place)
    to_reset = dict(allocation.reused)
    for source, (op, key, found) in enumerate(zip(program.ops, keys, known, strict=True)):
        resets = [Reset(name, sources=(source,)) for register in op.targets for name in to_reset.pop(register, ())]
        if found is None:
            blocks = lowering.of(op)(op, place)
            if op.barrier:
                blocks = [replace(block, barrier=True) for block in blocks]
            found = [block.of_sources((source,)) for block in blocks]
            if key is not None:
                _KEPT.keep(key, source, found)
        yield op, [*resets, *found]


def _bits(registers: tuple[str, ...], program: Program) -> tuple[str, ...]:
    return tuple(
        f"{bit_register(register)}[{index}]" for register in registers for index in range(program.scope.sizes[register])
    )

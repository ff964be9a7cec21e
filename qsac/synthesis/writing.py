"""From programs that do what a block is to do to the block: the one with the fewest gates, written and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.emit.closed import emit_closed
from qsac.errors import of_type
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.allocation import Allocation, qubit_name
from qsac.lowering.lower import lowered_ops
from qsac.machine.read import find_target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import Pass, PassContext
from qsac.pipeline.registry import pass_class
from qsac.simulation.statevector import amplitudes
from qsac.synthesis.block import Block

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

_ON_LOADS = ("load-by-structure", "rotate-ladders")
_ON_BLOCKS = ("drop-controls", "merge-diagonals", "merge-rotations")
"""The passes that leave every amplitude as it is: no other may rely on what is measured, or on qubits in zero."""

_ROUNDING = 1e-9
"""Most that an amplitude may differ from what was asked for."""


def context_of(target: AnyTarget, optimisation: int) -> PassContext:
    """The context of passes for the gates of a target, whose qubits are taken as all connected."""
    machine = find_target(target)
    return PassContext(replace(machine, coupling=None, directions=None), optimisation)


def loads(
    ops: Sequence[Op], tables: dict[str, Table], index: int, data: int, context: PassContext
) -> Iterable[Program]:
    """The block programs of a load on the register ``data`` by the register ``index``, as it is and improved."""
    sizes = {"index": index, "data": data}
    registers = tuple(Register(name, size) for name, size in sizes.items() if size)
    program = Program("load", "attention", registers, tables, tuple(ops), ())
    yield _lowered(program, index, data)
    better = _passed(program, _ON_LOADS, context)
    if better != program:
        yield _lowered(better, index, data)


def _lowered(program: Program, index: int, data: int) -> Program:
    names = qubit_names(index + data)
    places = {"index": names[:index], "data": names[index:]}
    allocation = Allocation({name: found for name, found in places.items() if found}, index + data, {})
    blocks = lowered_ops(program, allocation, slots=False)
    return block_program([block for _, written in blocks for block in written], index + data)


def qubit_names(count: int) -> tuple[str, ...]:
    """The names of a block program's qubits."""
    return tuple(map(qubit_name, range(count)))


def block_program(ops: Sequence[Op], qubits: int) -> Program:
    """The block program of some blocks on all qubits."""
    return Program("block", "block", tuple(Register(name, 1) for name in qubit_names(qubits)), {}, tuple(ops), ())


def _passed(program: Program, names: Sequence[str], context: PassContext) -> Program:
    for name in names:
        kind = pass_class(name)
        if kind.optimisation <= context.optimisation:
            program = of_type(kind(), Pass).apply(program, context)
    return program


def written(
    name: str,
    programs: Iterable[Program],
    columns: NDArray[np.complex128],
    index: int,
    context: PassContext,
) -> Block:
    """The block of the program that takes the fewest two-qubit gates, of these the first; ``columns`` as in
    :class:`Block`.

    What the circuit does to a state of all inputs, of amplitudes that nothing is special about, is compared with what
    was asked for: ``RuntimeError`` where it differs. From that comparison the global phase comes.
    """
    found: tuple[NativeCircuit, Program] | None = None
    for program in programs:
        better = replace(_passed(program, _ON_BLOCKS, context), name=name)
        circuit = emit_closed(better, context.target.family)
        if found is None or circuit.two_qubit_gates < found[0].two_qubit_gates:
            found = circuit, better
    circuit, program = of_type(found, tuple)
    qubits = len(circuit.qubits)
    columns.flags.writeable = False
    return Block(
        name=name,
        target=context.target.name,
        family=context.target.family,
        index=tuple(range(index)),
        data=tuple(range(index, qubits)),
        columns=columns,
        circuit=circuit,
        phase=_phase(circuit, columns, index),
        program=program,
    )


def _phase(circuit: NativeCircuit, columns: NDArray[np.complex128], index: int) -> float:
    """The phase in half-turns, above -1 and up to 1, by which the circuit differs from what was asked for."""
    values, size, inputs = columns.shape
    parts = np.random.default_rng([values, size, inputs]).normal(size=(2, values, inputs))
    given = parts[0] + 1j * parts[1]
    given /= np.linalg.norm(given)
    start, wanted = (np.zeros((1 << index, size), dtype=np.complex128) for _ in range(2))
    start[:values, :inputs] = given
    wanted[:values] = np.einsum("ixk,ik->ix", columns, given)
    reached = amplitudes(circuit, start.reshape(-1))
    turned = np.vdot(reached, wanted)
    phase = float(np.angle(turned))
    distance = float(np.abs(wanted.reshape(-1) - np.exp(1j * phase) * reached).max())
    if not distance < _ROUNDING:
        raise RuntimeError(f"a block is {distance:.1e} off what was asked for")
    return phase / np.pi

"""pytket: a pass that writes boxes of states, multiplexors and diagonals in fewer gates (docs/hosts/pytket.md).

A ``CustomPass`` serialises to its label alone: a pass manager that is written to JSON names ``qsac-boxes``, and cannot
be read back. Make it anew on the other side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pytket.circuit import (
    Circuit,
    DiagonalBox,
    MultiplexedRotationBox,
    MultiplexedTensoredU2Box,
    MultiplexedU2Box,
    MultiplexorBox,
    Op,
    OpType,
    StatePreparationBox,
)
from pytket.passes import (
    AutoRebase,
    CustomPass,
    DecomposeBoxes,
    DecomposeTK2,
    FullPeepholeOptimise,
    NormaliseTK2,
    SynthesiseTket,
)

from qsac.arguments import flag, whole_number
from qsac.hosts.candidates import MOST_QUBITS, Kind, blocks
from qsac.machine.read import find_target
from qsac.synthesis import Block

if TYPE_CHECKING:
    from pytket.passes import BasePass
    from pytket.unit_id import UnitID

    from qsac.machine.read import AnyTarget

LABEL = "qsac-boxes"
"""The label of the pass, which is all that pytket serialises of it."""

_PEEPHOLE = 150
"""Most two-qubit gates of a decomposition that is optimised to be counted: of larger ones little goes away, slowly."""

_AXES: dict[OpType, Kind] = {OpType.Rx: "x", OpType.Ry: "y", OpType.Rz: "z"}


@dataclass(frozen=True)
class _Asked:
    """Numbers, and the places among a box's qubits that they are for, the most significant first."""

    kind: Kind
    numbers: NDArray[Any]
    places: tuple[int, ...]


def boxes_pass(target: AnyTarget = "h2", *, from_zero: bool = True, optimisation: int = 2) -> BasePass:
    """A ``CustomPass`` that replaces boxes by blocks of :mod:`qsac.synthesis`, global phase included, where that takes
    fewer two-qubit gates than pytket's own decomposition of the box does, after ``FullPeepholeOptimise`` too.

    The boxes are ``StatePreparationBox``, ``MultiplexedRotationBox``, ``MultiplexedU2Box``,
    ``MultiplexedTensoredU2Box``, ``MultiplexorBox`` of one-qubit gates, and ``DiagonalBox``; all else stays as it is,
    boxes within boxes, conditional and symbolic ones too, and those on more than ten qubits. ``target`` says in which
    gates blocks are written and counted. A state is only prepared where its qubits are known to be in zero, since from
    there alone a block is the same as the box: after a reset and, with ``from_zero``, at the beginning of the circuit.
    ``optimisation`` is that of :func:`qsac.synthesis.state`.

    Raises :class:`~qsac.errors.InvalidInputError` for unknown targets and invalid options. The pass itself raises
    nothing: what qsac refuses, pytket does.
    """
    family = find_target(target).family
    level = whole_number(optimisation, "optimisation level", 0, 3)
    return CustomPass(partial(_replaced, family, flag(from_zero, "from_zero"), level), LABEL)


def _replaced(family: str, from_zero: bool, optimisation: int, circuit: Circuit) -> Circuit:
    """The circuit with blocks in place of boxes; the circuit itself where none is."""
    zero: set[UnitID] = set(circuit.qubits) if from_zero else set()
    found: dict[int, list[dict[str, Any]]] = {}
    phase = 0.0
    for number, command in enumerate(circuit.get_commands()):
        op, places = command.op, command.args
        better = _better(op, family, optimisation, in_zero=zero.issuperset(places))
        if better is not None:
            resets = isinstance(op, StatePreparationBox) and op.with_initial_reset()
            found[number] = [*(_resets(places) if resets else []), *_commands(better, places)]
            phase += sum(block.phase for block, _ in better)
        zero.difference_update(places)
        if op.type == OpType.Reset:
            zero.update(places)
    if not found:
        return circuit
    # All that a circuit has besides commands stays: names, implicit swaps, created qubits, groups of operations.
    written = circuit.to_dict()
    written["commands"] = [
        one for number, command in enumerate(written["commands"]) for one in found.get(number, [command])
    ]
    replaced = Circuit.from_dict(written)
    replaced.add_phase(phase)
    return replaced


def _commands(parts: Sequence[tuple[Block, tuple[int, ...]]], qubits: Sequence[Any]) -> list[dict[str, Any]]:
    """The commands of blocks, each on some of the qubits."""
    commands = []
    for block, places in parts:
        for command in block.to_tket().to_dict()["commands"]:
            on = [qubits[places[index[0]]].to_list() for _, index in command["args"]]
            commands.append(command | {"args": on})
    return commands


def _resets(qubits: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"op": {"type": "Reset"}, "args": [qubit.to_list()]} for qubit in qubits]


def _better(op: Op, family: str, optimisation: int, *, in_zero: bool) -> list[tuple[Block, tuple[int, ...]]] | None:
    """The blocks of a box, and the places of their qubits; None where the box is as good, or not known."""
    if op.type not in _READ or op.free_symbols() or op.n_qubits > MOST_QUBITS:
        return None
    if isinstance(op, StatePreparationBox) and not (in_zero or op.with_initial_reset()):
        return None
    try:
        asked = _READ[op.type](op)
        if asked is None:
            return None
        name = "ibm-fez" if family == "cz" else "h2"
        parts = []
        for one in asked:
            choices = blocks(one.kind, one.numbers, (name,), optimisation)
            parts.append((min(choices, key=_price), one.places))
        return parts if _is_fewer(sum(block.two_qubit_gates for block, _ in parts), op, family) else None
    except Exception:  # whatever is wrong, and whoever is at fault: pytket decomposes the box
        return None


def _price(block: Block) -> tuple[int, int]:
    return block.two_qubit_gates, block.counts().two_qubit_depth


def _is_fewer(gates: int, op: Any, family: str) -> bool:
    """Whether so many two-qubit gates are fewer than pytket comes to from its own decomposition of a box."""
    circuit = Circuit(op.n_qubits).add_gate(op, list(range(op.n_qubits)))
    DecomposeBoxes().apply(circuit)
    if family == "cz":
        AutoRebase({OpType.CX, OpType.TK1}).apply(circuit)
    ways: list[list[BasePass]] = [[], [SynthesiseTket()]]
    small = circuit.n_2qb_gates() <= _PEEPHOLE
    if small:
        ways.append([FullPeepholeOptimise(allow_swaps=False)])
    if small and family == "zzphase":
        zz = [NormaliseTK2(), DecomposeTK2(ZZPhase_fidelity=1.0)]
        ways.append([FullPeepholeOptimise(allow_swaps=False, target_2qb_gate=OpType.TK2), *zz])
    for way in ways:
        tried = circuit.copy()
        for step in way:
            step.apply(tried)
        if gates >= tried.n_2qb_gates():
            return False
    return True


def _state(box: StatePreparationBox) -> list[_Asked] | None:
    return None if box.is_inverse() else [_Asked("state", box.get_statevector(), tuple(range(box.n_qubits)))]


def _diagonal(box: DiagonalBox) -> list[_Asked]:
    return [_Asked("diagonal", np.angle(box.get_diagonal()), tuple(range(box.n_qubits)))]


def _rotations(box: MultiplexedRotationBox) -> list[_Asked] | None:
    ops = box.get_op_map()
    kinds = {op.type for op in ops.values()}
    if len(kinds) != 1 or not kinds <= set(_AXES):
        return None
    angles = np.zeros(1 << (box.n_qubits - 1))
    for bits, op in ops.items():
        angles[_value(bits)] = float(op.params[0]) * np.pi
    return [_Asked(_AXES[kinds.pop()], angles, tuple(range(box.n_qubits)))]


def _gates(box: MultiplexedU2Box | MultiplexorBox) -> list[_Asked] | None:
    if isinstance(box, MultiplexedU2Box) and not box.get_impl_diag():
        return None  # up to a diagonal, which pytket chooses
    return _selected({bits: [op] for bits, op in box.get_op_map().items()}, box.n_qubits)


def _tensored(box: MultiplexedTensoredU2Box) -> list[_Asked] | None:
    return _selected({bits: list(ops) for bits, ops in box.get_op_map().items()}, box.n_qubits)


def _selected(ops: Mapping[tuple[bool, ...], list[Op]], qubits: int) -> list[_Asked] | None:
    """Uniformly controlled gates, one for each of the targets."""
    controls, targets = (len(part) for part in next(iter(ops.items())))
    if controls + targets != qubits or any(op.n_qubits != 1 for some in ops.values() for op in some):
        return None
    gates = np.tile(np.eye(2, dtype=np.complex128), (targets, 1 << controls, 1, 1))
    for bits, some in ops.items():
        for target, op in enumerate(some):
            gates[target, _value(bits)] = op.get_unitary()
    return [_Asked("gates", some, (*range(controls), controls + target)) for target, some in enumerate(gates)]


def _value(bits: Sequence[bool]) -> int:
    return int("".join("1" if bit else "0" for bit in bits) or "0", 2)


_READ: dict[OpType, Any] = {
    OpType.StatePreparationBox: _state,
    OpType.DiagonalBox: _diagonal,
    OpType.MultiplexedRotationBox: _rotations,
    OpType.MultiplexedU2Box: _gates,
    OpType.MultiplexorBox: _gates,
    OpType.MultiplexedTensoredU2Box: _tensored,
}
"""How each kind of box is read; None for a form that is not known here."""

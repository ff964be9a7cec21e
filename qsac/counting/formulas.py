"""Two-qubit gates of a program, from the cost formulas of its ops, without building a circuit.

A formula counts what the structured lowering and emission write on an all-to-all machine. Passes at the attention
level compare programs by what is left once ``merge-diagonals`` has made one of the diagonals on the same registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from qsac.ir.attention.amplify import DIRECT, Amplify
from qsac.ir.by_op import ByOp
from qsac.ir.op import Op, Scope
from qsac.ir.program import Program
from qsac.native.circuit import GateFamily
from qsac.numerics.causal_sites import SITES, causal_sites
from qsac.numerics.plan import Lone, planned_gates, pruned_controls, pruned_row_count


def multiplexor_cost(controls: int, family: GateFamily, *, zero: bool) -> int:
    """Gates of a multiplexed rotation; ``zero`` if its target enters in zero, or leaves for a projection on zero."""
    if controls == 0:
        return 0
    if controls == 1 and family == "zzphase":
        return 1
    return (1 << controls) - zero


def diagonal_cost(qubits: int, family: GateFamily) -> int:
    """Gates of a diagonal: a multiplexed Rz on each qubit, controlled by those before it."""
    return sum(multiplexor_cost(controls, family, zero=False) for controls in range(qubits))


def reflection_cost(qubits: int, family: GateFamily) -> int:
    """Gates of a phase on zero of all qubits: a diagonal, and for each of more qubits than that takes two
    multiplexors."""
    direct = min(qubits, DIRECT)
    return diagonal_cost(direct, family) + 2 * (qubits - direct) * multiplexor_cost(2, family, zero=True)


def loader_cost(rows: int, columns: int, size: int, *, real: bool, lone: Lone | None = None) -> int:
    """Gates of loading ``rows`` rows on ``size`` qubits of which the first ``columns`` entries may differ from zero, a
    ``lone`` one being a basis state."""
    return planned_gates(rows, columns, size, real=real, lone=lone)


def pruned_cost(rows: int, size: int, cutoffs: Sequence[int], *, real: bool) -> int:
    """Gates of a pruned loader of ``rows`` rows on ``size`` qubits."""
    bits = (rows - 1).bit_length()
    total = 0
    for level in range(size):
        basis, controls = pruned_controls(level, bits, cutoffs, rows, real=real)
        total += pruned_row_count(rows, bits, controls) - 1 + 2 * basis
    return total


def two_qubit_gates(program: Program, family: GateFamily, *, merged: bool = True) -> int:
    """The number of two-qubit gates that ``program`` comes to on an all-to-all machine of the given family.

    With ``merged`` the diagonals of an attention program on the same registers count once, as ``merge-diagonals`` makes
    them one; without, each counts by itself, as the lowering writes them.
    """
    key = "two-qubit gates", family, merged
    if key not in program.counted:
        program.counted[key] = _two_qubit_gates(program, family, merged=merged)
    return program.counted[key]


def _two_qubit_gates(program: Program, family: GateFamily, *, merged: bool) -> int:
    total = 0
    diagonals: list[tuple[str, ...]] = []
    # At the attention level those on the same registers, which will be one.
    placed: dict[frozenset[str], tuple[str, ...]] = {}
    for place, op in enumerate(program.ops):
        gates, qubits = cost.of(op)(op, program.scope, family)
        total += gates
        if isinstance(op, Amplify):
            before = program.with_ops(program.ops[:place])
            total += 2 * op.rounds * two_qubit_gates(before, family, merged=merged)
        if qubits and merged and program.level == "attention" and not op.barrier:
            placed[frozenset(qubits)] = qubits
        elif qubits:
            diagonals.append(qubits)
    diagonals += [qubits for names, qubits in placed.items() if not any(names < other for other in placed)]
    return total + sum(diagonal_cost(program.scope.dimension(qubits).bit_length() - 1, family) for qubits in diagonals)


class Cost(NamedTuple):
    """Two-qubit gates of an op, and the qubits or registers of the diagonal that it is or leaves, which is counted with
    those of other ops (:func:`two_qubit_gates`)."""

    gates: int
    diagonal: tuple[str, ...] = ()


CostFormula = Callable[[Any, Scope, GateFamily], Cost]

cost: ByOp[CostFormula] = ByOp("cost", "qsac.counting", Cost)
"""What each op takes, from a function of the op, its scope and the family of gates. An op without one is an error."""


def op_cost(op: Op, scope: Scope, family: GateFamily) -> int:
    """Two-qubit gates of one op, its diagonal left out."""
    return cost.of(op)(op, scope, family).gates


def uniform_cost(length: int, family: GateFamily) -> int:
    """Gates of a uniform state over ``length`` values (see :func:`qsac.lowering.indices.uniform_state`)."""
    ones = [place for place in range(length.bit_length()) if length >> place & 1]
    fresh = multiplexor_cost(1, family, zero=True)
    again = multiplexor_cost(1, family, zero=False)
    branches = len(ones) - 1
    # Every qubit below the highest set bit is turned once, those of inner set bits once more, on a used qubit.
    turned = ones[-1] - ones[0]
    return turned * fresh + max(0, branches - 1) * (again - fresh) + max(0, branches - 1) * fresh


def seen_keys_cost(length: int) -> int:
    """Gates of the keys that a position sees (see :func:`qsac.lowering.indices.seen_keys`): a ladder for each bit, and
    two CX for each but the last one."""
    rows = seen_keys_rows(length)
    return sum(rows) - len(rows) + 2 * (len(rows) - 1)


def seen_keys_rows(length: int) -> list[int]:
    """The rows of each bit's ladder, the most significant bit first: all values, less those of the bits of j that do
    not occur where j is in the last, incomplete part."""
    size = (length - 1).bit_length()
    last = length - (1 << (size - 1))
    return [length, *((1 << size) - max(0, (1 << bits) - last) for bits in range(size - 1, 0, -1))]


def causal_state_cost(length: int) -> int:
    """Gates of the causal index state over ``length`` values (see :mod:`qsac.numerics.causal_sites`)."""
    highest = 0 if length & (length - 1) else min(2, length - 1)
    return sum(SITES[site.kind].gates for site in causal_sites(length)) + highest

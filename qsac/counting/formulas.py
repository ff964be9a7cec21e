"""Two-qubit gates of a program, from the cost formulas of its ops, without building a circuit.

A formula counts what the structured lowering and emission write on an all-to-all machine. Passes at the attention
level compare programs by what is left once ``merge-diagonals`` has made one of the diagonals on the same registers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch
from math import pi

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
from qsac.ir.attention.unitary import Entangler
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.op import Op, Scope
from qsac.ir.outline import Outline
from qsac.ir.program import Program
from qsac.native.circuit import GateFamily
from qsac.numerics.plan import columns_in_order, controlled_rows, in_order, occupied_columns, plan, without_repetition
from qsac.numerics.product_formulas import weight
from qsac.numerics.product_states import is_product


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


def loader_cost(rows: int, columns: int, size: int, *, real: bool) -> int:
    """Gates of loading ``rows`` rows on ``size`` qubits of which the first ``columns`` entries may differ from zero."""
    return sum(level.gates for level in plan(rows, columns, size, real=real))


def pruned_controls(
    level: int, bits: int, reach: Sequence[int], rows: int, *, real: bool
) -> tuple[bool, tuple[int, ...]]:
    """Whether a pruned loader's level is a gate in a Bell basis, and which controls it looks at.

    The controls are places among the ``bits`` index qubits and then the data qubits; ``reach`` says for each how many
    levels look at it (see :mod:`qsac.lowering.pruned`).
    """
    before = max(level - 1, 0) if real else level
    controls = tuple(place for place in range(bits + before) if reach[place] > level)
    if not real:
        return False, controls
    count = _pruned_rows(rows, bits, controls)
    if level and count + 1 < 2 * count - 1:
        return True, controls
    return False, (*controls, bits + level - 1) if level else controls


def _pruned_rows(rows: int, bits: int, controls: tuple[int, ...]) -> int:
    """How many values the controls have for the first ``rows`` values of the index: the first ones."""
    kept = [place for place in controls if place < bits]
    last = rows - 1
    # The largest value: that of the last index, or of one before it, which has a zero where the last has a one that
    # nobody looks at, and ones from there on.
    candidates = [last] + [
        (last >> place << place) - 1 for place in range(bits) if last >> place & 1 and bits - 1 - place not in kept
    ]
    seen = [
        sum((value >> (bits - 1 - place) & 1) << at for at, place in enumerate(reversed(kept))) for value in candidates
    ]
    return (max(seen) + 1) << (len(controls) - len(kept))


def pruned_cost(rows: int, size: int, reach: Sequence[int], *, real: bool) -> int:
    """Gates of a pruned loader of ``rows`` rows on ``size`` qubits."""
    bits = (rows - 1).bit_length()
    total = 0
    for level in range(size):
        basis, controls = pruned_controls(level, bits, reach, rows, real=real)
        total += _pruned_rows(rows, bits, controls) - 1 + 2 * basis
    return total


def two_qubit_gates(program: Program, family: GateFamily, *, merged: bool = True) -> int:
    """The number of two-qubit gates that ``program`` comes to on an all-to-all machine of the given family.

    With ``merged`` the diagonals of an attention program on the same registers count once, as ``merge-diagonals`` makes
    them one; without, each counts by itself, as the lowering writes them.
    """
    total = sum(op_cost(op, program.scope, family) for op in program.ops)
    diagonals = [qubits for op in program.ops if (qubits := _diagonal_on(op, program.scope))]
    if merged and program.level == "attention":
        placed = {frozenset(qubits): qubits for qubits in diagonals}
        diagonals = [qubits for names, qubits in placed.items() if not any(names < other for other in placed)]
    return total + sum(diagonal_cost(program.scope.dimension(qubits).bit_length() - 1, family) for qubits in diagonals)


def _diagonal_on(op: Op, scope: Scope) -> tuple[str, ...]:
    """The registers of the diagonal that an op is or leaves; none for most ops."""
    match op:
        case PhaseTable():
            return (op.index,)
        case Diagonal():
            return op.qubits
        case LoadTokens() | LoadPruned() if not scope.tables[op.table].real:
            return op.borrows
    return ()


@singledispatch
def op_cost(op: Op, scope: Scope, family: GateFamily) -> int:
    """Two-qubit gates of one op, its diagonal left out. Ops without a formula take none."""
    return 0


@op_cost.register
def _(op: Multiplexor, scope: Scope, family: GateFamily) -> int:
    free = op.axis != "z" and (op.first_entangler_free or op.last_entangler_free)
    if len(op.controls) == 1 and not free and not op.angles.known:
        return 1 if family == "zzphase" else 2
    if len(op.controls) == 1 and not free:
        return _pair_cost(float(op.angles.values[0] - op.angles.values[1]) / 2, family)
    left_open = (1 << len(op.controls)) - op.angles.shape[0]
    return multiplexor_cost(len(op.controls), family, zero=free) - left_open


@op_cost.register
def _(op: UniformlyControlledGate, scope: Scope, family: GateFamily) -> int:
    return op.theta.shape[0] - 1


@op_cost.register
def _(op: PauliRotation, scope: Scope, family: GateFamily) -> int:
    return 0 if len(op.qubits) == 1 else _pair_cost(op.angle, family)


def _pair_cost(angle: float, family: GateFamily) -> int:
    """Gates of a rotation about a Pauli product of two qubits, ``angle`` in radians."""
    quarter = abs(angle % pi - pi / 2) < 1e-13
    return 1 if family == "zzphase" or quarter else 2


@op_cost.register
def _(op: LoadEvolution, scope: Scope, family: GateFamily) -> int:
    size, bits = scope.sizes[op.data], sum(scope.sizes[name] for name in op.index)
    state = scope.tables[op.table]
    total = 0 if is_product(state.values[0]) else loader_cost(1, occupied_columns(state.values), size, real=state.real)
    weights = [weight(term) for term in op.terms]
    signed = [op.signed(term) for term in range(len(op.terms))]
    for bit, turns in op.stages(bits):
        if bit is not None and not all(signed):
            total += 2 * weight(op.reversal)
        for term, angle in turns:
            # The string is made one of two qubits, or of one qubit and the bit, by a quarter turn for each further one.
            qubits = weights[term] + (bit is not None and signed[term])
            total += 2 * (qubits - 2) + _pair_cost(angle, family) if qubits > 1 else 0
    return total


@op_cost.register
def _(op: LoadTokens, scope: Scope, family: GateFamily) -> int:
    table = scope.tables[op.table]
    if isinstance(table, Outline):
        rows_loaded = table.shape[0] * scope.dimension(op.when)
        columns = columns_in_order(table.columns, op.order)
        return loader_cost(rows_loaded, columns, scope.sizes[op.data], real=table.real)
    values = in_order(table.values, op.order)
    _, rows = without_repetition(controlled_rows(values, scope.dimension(op.when)))
    return loader_cost(len(rows), occupied_columns(values), scope.sizes[op.data], real=table.real)


@op_cost.register
def _(op: LoadPruned, scope: Scope, family: GateFamily) -> int:
    table = scope.tables[op.table]
    return pruned_cost(table.shape[0], scope.sizes[op.data], op.reach, real=table.real)


@op_cost.register
def _(op: PrepareIndices, scope: Scope, family: GateFamily) -> int:
    if op.mask == "full":
        return 2 * uniform_cost(op.length, family)
    bit_by_bit, loaded = _causal_state_cost(op.length, scope.sizes[op.query], family)
    return loaded if causal_is_loaded(op.length) else bit_by_bit


@op_cost.register
def _(op: PrepareIndex, scope: Scope, family: GateFamily) -> int:
    return uniform_cost(op.length, family)


@op_cost.register
def _(op: PreparePower, scope: Scope, family: GateFamily) -> int:
    return len(op.power) - 1


@op_cost.register
def _(op: TurnPower, scope: Scope, family: GateFamily) -> int:
    return multiplexor_cost(len(op.given), family, zero=op.fresh or op.last)


@op_cost.register
def _(op: SelectIndex, scope: Scope, family: GateFamily) -> int:
    return scope.sizes[op.query] * (1 + multiplexor_cost(2, family, zero=True))


@op_cost.register
def _(op: Project, scope: Scope, family: GateFamily) -> int:
    if op.state == "uniform":
        return uniform_cost(op.length, family)
    return len(op.registers) - 1 if op.state == "unary" else 0


@op_cost.register
def _(op: ApplyUnitary, scope: Scope, family: GateFamily) -> int:
    if op.form == "matrix":
        return _synthesis_cost(scope.sizes[op.data] + max(0, len(op.when) - 1), gated=bool(op.when))
    if op.form == "diagonal":
        return diagonal_cost(scope.sizes[op.data] + len(op.when), family)
    total = 0
    for gate in op.gates(scope):
        if isinstance(gate, Entangler):
            total += diagonal_cost(len(op.when) + 2, family) if op.when else 1
        else:
            total += multiplexor_cost(len(op.when), family, zero=False)
    return total


def uniform_cost(length: int, family: GateFamily) -> int:
    """Gates of a uniform state over ``length`` values (see :func:`qsac.lowering.indices.uniform_state`)."""
    ones = [place for place in range(length.bit_length()) if length >> place & 1]
    fresh = multiplexor_cost(1, family, zero=True)
    again = multiplexor_cost(1, family, zero=False)
    branches = len(ones) - 1
    # Every qubit below the highest set bit is turned once, those of inner set bits once more, on a used qubit.
    turned = ones[-1] - ones[0]
    return turned * fresh + max(0, branches - 1) * (again - fresh) + max(0, branches - 1) * fresh


def causal_is_loaded(length: int) -> bool:
    """Whether loading the causal index state as one row of a table takes fewer gates than building it bit by bit."""
    bit_by_bit, loaded = _causal_state_cost(length, (length - 1).bit_length(), "zzphase")
    return loaded < bit_by_bit


def _causal_state_cost(length: int, size: int, family: GateFamily) -> tuple[int, int]:
    """Gates of the causal index state, bit by bit and as a row whose last entry is that of the last pair."""
    columns = ((length - 1) << size) + length
    return sum(_causal_bit_costs(length, size, family)), loader_cost(1, columns, 2 * size, real=True)


def _causal_bit_costs(length: int, size: int, family: GateFamily) -> Iterator[int]:
    """Gates of each bit of the causal index state (see :func:`qsac.lowering.indices.causal_state`)."""

    def ladder(controls: int, *, zero: bool = True) -> int:
        return multiplexor_cost(controls, family, zero=zero)

    free_bits = min((length & -length).bit_length() - 1, size)
    for bit in range(size):
        bound = length >> (size - 1 - bit) & 1
        first = bit == size - free_bits - 1
        if bit >= size - free_bits:
            yield 2 if bit == 0 else ladder(1) + ladder(1, zero=False) + ladder(2) + 1
        elif bit == 0:
            yield 1
        elif bound:
            yield ladder(1) + ladder(2 if first else 3) + ladder(3, zero=first) + ladder(2, zero=False)
        else:
            yield ladder(2) + ladder(1) + ladder(3, zero=False) + ladder(2, zero=False)


def _synthesis_cost(qubits: int, *, gated: bool) -> int:
    """CX gates of a general unitary on ``qubits`` by Qiskit's quantum Shannon decomposition (Shende et al.,
    quant-ph/0406176; as few as by Krol and Al-Ars, arXiv 2403.13692), or of one controlled by a further qubit, which is
    a multiplexor of two."""
    if qubits == 1:
        return 2 if gated else 0
    if gated:
        return (25 * (1 << 2 * qubits) - 48 * (1 << qubits) + 32) // 24
    return (11 * (1 << 2 * qubits) - 36 * (1 << qubits) + 40) // 24

"""From the blocks with parameters to the normal form: what shape the parameters have, and the gates in time order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

from qsac.families.ansatz import entangler_ring
from qsac.families.steps import block_schema as schema
from qsac.families.steps.normal_form import Clifford, Damping, Gate, Multiplexor, Places, Rotation, Writer

Qubits = tuple[int, ...]
Angle = Callable[[int], int]
"""The place of the value of the k-th angle of a row."""


class Ansatz(NamedTuple):
    """``shape`` of the parameters on q qubits; ``least``: the fewest qubits; ``write``: the gates."""

    shape: Callable[[Any, int], tuple[int, ...]]
    write: Callable[[Writer, Any, Qubits, Places], None]
    least: int = 1


def rotation(writer: Writer, paulis: str, qubits: Sequence[int], parameter: int, factor: float = 1.0) -> None:
    """exp(-i factor p P / 2) by the parameter p of this place."""
    writer.add(Rotation(paulis, tuple(qubits), writer.value(parameters={int(parameter): factor})))


def controlled(writer: Writer, axis: Any, control: int, target: int, value: int) -> None:
    """A rotation by a value where the control is 1: a multiplexor whose other row is 0."""
    writer.add(Multiplexor(axis, (control,), target, (writer.value(), value)))


def _parameter(writer: Writer, place: int) -> int:
    return writer.value(parameters={int(place): 1.0})


def _ring(writer: Writer, gate: Any, qubits: Qubits) -> None:
    for control, target in entangler_ring(len(qubits)):
        writer.add(Clifford(gate, (qubits[control], qubits[target])))


def _hardware_efficient(
    writer: Writer, block: schema.HardwareEfficientBlock, qubits: Qubits, parameters: Places
) -> None:
    for layer in parameters:
        for qubit, row in zip(qubits, layer, strict=True):
            for axis, place in zip(block.rotations, row, strict=True):
                rotation(writer, axis[1], (qubit,), place)
        _ring(writer, "cx", qubits)


def _row(writer: Writer, pauli: str, qubits: Qubits, row: Places) -> None:
    for qubit, place in zip(qubits, row, strict=True):
        rotation(writer, pauli, (qubit,), place)


def _two_local(writer: Writer, block: schema.TwoLocalBlock, qubits: Qubits, parameters: Places) -> None:
    _row(writer, "y", qubits, parameters[0])
    for row in parameters[1:]:
        _ring(writer, "cz", qubits)
        _row(writer, "y", qubits, row)


def _brickwork(writer: Writer, block: schema.BrickworkBlock, qubits: Qubits, parameters: Places) -> None:
    for first, second in parameters:
        _row(writer, "x", qubits, first)
        _row(writer, "y", qubits, second)
        for start in (0, 1):
            for place in range(start, len(qubits) - 1, 2):
                writer.add(Clifford("cz", (qubits[place], qubits[place + 1])))


def ansatz_14_rings(count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The (control, target) pairs of the two rings of a layer of ``ansatz-14``, in time order."""
    first = [(place, (place + 1) % count) for place in reversed(range(count))]
    second = [(place, (place - 1) % count) for place in [count - 1, *range(count - 1)]]
    return first, second


def ansatz_14_layer(writer: Writer, qubits: Qubits, value: Callable[[int, int], int]) -> None:
    """One layer; ``value`` gives the place of the value of [row][k]."""
    for half, ring in enumerate(ansatz_14_rings(len(qubits))):
        for place, qubit in enumerate(qubits):
            writer.add(Rotation("y", (qubit,), value(2 * half, place)))
        for place, (control, target) in enumerate(ring):
            controlled(writer, "x", qubits[control], qubits[target], value(2 * half + 1, place))


def _of_layer(writer: Writer, layer: Places, row: int, place: int) -> int:
    return _parameter(writer, layer[row, place])


def _ansatz_14(writer: Writer, block: schema.Ansatz14Block, qubits: Qubits, parameters: Places) -> None:
    for layer in parameters:
        ansatz_14_layer(writer, qubits, partial(_of_layer, writer, layer))


def _iqp_shape(block: schema.IqpBlock, qubits: int) -> tuple[int, ...]:
    return (3,) if qubits == 1 else (block.layers, qubits - 1)


def _iqp(writer: Writer, block: schema.IqpBlock, qubits: Qubits, parameters: Places) -> None:
    if len(qubits) == 1:
        for pauli, place in zip("xzx", parameters, strict=True):
            rotation(writer, pauli, qubits, place)
        return
    for row in parameters:
        _hadamards(writer, qubits)
        for index, place in enumerate(row):
            controlled(writer, "z", qubits[index], qubits[index + 1], _parameter(writer, place))
    _hadamards(writer, qubits)


def _hadamards(writer: Writer, qubits: Qubits) -> None:
    for qubit in qubits:
        writer.add(Clifford("h", (qubit,)))


def qcnn_layers(count: int) -> list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """For each layer of a QCNN the pairs of its convolution, and those (kept, other) of its pooling."""
    active, layers = list(range(count)), []
    while len(active) > 1:
        pooled = list(zip(active[::2], active[1::2], strict=False))
        pairs = pooled + list(zip(active[1::2], active[2::2], strict=False))
        if len(active) > 2:
            pairs.append((active[-1], active[0]))
        layers.append((pairs, pooled))
        active = active[::2]
    return layers[: count.bit_length() - 1]


def _qcnn(writer: Writer, block: schema.QcnnBlock, qubits: Qubits, parameters: Places) -> None:
    for (pairs, pooled), layer in zip(qcnn_layers(len(qubits)), parameters, strict=True):
        for pair in pairs:
            _su4(writer, (qubits[pair[0]], qubits[pair[1]]), layer[0])
        for kept, other in pooled:
            _pool(writer, qubits[kept], qubits[other], layer[1])


def _su4(writer: Writer, pair: tuple[int, int], row: Places) -> None:
    for first, end in ((0, 3), (3, 6)):
        for pauli, place in zip("zyz", row[first:end], strict=True):
            rotation(writer, pauli, (pair[first // 3],), place)
    for paulis, place in zip(("xx", "yy", "zz"), row[6:9], strict=True):
        rotation(writer, paulis, pair, place)
    for first, end in ((9, 12), (12, 15)):
        for pauli, place in zip("zyz", row[first:end], strict=True):
            rotation(writer, pauli, (pair[first // 3 - 3],), place)


def _pool(writer: Writer, kept: int, other: int, row: Places) -> None:
    """CRZ(p0), X on the control, CRX(p1), X: the kept qubit turns by what the other one is."""
    zero = writer.value()
    writer.add(Multiplexor("z", (other,), kept, (zero, _parameter(writer, row[0]))))
    writer.add(Multiplexor("x", (other,), kept, (_parameter(writer, row[1]), zero)))


def rbs(writer: Writer, first: int, second: int, value: int, negated: int) -> None:
    """RBS(t): |10> -> cos t |10> + sin t |01>; ``value`` is the place of t, ``negated`` that of -t. It is
    exp(-i t (XY - YX) / 2), whose two parts commute."""
    writer.add(Rotation("xy", (first, second), value))
    writer.add(Rotation("yx", (first, second), negated))


def _rbs(writer: Writer, block: schema.RbsBlock, qubits: Qubits, parameters: Places) -> None:
    angle = iter(parameters)
    for last in range(len(qubits) - 1):
        for place in range(len(qubits) - 2, last - 1, -1):
            number = int(next(angle))
            values = (writer.value(parameters={number: sign}) for sign in (1.0, -1.0))
            rbs(writer, qubits[place], qubits[place + 1], *values)


def neuron_subsets(block: schema.NeuronBlock) -> list[tuple[int, ...]]:
    """The subsets of sources of a neuron, by their places: none first, then by size and lexicographic."""
    count = len(block.sources)
    sizes = range(min(block.degree, count) + 1)
    return [subset for size in sizes for subset in combinations(range(count), size)]


def _neuron(writer: Writer, block: schema.NeuronBlock, qubits: Qubits, parameters: Places) -> None:
    """``qubits``: the sources, then the target."""
    sources, target = qubits[:-1], qubits[-1]
    count = len(sources)
    values = []
    for row in range(1 << count):
        ones = {place for place in range(count) if row >> (count - 1 - place) & 1}
        chosen = (place for place, subset in zip(parameters, neuron_subsets(block), strict=True) if ones >= set(subset))
        values.append(writer.value(block.bias, {int(place): 1.0 for place in chosen}))
    gates: list[Gate] = [Multiplexor("y", sources, target, tuple(values), block.order)]
    if not block.amplified and block.order:
        gates.append(Damping(sources, tuple(values), block.order))
    for gate in gates:
        writer.add(gate)


ANSATZES: dict[type[Any], Ansatz] = {
    schema.HardwareEfficientBlock: Ansatz(
        lambda block, qubits: (block.layers, qubits, len(block.rotations)), _hardware_efficient
    ),
    schema.TwoLocalBlock: Ansatz(lambda block, qubits: (block.layers + 1, qubits), _two_local),
    schema.BrickworkBlock: Ansatz(lambda block, qubits: (block.layers, 2, qubits), _brickwork),
    schema.Ansatz14Block: Ansatz(lambda block, qubits: (block.layers, 4, qubits), _ansatz_14, 2),
    schema.IqpBlock: Ansatz(_iqp_shape, _iqp),
    schema.QcnnBlock: Ansatz(lambda block, qubits: (qubits.bit_length() - 1, 2, 15), _qcnn, 2),
    schema.RbsBlock: Ansatz(lambda block, qubits: (qubits * (qubits - 1) // 2,), _rbs, 2),
    schema.NeuronBlock: Ansatz(lambda block, qubits: (len(neuron_subsets(block)),), _neuron),
}
"""By the fields of the block."""

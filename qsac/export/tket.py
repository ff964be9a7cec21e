"""Native circuits to pytket circuits and back. See :mod:`qsac.export.circuit_dict` for files, which need no pytket."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pytket.circuit import Bit, Circuit, OpType, Qubit, UnitID

from qsac.export.circuit_dict import to_dict
from qsac.native.circuit import GATES, KIND, NativeCircuit, Unit
from qsac.native.columns import Columns

_TAGGED = [kind for kind, gate in enumerate(GATES) if gate.qubits == 2 or gate.name in ("Measure", "Reset")]

_LARGE = 50_000
"""From this many gates on, importing sympy costs less than what it saves."""


def to_tket(circuit: NativeCircuit) -> Circuit:
    """The circuit in pytket, with its registers and angles; pytket wraps angles into a period of the gate.

    A qubit or bit keeps its (register, index). Readouts, profile, groups and maps have no place in pytket.
    """
    if len(circuit) < _LARGE and "sympy" not in sys.modules:
        # pytket imports sympy (up to seconds) when it first takes an angle from Python, but not when it reads one.
        return Circuit.from_dict(to_dict(circuit))
    written = Circuit(len(circuit.qubits), len(circuit.bits), circuit.name)
    _append(written, circuit)
    renaming: dict[UnitID, UnitID] = {Qubit(i): Qubit(*unit) for i, unit in enumerate(circuit.qubits)}
    renaming.update({Bit(i): Bit(*unit) for i, unit in enumerate(circuit.bits)})
    written.rename_units(renaming)
    return written


def to_tagged(circuit: NativeCircuit) -> Circuit:
    """As :func:`to_tket`; gates of two qubits, measurements and resets bear their place in ``circuit`` as ``opgroup``,
    which pytket's passes leave to those that they leave alone."""
    written = to_dict(circuit)
    for place in np.flatnonzero(np.isin(circuit.kind, _TAGGED)).tolist():
        written["commands"][place]["opgroup"] = str(place)
    return Circuit.from_dict(written)


def to_tket_with_symbols(
    circuit: NativeCircuit, terms: Sequence[tuple[int, NDArray[np.float64]]], names: Sequence[str]
) -> Circuit:
    """The circuit with angles in symbols: to the first angle of a gate its term is added, half-turns for each of the
    symbols called ``names``, in radians."""
    written = to_dict(circuit)
    for gate, linear in terms:
        params = written["commands"][gate]["op"]["params"]
        params[0] = " + ".join(
            (params[0], *(f"{float(linear[at])!r}*{names[at]}" for at in np.flatnonzero(linear).tolist()))
        )
    return Circuit.from_dict(written)


def _append(written: Circuit, circuit: NativeCircuit) -> None:
    """Adds the gates of ``circuit`` to a pytket circuit with default registers, by the units' indices."""
    # pytket's own methods for the gates: four times faster than add_gate with a list of qubits.
    phased_x, rz, zz = written.PhasedX, written.Rz, written.ZZPhase
    writers: list[Callable[[int, int, float, float], object]] = [
        functools.partial(_write, getattr(written, gate.name), gate.qubits) for gate in GATES
    ]
    writers[KIND["PhasedX"]] = lambda a, _, x, y: phased_x(x, y, a)
    writers[KIND["Rz"]] = lambda a, _, x, __: rz(x, a)
    writers[KIND["ZZPhase"]] = lambda a, b, x, _: zz(x, a, b)
    writers[KIND["Measure"]] = lambda a, b, _, __: written.Measure(a, b)
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0], circuit.angles[:, 1])
    for kind, first, second, angle, other in zip(*(column.tolist() for column in columns), strict=True):
        writers[kind](first, second, angle, other)


def _write(method: Callable[..., object], arity: int, first: int, second: int, _angle: float, _other: float) -> None:
    if arity == 2:
        method(first, second)
    else:
        method(first)


def from_tket(
    circuit: Circuit,
    *,
    qubits: Sequence[Unit] | None = None,
    bits: Sequence[Unit] | None = None,
    name: str | None = None,
) -> NativeCircuit:
    """The native circuit with the gates of a pytket circuit, in pytket's order of commands.

    ``qubits`` and ``bits`` give the order of the units, and may leave out qubits without gates; pytket's own order
    otherwise. The circuit must hold native gates and barriers only (barriers are dropped) and no implicit swaps, else
    :class:`ValueError`.
    """
    if any(before != after for before, after in circuit.implicit_qubit_permutation().items()):
        raise ValueError("the circuit has implicit swaps: replace them first")
    qubit_list = [unit(qubit) for qubit in circuit.qubits] if qubits is None else list(qubits)
    bit_list = [unit(bit) for bit in circuit.bits] if bits is None else list(bits)
    places: dict[UnitID, int] = {Qubit(*unit): index for index, unit in enumerate(qubit_list)}
    places.update({Bit(*unit): index for index, unit in enumerate(bit_list)})
    columns = Columns()
    for command in circuit.get_commands():
        gate = command.op.type.name
        if gate != "Barrier":
            if gate not in KIND:
                raise ValueError(f"{gate} is not a native gate")
            first, *others = (places[arg] for arg in command.args)
            angle, phase = [*(float(angle) for angle in command.op.params), 0.0, 0.0][:2]
            columns.append(gate, first, others[0] if others else -1, angle, phase)
    return NativeCircuit(
        circuit.name or "" if name is None else name, tuple(qubit_list), tuple(bit_list), *columns.arrays()
    )


def tags_of(circuit: Circuit) -> list[int | None]:
    """For each gate, in the order of :func:`from_tket`, the place that :func:`to_tagged` wrote on it, if any."""
    groups = (command.opgroup for command in circuit.get_commands() if command.op.type != OpType.Barrier)
    return [None if group is None else int(group) for group in groups]


def unit(identifier: UnitID) -> Unit:
    """A pytket qubit or bit as (register, index)."""
    (index,) = identifier.index
    return identifier.reg_name, index

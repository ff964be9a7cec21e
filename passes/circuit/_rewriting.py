"""Gates of a circuit replaced by others, and its one-qubit gates put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.native.angles import NEGLIGIBLE, wrapped
from qsac.native.circuit import KIND, NativeCircuit
from qsac.native.provenance import Ids, Provenance
from qsac.numerics.su2 import Spin, after, phased_x, taken_apart, turned_z

Row = tuple[str, int, int, float, float]
"""A gate: name, first and second qubit (-1: none), and its angles in half-turns."""

_ONE_QUBIT = tuple(KIND[name] for name in ("PhasedX", "Rz"))


class Edit(NamedTuple):
    """Gates (by place) that others replace, which are written right after the gate ``place``; whether from there on the
    two qubits of ``swapped`` stand for each other."""

    dropped: Sequence[int]
    place: float
    rows: Sequence[Row]
    swapped: tuple[int, int] | None = None


def edited(circuit: NativeCircuit, edits: Sequence[Edit]) -> NativeCircuit:
    """The circuit with some edits, none of which drops what another one drops. What is written is of all ops that the
    dropped gates are of."""
    dropped = np.zeros(len(circuit), dtype=np.bool_)
    for edit in edits:
        dropped[list(edit.dropped)] = True
    written = [(edit.place, number, row) for number, edit in enumerate(edits) for row in edit.rows]
    kept = np.flatnonzero(~dropped)
    keys = np.concatenate((kept, np.array([place + 0.5 for place, _, _ in written])))
    order = np.argsort(keys, kind="stable")
    old = circuit.rows(kept)
    sets, of = _with_unions(circuit.provenance, edits)
    made = replace(
        circuit,
        kind=np.concatenate((old.kind, np.array([KIND[row[0]] for _, _, row in written], np.int8)))[order],
        first=np.concatenate((old.first, np.array([row[1] for _, _, row in written], np.int32)))[order],
        second=np.concatenate((old.second, np.array([row[2] for _, _, row in written], np.int32)))[order],
        angles=np.concatenate((old.angles, np.array([row[3:] for _, _, row in written]).reshape(-1, 2)))[order],
        provenance=Provenance(
            sets,
            np.concatenate((old.provenance.of, np.array([of[number] for _, number, _ in written], np.int32)))[order],
        )
        if len(circuit.provenance.of)
        else circuit.provenance,
    )
    if circuit.snapshot is not None:
        # What is written there is at half a place less, what is written behind it (BEHIND) at a quarter less.
        stop = int(np.count_nonzero(keys < circuit.snapshot.stop - 0.4))
        made = replace(made, snapshot=circuit.snapshot._replace(stop=stop))
    ends = [(int(np.count_nonzero(keys <= edit.place + 0.5)), edit.swapped) for edit in edits if edit.swapped]
    for end, pair in sorted(ends):
        made = _relabelled(made, end, pair)
    return made


def _with_unions(known: Provenance, edits: Sequence[Edit]) -> tuple[tuple[Ids, ...], list[int]]:
    """The sets of ops with those of each edit, and which of them it has."""
    if not len(known.of):
        return known.sets, [0] * len(edits)
    places = {ids: place for place, ids in enumerate(known.sets)}
    found = []
    for edit in edits:
        numbers = {number for place in set(known.of[list(edit.dropped)].tolist()) for number in known.sets[place]}
        found.append(places.setdefault(tuple(sorted(numbers)), len(places)))
    return tuple(places), found


def _relabelled(circuit: NativeCircuit, start: int, pair: tuple[int, int]) -> NativeCircuit:
    """With two qubits in each other's place from a gate on."""
    one, other = pair
    new = np.arange(len(circuit.qubits), dtype=np.int32)
    new[[one, other]] = other, one
    first, second = circuit.first.copy(), circuit.second.copy()
    first[start:] = new[first[start:]]
    pairs = start + np.flatnonzero(circuit.paired[start:])
    second[pairs] = new[second[pairs]]
    snapshot = circuit.snapshot
    if snapshot is not None and start <= snapshot.stop:
        snapshot = snapshot._replace(register=tuple(int(new[qubit]) for qubit in snapshot.register))
    final = tuple(int(new[qubit]) for qubit in circuit.final_map)
    return replace(circuit, first=first, second=second, snapshot=snapshot, final_map=final)


def spin_of(circuit: NativeCircuit, gate: int) -> Spin:
    """A one-qubit gate of PhasedX or Rz."""
    return spin(circuit.kind[gate], *circuit.angles[gate].tolist())


def spin(kind: int, angle: float, phase: float) -> Spin:
    """A gate of PhasedX or Rz by its kind and its angles."""
    return turned_z(angle) if kind == KIND["Rz"] else phased_x(angle, phase)


def rows_of(spin: Spin, qubit: int) -> list[Row]:
    """A one-qubit gate as PhasedX and a change of frame, those that it needs."""
    theta, phi, alpha = taken_apart(spin)
    rows: list[Row] = [("PhasedX", qubit, -1, theta, float(wrapped(phi)))] if theta > NEGLIGIBLE else []
    return [*rows, ("Rz", qubit, -1, float(wrapped(alpha)), 0.0)] if abs(wrapped(alpha)) > NEGLIGIBLE else rows


def squeezed(
    circuit: NativeCircuit, wires: NDArray[np.intp], rows: NDArray[np.intp], parted: NDArray[np.bool_]
) -> NativeCircuit:
    """The circuit, of PhasedX, Rz and ZZPhase, with one-qubit gates that follow each other as one, and Rz only where a
    qubit ends without a measurement: else a change of frame shifts the axes of the gates after it.

    ``rows`` are the gates on each of the ``wires``, in order; ``parted`` says where they are kept apart.
    """
    single = np.isin(circuit.kind, _ONE_QUBIT)[rows]
    # A group begins at a one-qubit gate that none comes before.
    joined = np.zeros(len(rows), dtype=np.bool_)
    joined[1:] = single[1:] & single[:-1] & ~parted[1:]
    heads = np.flatnonzero(single & ~joined)
    edits = []
    for head in heads[_grouped(joined, heads)].tolist():
        size = 1
        while head + size < len(rows) and joined[head + size]:
            size += 1
        group = rows[head : head + size].tolist()
        spin = spin_of(circuit, group[0])
        for gate in group[1:]:
            spin = after(spin_of(circuit, gate), spin)
        edits.append(Edit(group, group[-1], rows_of(spin, int(wires[head]))))
    return _in_frames(edited(circuit, edits) if edits else circuit)


def _grouped(joined: NDArray[np.bool_], heads: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which one-qubit gates others follow at once."""
    return np.append(joined, False)[heads + 1]


def _in_frames(circuit: NativeCircuit) -> NativeCircuit:
    """Every Rz taken along its qubit to the next measurement or reset, which forgets it, or to the end."""
    turns = circuit.kind == KIND["Rz"]
    if not turns.any():
        return circuit
    order = np.argsort(circuit.first * np.int64(len(circuit)) + np.arange(len(circuit)), kind="stable")
    alpha = np.where(turns, circuit.angles[:, 0], 0.0)[order]
    frame = np.cumsum(alpha)
    ends = np.isin(circuit.kind, (KIND["Measure"], KIND["Reset"]))[order]
    new = ends.copy()
    new[1:] |= np.diff(circuit.first[order]) != 0
    new[:1] = True
    starts = np.flatnonzero(new)
    frame -= np.repeat((frame - alpha)[starts], np.diff(np.append(starts, len(order))))
    angles = circuit.angles.copy()
    shift = np.zeros(len(circuit))
    shift[order] = frame
    moved = (circuit.kind == KIND["PhasedX"]) & (shift != 0)
    angles[moved, 1] = wrapped(angles[moved, 1] - shift[moved])
    made = replace(circuit, angles=angles)
    if circuit.snapshot is not None:
        stop = int(np.count_nonzero(~turns[: circuit.snapshot.stop]))
        made = replace(made, snapshot=circuit.snapshot._replace(stop=stop))
    made = made.rows(~turns)
    last = np.append(np.flatnonzero(np.diff(circuit.first[order])), len(order) - 1)
    left = last[~ends[last] & (np.abs(wrapped(frame[last])) > NEGLIGIBLE)]
    rows = [("Rz", int(circuit.first[order[at]]), -1, float(wrapped(frame[at])), 0.0) for at in left.tolist()]
    # Of the ops of the last gate there.
    return appended(made, rows, circuit.provenance.rows(order[left])) if rows else made


def appended(circuit: NativeCircuit, rows: Sequence[Row], provenance: Provenance) -> NativeCircuit:
    """The circuit with some gates more at its end."""
    columns = list(zip(*rows, strict=True))
    more = replace(
        circuit,
        kind=np.array([KIND[name] for name in columns[0]], np.int8),
        first=np.array(columns[1], np.int32),
        second=np.array(columns[2], np.int32),
        angles=np.array(columns[3:]).T,
        provenance=provenance,
    )
    return circuit.joined([circuit, more])

"""Provenance of the gates of a rewritten circuit, which the rewriting library does not record."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from qsac.native.circuit import GATES, NativeCircuit
from qsac.native.provenance import Mask, Provenance


class Followed:
    """The gates of a circuit that a router is putting on nodes, followed there through its swaps.

    A router keeps the order of the gates on each qubit: together with the position of the qubits, this identifies each
    routed gate with one of the circuit. ``order`` is the order in which the router received the gates, ``initial`` the
    node of each qubit before the first one.
    """

    def __init__(self, circuit: NativeCircuit, order: Iterable[int], initial: Sequence[int], nodes: int) -> None:
        masks = circuit.provenance.masks(len(circuit))
        kinds, firsts, seconds = circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist()
        waiting: list[list[Mask]] = [[] for _ in circuit.qubits]
        for place in order:
            waiting[firsts[place]].append(masks[place])
            if GATES[kinds[place]].qubits == 2:
                waiting[seconds[place]].append(masks[place])
        self._on: list[Iterator[Mask]] = [iter(()) for _ in range(nodes)]
        for qubit, node in enumerate(initial):
            self._on[node] = iter(waiting[qubit])
        # Columns, one entry a gate: long lists of tuples would cost more than all else here, in collecting garbage.
        self._starts: list[int] = []
        self._masks: list[Mask | None] = []
        self._nodes: tuple[list[int], list[int]] = ([], [])

    def gate(self, start: int, nodes: Sequence[int]) -> None:
        """The next gate is on these nodes, and begins at the place ``start`` of what is written."""
        for node in nodes:
            mask = next(self._on[node])
        self._add(start, mask, nodes)

    def swap(self, start: int, nodes: Sequence[int]) -> None:
        """A swap is next, of these nodes."""
        first, second = nodes
        self._on[first], self._on[second] = self._on[second], self._on[first]
        self._add(start, None, nodes)

    def _add(self, start: int, mask: Mask | None, nodes: Sequence[int]) -> None:
        self._starts.append(start)
        self._masks.append(mask)
        self._nodes[0].append(nodes[0])
        self._nodes[1].append(nodes[-1])

    def provenance(self, gates: int) -> Provenance:
        """That of so many gates: a swap is of the ops whose gate it brings together, which is the next two-qubit gate
        on either of its nodes; after the last one, of the gate before it."""
        masks = list(self._masks)
        coming: dict[int, int] = {}
        for place in reversed(range(len(masks))):
            first, second = self._nodes[0][place], self._nodes[1][place]
            if masks[place] is None:
                served = min((coming[node] for node in (first, second) if node in coming), default=None)
                if served is None:
                    continue
                masks[place], coming[first], coming[second] = masks[served], served, served
            elif first != second:
                coming[first] = coming[second] = place
        known: list[Mask] = [0]
        known.extend(mask if mask is not None else known[-1] for mask in masks)
        return Provenance.of_runs([0, *self._starts], known, gates)


def merged(before: NativeCircuit, after: NativeCircuit, tags: Sequence[int | None]) -> Provenance:
    """That of a circuit in which one-qubit gates were merged, and pairs of gates that undo each other taken out.

    ``tags`` are the places in ``before`` of the gates that stayed. A one-qubit gate between two of them is of all
    one-qubit gates that stood there before, changes of frame (Rz) left out; one that was moved there past others, of
    what comes next.
    """
    masks = before.provenance.masks(len(before))
    places: list[list[int]] = [[] for _ in before.qubits]
    kinds, firsts, seconds = before.kind.tolist(), before.first.tolist(), before.second.tolist()
    turns = [gate.qubits == 1 and gate.name != "Rz" for gate in GATES]
    turning = [mask if turns[kind] else 0 for kind, mask in zip(kinds, masks, strict=True)]
    for place, (kind, first, second) in enumerate(zip(kinds, firsts, seconds, strict=True)):
        places[first].append(place)
        if GATES[kind].qubits == 2:
            places[second].append(place)
    nexts = _next_tags(after, tags, len(before))
    previous = [-1] * len(before.qubits)
    known: dict[tuple[int, int, int], Mask] = {}
    found = []
    rows = zip(after.kind.tolist(), after.first.tolist(), after.second.tolist(), tags, nexts, strict=True)
    for kind, first, second, tag, following in rows:
        if tag is not None:
            previous[first] = tag
            if GATES[kind].qubits == 2:
                previous[second] = tag
            found.append(masks[tag])
            continue
        key = first, previous[first], following
        if key not in known:
            here = places[first]
            between = here[bisect_right(here, previous[first]) : bisect_left(here, following)]
            neighbours = [place for place in (following, previous[first]) if 0 <= place < len(before)]
            known[key] = _first_known(
                [turning[place] for place in between],
                [masks[place] for place in between],
                *([masks[place]] for place in neighbours),
            )
        found.append(known[key])
    return Provenance.of_masks(found)


def _next_tags(circuit: NativeCircuit, tags: Sequence[int | None], end: int) -> list[int]:
    """For each gate the next tag on its (first) qubit, ``end`` where there is none."""
    nexts = [end] * len(circuit.qubits)
    found = []
    rows = zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), tags, strict=True)
    for kind, first, second, tag in reversed(list(rows)):
        found.append(nexts[first])
        if tag is not None:
            nexts[first] = tag
            if GATES[kind].qubits == 2:
                nexts[second] = tag
    return found[::-1]


def _first_known(*choices: Sequence[Mask]) -> Mask:
    """The union of the first choice in which anything is known."""
    for masks in choices:
        united = 0
        for mask in masks:
            united |= mask
        if united:
            return united
    return 0

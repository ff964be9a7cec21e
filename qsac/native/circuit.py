"""Native circuits: the final gates as columns, in program order, with what their measurements mean.

A native circuit is the last level of the way from model to machine. Gates are kept as NumPy columns, because a circuit
of a million gates must cost what writing its gates costs; :mod:`qsac.export.tket` turns it into a pytket circuit and
back. Angles are in half-turns, as pytket has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.native.provenance import Group, Ids, Provenance

Unit: TypeAlias = tuple[str, int]
"""A qubit or bit as (register, index), for instance ``("q", 3)`` or ``("score_0", 1)``."""

GateFamily = Literal["zzphase", "cz"]
"""Which native gates a machine has, and so which emitter writes for it: PhasedX, virtual Rz and ZZPhase of any angle,
or SX, X, virtual Rz and CZ."""


LARGEST_ANGLE = 2.0**40
"""In half-turns: beyond it less than four digits of the angle are left, and in radians it would soon overflow."""


class GateType(NamedTuple):
    """A native gate: its pytket ``OpType`` name, how many qubits it acts on and how many angles it takes."""

    name: str
    qubits: int
    parameters: int


GATES: tuple[GateType, ...] = (
    GateType("PhasedX", 1, 2),
    GateType("Rz", 1, 1),
    GateType("SX", 1, 0),
    GateType("X", 1, 0),
    GateType("ZZPhase", 2, 1),
    GateType("CZ", 2, 0),
    GateType("Measure", 1, 0),
    GateType("Reset", 1, 0),
    GateType("ECR", 2, 0),
    GateType("CX", 2, 0),
)
"""The gates a native circuit may hold; ``NativeCircuit.kind`` indexes this table."""

KIND: dict[str, int] = {gate.name: index for index, gate in enumerate(GATES)}

PAIRED: NDArray[np.bool_] = np.array([gate.qubits == 2 for gate in GATES])
"""For each kind of gate whether it acts on two qubits."""

ORDERED = ("ECR", "CX")
"""The two-qubit gates whose first and second qubit are not alike: a machine may have them in one direction only."""

MATRICES: dict[str, NDArray[Any]] = {
    "SX": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "CX": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=np.complex128),
    "ECR": np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2),
}
"""What gates without angles do, but for the diagonal ones. In pytket's convention: the first qubit is the more
significant one."""


class BitReadout(NamedTuple):
    """A metric's value is P(every given and success bit is 0) / P(every given bit is 0). Bits are indices.

    With ``index_bits`` (most significant first) it is a list: for every value v of these P(every success bit 0 | v and
    every given bit 0), or P(v | every given bit 0) where there are no success bits.
    """

    metric: str
    given: tuple[int, ...]
    success: tuple[int, ...]
    index_bits: tuple[int, ...] = ()


class Snapshot(NamedTuple):
    """Snapshot: where the entries of an index can be read in the circuit; for the loss, the per-token overlaps.

    After the first ``stop`` gates, the qubits ``register`` (most significant first) in the computational basis give
    the position j, and the bits ``success``, measured by then, say whether the value register was measured as 0:
    P(j | given) is w_j^2 / sum w^2 and P(j and success | given) is |A_j|^2 / sum w^2. Circuits for other readouts
    measure the register after it, into the index bits of their readout.
    """

    stop: int
    register: tuple[int, ...]
    given: tuple[int, ...]
    success: tuple[int, ...]


@dataclass(frozen=True)
class NativeCircuit:
    """A circuit of native gates in program order.

    Columns have one entry a gate: ``kind`` (index into :data:`GATES`), ``first`` (qubit index), ``second`` (second
    qubit of a two-qubit gate, the bit of a ``Measure``, -1 otherwise), ``angles`` of shape (gates, 2) in half-turns,
    and ``provenance``: which ops of the attention program a gate is of. ``initial_map`` and ``final_map`` give, for
    each logical qubit of the block program, its place in ``qubits`` before and after the circuit.
    """

    name: str
    qubits: tuple[Unit, ...]
    bits: tuple[Unit, ...]
    kind: NDArray[np.int8]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    angles: NDArray[np.float64]
    readouts: tuple[BitReadout, ...] = ()
    snapshot: Snapshot | None = None
    provenance: Provenance = field(default=Provenance())
    initial_map: tuple[int, ...] = field(default=())
    final_map: tuple[int, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def wires(self) -> tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]:
        """``kind``, ``first`` and ``second`` in the types that they are read from bytes as, whoever made the circuit:
        packages may have taken wider ones."""
        return (
            self.kind.astype(np.int8, copy=False),
            self.first.astype(np.int32, copy=False),
            self.second.astype(np.int32, copy=False),
        )

    def rows(self, gates: slice | NDArray[np.intp] | NDArray[np.bool_]) -> NativeCircuit:
        """With these of its gates only, in the order given; what counts gates by their place stays as it is."""
        return replace(
            self,
            kind=self.kind[gates],
            first=self.first[gates],
            second=self.second[gates],
            angles=self.angles[gates],
            provenance=self.provenance.rows(gates),
        )

    def joined(self, parts: Sequence[NativeCircuit]) -> NativeCircuit:
        """With the gates of some parts, one after another, instead of its own."""
        return replace(
            self,
            kind=np.concatenate([part.kind for part in parts]),
            first=np.concatenate([part.first for part in parts]),
            second=np.concatenate([part.second for part in parts]),
            angles=np.concatenate([part.angles for part in parts]),
            provenance=Provenance.joined([(part.provenance, len(part)) for part in parts]),
        )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The gates in runs that are of the same ops; those that no op is known for are in none."""
        return self.provenance.groups

    def count(self, *names: str) -> int:
        """How many gates of the given names the circuit holds."""
        return int(np.isin(self.kind, [KIND[name] for name in names]).sum())

    @property
    def registers(self) -> dict[str, int]:
        """The classical registers, in the order of ``bits``, and how many bits each has room for."""
        sizes: dict[str, int] = {}
        for register, index in self.bits:
            sizes[register] = max(sizes.get(register, 0), index + 1)
        return sizes

    @property
    def paired(self) -> NDArray[np.bool_]:
        """Of each gate whether it acts on two qubits, shape (gates,)."""
        mask: NDArray[np.bool_] = PAIRED[self.kind]
        return mask

    @property
    def two_qubit_gates(self) -> int:
        return int(np.count_nonzero(self.paired))

    @property
    def one_qubit_gates(self) -> int:
        """Physical one-qubit gates: ``Rz`` is a change of frame on every target and is not counted."""
        return self.count("PhasedX", "SX", "X")

    def out_of_range(self) -> str | None:
        """What columns from elsewhere, of one length, do not have: gates that exist, on qubits and bits of the circuit,
        by finite angles. None where nothing is wrong."""
        if ((self.kind < 0) | (self.kind >= len(GATES))).any():
            return "gates that exist"
        pairs = self.paired
        seconds = np.where(pairs, len(self.qubits), len(self.bits))
        has_second = pairs | (self.kind == KIND["Measure"])
        if ((self.first < 0) | (self.first >= len(self.qubits))).any():
            return "gates on qubits of the circuit"
        if np.where(has_second, (self.second < 0) | (self.second >= seconds), self.second != -1).any():
            return "second qubits and bits of the circuit, where a gate has one"
        if (self.first == self.second)[pairs].any():
            return "two different qubits of each two-qubit gate"
        return None if (np.abs(self.angles) <= LARGEST_ANGLE).all() else f"angles up to {LARGEST_ANGLE:g} half-turns"

    def off_coupling(
        self, coupling: Iterable[tuple[int, int]], directions: Iterable[tuple[int, int]] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places of two-qubit gates on pairs that a coupling graph does not have, and of those on pairs that it has
        in the other direction only. ``coupling`` holds undirected edges; ``directions``, if any, the ordered pairs of
        the gates whose order matters (:data:`ORDERED`). A qubit is the node of its index."""
        edges = tuple(coupling)
        nodes = np.array([index for _, index in self.qubits], dtype=np.int64)
        size = 1 + max((*nodes.tolist(), *(end for edge in edges for end in edge)), default=0)

        def coded(pairs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
            return np.array([a * size + b for a, b in pairs], dtype=np.int64)

        places = np.flatnonzero(self.paired)
        codes = nodes[self.first[places]] * size + nodes[self.second[places]]
        coupled = np.isin(codes, coded((*edges, *((b, a) for a, b in edges))))
        if directions is None:
            return places[~coupled], places[:0]
        ordered = np.isin(self.kind[places], [KIND[name] for name in ORDERED])
        return places[~coupled], places[coupled & ordered & ~np.isin(codes, coded(directions))]

    def unmet(self) -> str | None:
        """What readouts, profile and resets want that an untrusted circuit does not have, or None."""
        measured_at, problem = _outcomes(self)
        given = {bit for readout in self.readouts for bit in readout.given}
        for readout in self.readouts:
            if not measured_at.keys() >= {*readout.given, *readout.success, *readout.index_bits}:
                return f"the bits of {readout.metric!r} measured by the circuit"
            if given & set(readout.success) or len(set(readout.success)) < len(readout.success):
                return f"the success bits of {readout.metric!r} once, and none of them given"
            if {*readout.given, *readout.success} & {*readout.index_bits} or len({*readout.index_bits}) < len(
                readout.index_bits
            ):
                return f"the index bits of {readout.metric!r} once, and none of them given or success"
        if self.snapshot is not None:
            asked = (*self.snapshot.given, *self.snapshot.success)
            if any(measured_at.get(bit, len(self)) >= self.snapshot.stop for bit in asked):
                return "the profile's bits measured before its stop"
            if given & set(self.snapshot.success) or len(set(self.snapshot.success)) < len(self.snapshot.success):
                return "the profile's success bits once, and none of them given"
            if set(self.snapshot.register) & self._read_by(self.snapshot.stop):
                return "a profile of qubits that were not measured just before its stop"
            if len(set(self.snapshot.register)) < len(self.snapshot.register):
                return "a profile that names each qubit once"
        return problem

    def _read_by(self, stop: int) -> set[int]:
        """The qubits whose last gate before ``stop`` measured them: a router may use a measured qubit again."""
        if not stop:
            return set()
        last = np.full(len(self.qubits), -1)
        places = np.arange(stop)
        np.maximum.at(last, self.first[:stop], places)
        pairs = self.paired[:stop]
        np.maximum.at(last, self.second[:stop][pairs], places[pairs])
        measured = (last >= 0) & (self.kind[last] == KIND["Measure"])
        return set(np.flatnonzero(measured).tolist())


def gates_by_ops(circuit: NativeCircuit) -> dict[Ids, tuple[int, int]]:
    """The one-qubit and the two-qubit gates, counted as in the statistics, of each set of ops that has any; those that
    no op is known for are of the empty set."""
    known = circuit.provenance
    if not len(known.of):
        known = Provenance.of_groups((), len(circuit))
    parts = ((ids, circuit.rows(known.of == place)) for place, ids in enumerate(known.sets))
    counts = {ids: (part.one_qubit_gates, part.two_qubit_gates) for ids, part in parts}
    return {ids: gates for ids, gates in counts.items() if any(gates)}


def _outcomes(circuit: NativeCircuit) -> tuple[dict[int, int], str | None]:
    """Where each bit is measured, and what is wrong with measurements and resets."""
    measured_at: dict[int, int] = {}
    turned: set[int] = set()
    columns = (circuit.kind, circuit.first, circuit.second)
    for place, (kind, first, second) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        if kind == KIND["Measure"]:
            if second in measured_at:
                return measured_at, "each bit measured once"
            measured_at[second] = place
            turned.discard(first)
        elif kind == KIND["Reset"]:
            if first in turned:
                return measured_at, "a qubit measured before it is reset"
        else:
            turned.add(first)
            if GATES[kind].qubits == 2:
                turned.add(second)
    return measured_at, None

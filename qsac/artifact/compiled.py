"""Compiled programs and their files: everything that `run` and `verify` need, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from qsac.arguments import file_path
from qsac.artifact.sealing import FIELD, producer
from qsac.errors import InvalidInputError, printable
from qsac.export.circuit_dict import to_dict
from qsac.export.circuit_dict import to_json as circuit_json
from qsac.families.contract import Model, Plan
from qsac.families.registry import family_of
from qsac.files.pointer import describe as describe_value
from qsac.files.pointer import join, quoted
from qsac.files.strict_json import walk
from qsac.files.writing import write_whole
from qsac.ir.identity import OpIdentity, identities
from qsac.ir.parser import parse_ops, parse_program
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit, Unit
from qsac.showing import Shown, viewer

if TYPE_CHECKING:
    import cirq
    from guppylang.defs import GuppyFunctionDefinition
    from pennylane.ops import MeasurementValue
    from pytket import Circuit
    from qiskit import QuantumCircuit

    from qsac.artifact.breakdown import Breakdown
    from qsac.artifact.drawing import Drawing
    from qsac.artifact.shown_page import Page
    from qsac.artifact.specs import Specs
    from qsac.native.statistics import BudgetReport, CompilationOptions, PartStatistics, Statistics

VERSION = 1
SIZE_LIMIT = 1 << 30
"""Largest artifact file that is read, in bytes: about ten million gates."""


_SUBNORMALISATION = re.compile(r"^subnormalisation (\S+)$", re.MULTILINE)

_DEEPEST = 64
"""Levels of a compiled program's fields that are looked through for what cannot be written."""

DEVIATIONS = ("infidelity", "loss_deviation", "success_probability_deviation")
"""What verification adds to the report on the error budget."""


@dataclass(frozen=True)
class Verified:
    """How a compiled circuit was verified: against the model's ``closed form``, or, where passes have spent of an
    error budget, against its own ``program``; every probability to ``tolerance``, relative to P(given)."""

    how: Literal["closed form", "program"]
    tolerance: float


@dataclass(frozen=True, eq=False, repr=False)
class Compiled(Shown):
    """A model compiled for a target. Two of them are equal if their artifacts are.

    ``irs`` are the final attention programs as text and ``circuits`` the native circuits, one for each circuit of the
    model's plan, ``stats`` their statistics.
    ``target`` is the target's description, ``options`` what the compilation was asked for. ``timings`` (seconds by
    stage) are of this process and never saved. ``verified`` says how the circuit was verified, None where it was not.
    ``producer`` holds the versions of qsac, Python and libraries that it was compiled with.
    """

    model: Model
    target: dict[str, Any]
    options: CompilationOptions
    irs: Sequence[str]
    circuits: tuple[NativeCircuit, ...]
    stats: Statistics
    timings: dict[str, float] = field(default_factory=dict)
    verified: Verified | None = None
    producer: dict[str, str] = field(default_factory=producer)

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Compiled) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.model, self.target["name"], *self.irs))

    def __repr__(self) -> str:
        """In one line: name, target and counts."""
        counts, many = self.stats, f"{len(self.circuits)} circuits, " if len(self.circuits) > 1 else ""
        verified = "verified" if self.verified else "not verified"
        return printable(
            f"<Compiled {self.model.name!r} for {self.target['name']}: {many}{counts['two_qubit_gates']:,} two-qubit "
            f"gates, {counts['qubits']} qubits, {verified}>"
        )

    @cached_property
    def parts_ops(self) -> tuple[tuple[OpIdentity, ...], ...]:
        """What the ops of the final attention programs are, in their order: the ``groups`` of each circuit name
        them."""
        return tuple(identities(parse_ops(ir)) for ir in self.irs)

    @property
    def ops(self) -> tuple[OpIdentity, ...]:
        """What the ops of the final attention program are, in its order; of a plan of several circuits the first
        one's."""
        return self.parts_ops[0]

    @property
    def ir(self) -> str:
        """The final attention program as text; of a plan of several circuits the first one's."""
        return self.irs[0]

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """The final attention programs, one for each circuit."""
        return tuple(map(parse_program, self.irs))

    @property
    def program(self) -> Program:
        """The final attention program; of a plan of several circuits the first one."""
        return self.programs[0]

    @cached_property
    def plan(self) -> Plan:
        """The model's plan: what is done with the outcomes of its circuits."""
        return family_of(self.model).plan(self.model)

    @property
    def names(self) -> tuple[str, ...]:
        """What the circuits are called."""
        return tuple(circuit.name for circuit in self.circuits)

    @property
    def subnormalisations(self) -> tuple[float, ...]:
        """Each circuit's lambda over the model's, above or below 1: its success probability is the model's over the
        square. Read from the program's text, which has a line for it where it is not 1, not from the statistics."""
        lines = [_SUBNORMALISATION.search(ir) for ir in self.irs]
        return tuple(1.0 if line is None else float(line[1]) for line in lines)

    @property
    def parts_stats(self) -> tuple[PartStatistics, ...]:
        """The statistics of each circuit: of a single one these are all."""
        if len(self.circuits) == 1:
            return (cast("PartStatistics", self.stats),)
        return tuple(self.stats["circuits"][name] for name in self.names)

    def with_stats(self, parts: Sequence[PartStatistics], verified: Verified | None) -> Compiled:
        """The same with these statistics of its circuits, and this record of verification."""
        if len(self.circuits) == 1:
            return replace(self, stats=cast("Statistics", parts[0]), verified=verified)
        by_name = dict(zip(self.names, parts, strict=True))
        return replace(self, stats={**self.stats, "circuits": by_name}, verified=verified)

    def unverified(self) -> Compiled:
        """The same program as it is before verification."""
        return self.with_stats([without_deviations(stats) for stats in self.parts_stats], None)

    def to_json(self) -> str:
        """The artifact's text: the same model, target, options and seed give the same bytes."""
        return "".join(self.parts())

    def parts(self) -> Iterator[str]:
        """The artifact's text in parts: the gates of a large circuit never stand in memory as one text.

        Parts are written as canonical JSON, so that the digest, which wants the fields in alphabetical order, is
        computed while they pass by: ``circuits`` comes first there, and in the middle of what people read.
        """
        ops = [[asdict(op) for op in part] for part in self.parts_ops]
        alone = len(self.irs) == 1
        head = {
            "qsac_artifact": VERSION,
            "model": self.model.canonical,
            "sha256": self.model.sha256,
            "producer": self.producer,
            "target": self.target,
            "options": self.options,
            "ir": self.irs[0] if alone else dict(zip(self.names, self.irs, strict=True)),
            "ops": ops[0] if alone else dict(zip(self.names, ops, strict=True)),
        }
        if not (alone and self.plan.is_plain):
            head["plan"] = self.plan.described()
        tail = {"stats": self.stats, "verified": None if self.verified is None else asdict(self.verified)}
        rest = _json(head | tail)  # what cannot be written is refused before the first part
        digest = hashlib.sha256(b'{"circuits":[')
        yield f'{{{_fields(head)},"circuits":['
        for place, circuit in enumerate(self.circuits):
            for part in _circuit_parts(circuit, first=place == 0):
                digest.update(part.encode("ascii"))
                yield part
        digest.update(f"],{rest[1:]}".encode("ascii"))
        yield f"],{_fields(tail | {FIELD: digest.hexdigest()})}}}\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the artifact, whole or not at all."""
        write_whole(file_path(path, "artifact"), self.parts())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Compiled:
        """Read an artifact. Raises :class:`~qsac.errors.InvalidInputError` for anything else, and for an artifact that
        was changed after it was written."""
        from qsac.artifact.reading import read_file

        return read_file(path)

    @classmethod
    def parse(cls, data: bytes, source: str) -> Compiled:
        """The compiled program of an artifact's text; ``source`` names it in errors. Raises as :meth:`load`."""
        from qsac.artifact.reading import read

        return read(data, source)

    def circuit(self, name: str | None = None) -> NativeCircuit:
        """The circuit of that name; without one, the only circuit. Raises :class:`~qsac.errors.InvalidInputError`."""
        found = [circuit for circuit in self.circuits if name is None or circuit.name == name]
        if len(found) != 1:
            raise InvalidInputError(
                "the plan has several circuits" if name is None else f"there is no circuit {quoted(name)}",
                code="artifact.several-circuits" if name is None else "artifact.unknown-circuit",
                wanted=f"one of {', '.join(self.names)}",
            )
        return found[0]

    def explain(self) -> Breakdown:
        """Where the gates go: a tree of the ops with the gates of each, whose parts add up."""
        from qsac.artifact.breakdown import breakdown

        return breakdown(self)

    def specs(self) -> Specs:
        """What the program takes and promises: gates, depth, qubits, estimated success probability, shots, cost."""
        from qsac.artifact.specs import specs_of

        verified = None if self.verified is None else self.verified.how
        return specs_of(self.target["name"], len(self.circuits), self.stats, verified)

    def draw(self, circuit: str | None = None) -> Drawing:
        """A circuit op by op, registers as wires; of several the one of that name. Raises as :meth:`circuit`."""
        found: Drawing = viewer().drawing(self, self.circuit(circuit).name)
        return found

    def view(self) -> Page:
        """The page that `qsac view` writes: notebooks show it in a frame. Raises
        :class:`~qsac.errors.DoesNotFitError` for more gates than a page shows."""
        found: Page = viewer().viewed(self)
        return found

    def to_tket(self, circuit: str | None = None) -> Circuit:
        """A circuit as a pytket circuit; of several the one of that name."""
        from qsac.export.tket import to_tket

        return to_tket(self.circuit(circuit))

    def to_qiskit(self, circuit: str | None = None) -> QuantumCircuit:
        """A circuit as a Qiskit circuit, its classical registers as in the artifact, its quantum registers named as
        ``q_key``, those of a machine ``q``; of several the one of that name."""
        from qsac.export.qiskit import to_named_qiskit

        return to_named_qiskit(self.circuit(circuit))

    def to_pennylane(self, circuit: str | None = None) -> list[MeasurementValue]:
        """Applies a circuit in a quantum function of PennyLane's, on wires named as ``q_key[0]``; of several the one of
        that name. Gives what is measured, a value for each bit in the order of the artifact: of
        ``qml.counts(compiled.to_pennylane())`` :func:`qsac.interpret` reads the metrics, with ``order="pytket"``.

        Raises :class:`~qsac.errors.InvalidInputError` where PennyLane is not installed, and as :meth:`circuit`.
        """
        from qsac.export.pennylane import to_pennylane

        return to_pennylane(self.circuit(circuit))

    def to_cirq(self, circuit: str | None = None) -> cirq.Circuit:
        """A circuit as a Cirq circuit, on qubits named as ``q_key[0]``, with a measurement key for each bit, such as
        ``key[0]``; of several the one of that name. :func:`qsac.interpret` reads Cirq's results of it.

        Raises :class:`~qsac.errors.InvalidInputError` where Cirq is not installed, and as :meth:`circuit`.
        """
        from qsac.export.cirq import to_cirq

        return to_cirq(self.circuit(circuit))

    def to_guppy(self, circuit: str | None = None) -> GuppyFunctionDefinition[..., Any]:
        """A circuit as a Guppy function, from an array of qubits for each quantum register, named as ``q_key``, to an
        array of bools for each classical one, both in alphabetical order; of several the one of that name.

        Raises :class:`~qsac.errors.InvalidInputError` where guppylang is not installed, and as :meth:`circuit`.
        """
        from qsac.export.guppy import to_guppy

        found: GuppyFunctionDefinition[..., Any] = to_guppy(self.circuit(circuit))
        return found


def without_deviations(stats: PartStatistics) -> PartStatistics:
    """The statistics of a circuit without what verification adds to them."""
    report = {name: value for name, value in stats["error_budget"].items() if name not in DEVIATIONS}
    return {**stats, "error_budget": cast("BudgetReport", report)}


def _unit(unit: Unit) -> list[Any]:
    return [unit[0], [unit[1]]]


def _json(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise _unwritable(value) from None


def _unwritable(document: Any) -> InvalidInputError:
    """The error for a document that holds what JSON does not have, with the first place that does."""
    title, wanted = "the compiled program cannot be written as JSON", "finite numbers, texts, lists and objects"
    for path, value in walk(document):
        if len(path) > _DEEPEST:
            return InvalidInputError(
                title,
                code="artifact.unwritable",
                found="deeply nested values",
                wanted=wanted,
            )
        if isinstance(value, dict | list):
            continue
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return InvalidInputError(
                title,
                code="artifact.unwritable",
                pointer=join("", *path),
                found=describe_value(value),
                wanted=wanted,
            )
    return InvalidInputError(
        title,
        code="artifact.unwritable",
        wanted=f"{wanted} with names that are texts",
    )


def _fields(document: dict[str, Any]) -> str:
    """The text of some fields in the order given."""
    return ",".join(f"{_json(name)}:{_json(value)}" for name, value in document.items())


def _circuit_parts(circuit: NativeCircuit, *, first: bool) -> Iterator[str]:
    """The text of a circuit, with the comma before it."""
    yield '{"circuit":' if first else ',{"circuit":'
    yield from circuit_json(circuit)
    yield "," + _json(_meaning(circuit))[1:]


def _meaning(circuit: NativeCircuit) -> dict[str, Any]:
    """What an artifact says of a circuit beside its gates."""
    qubits, bits = circuit.qubits, circuit.bits
    profile = circuit.snapshot
    return {
        "name": circuit.name,
        "readout": [
            {
                "metric": readout.metric,
                "given": [_unit(bits[bit]) for bit in readout.given],
                "success": [_unit(bits[bit]) for bit in readout.success],
                **({"index": [_unit(bits[bit]) for bit in readout.index_bits]} if readout.index_bits else {}),
            }
            for readout in circuit.readouts
        ],
        "profile": None
        if profile is None
        else {
            "stop": profile.stop,
            "register": [_unit(qubits[qubit]) for qubit in profile.register],
            "given": [_unit(bits[bit]) for bit in profile.given],
            "success": [_unit(bits[bit]) for bit in profile.success],
        },
        "initial_map": [[["q", [logical]], _unit(qubits[place])] for logical, place in enumerate(circuit.initial_map)],
        "final_map": [[["q", [logical]], _unit(qubits[place])] for logical, place in enumerate(circuit.final_map)],
        "groups": [[first, last, list(ops)] for first, last, ops in circuit.groups],
    }


def described_circuit(circuit: NativeCircuit) -> dict[str, Any]:
    """What an artifact says of a circuit, JSON-ready, without its gates."""
    return {"circuit": to_dict(circuit.rows(slice(0, 0))), **_meaning(circuit)}

"""Compiled programs and their files: everything that `run` and `verify` need, and nothing else."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsac.emit.circuit_dict import from_dict
from qsac.emit.circuit_dict import to_json as circuit_json
from qsac.errors import InvalidInputError, QsacError
from qsac.ir.native import BitReadout, Group, NativeCircuit, Profile, Unit
from qsac.ir.parser import parse_program
from qsac.ir.program import Program
from qsac.model.distribution import RESULT_NAMES, index_qubits
from qsac.model.load import load
from qsac.model.metrics import METRIC_NAMES
from qsac.model.model import Model
from qsac.model.source import read_file
from qsac.model.strict_json import parse
from qsac.pipeline import Target

if TYPE_CHECKING:
    from pytket import Circuit
    from qiskit import QuantumCircuit

VERSION = 1
SIZE_LIMIT = 1 << 30
"""Largest artifact file that is read, in bytes: about ten million gates."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A model compiled for a target. Two of them are equal if their artifacts are.

    ``ir`` is the final attention program as text; ``circuits`` the native circuits, ``stats`` what they amount to.
    ``target`` is the target's description, ``options`` what the compilation was asked for. ``timings`` (seconds by
    stage) are of this process and never saved, nor is ``verified``: whether this circuit was compared with the closed
    form, or with its own program where that is not exact.
    """

    model: Model
    target: dict[str, Any]
    options: dict[str, Any]
    ir: str
    circuits: tuple[NativeCircuit, ...]
    stats: dict[str, Any]
    timings: dict[str, float] = field(default_factory=dict)
    verified: bool = False

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Compiled) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.model, self.target["name"], self.ir))

    @property
    def program(self) -> Program:
        """The final attention program."""
        return parse_program(self.ir)

    @property
    def normalisation(self) -> float:
        """How much larger the circuit's lambda is than the model's: its success probability is zeta over the square."""
        lam = self.stats.get("lam")
        if not isinstance(lam, float | int) or isinstance(lam, bool) or not isfinite(lam) or lam <= 0:
            return 1.0
        return lam / self.model.lam

    def to_json(self) -> str:
        """The artifact's text: the same model, target, options and seed give the same bytes."""
        return "".join(self.parts())

    def parts(self) -> Iterator[str]:
        """The artifact's text in parts: the gates of a large circuit never stand in memory as one text."""
        model = {"model": self.model.canonical, "sha256": self.model.sha256}
        head = {"qsac_artifact": VERSION, **model, "target": self.target, "options": self.options, "ir": self.ir}
        yield _json(head)[:-1] + ',"circuits":['
        for place, circuit in enumerate(self.circuits):
            yield ("," if place else "") + f'{{"name":{_json(circuit.name)},"circuit":'
            yield from circuit_json(circuit)
            yield "," + _json(_meaning(circuit))[1:]
        yield f'],"stats":{_json(self.stats)}}}\n'

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the artifact, whole or not at all."""
        write_whole(path, self.parts())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Compiled:
        """Read an artifact. Raises :class:`~qsac.errors.InvalidInputError` for anything that is none."""
        return cls.parse(read_file(path, SIZE_LIMIT, "artifact"), os.fsdecode(path))

    @classmethod
    def parse(cls, data: bytes, source: str) -> Compiled:
        """The compiled program of an artifact's text; ``source`` names it in errors."""
        try:
            return _read(parse(data, source, "artifact"))
        except QsacError as error:
            raise error.located(source) from None

    def to_tket(self) -> Circuit:
        """The first circuit as a pytket circuit."""
        from qsac.emit.tket import to_tket

        return to_tket(self.circuits[0])

    def to_qiskit(self) -> QuantumCircuit:
        """The first circuit as a Qiskit circuit, its classical registers as in the artifact."""
        from qsac.emit.qiskit import to_qiskit

        return to_qiskit(self.circuits[0])


def describe(target: Target) -> dict[str, Any]:
    """The target as it stands in an artifact."""
    described: dict[str, Any] = json.loads(json.dumps(asdict(target)))
    return described


def write_whole(path: str | os.PathLike[str], parts: Iterable[str]) -> None:
    """Write a text file, given in parts, so that readers see the old content or the new one, never a part.

    A link is followed. What is no regular file (a pipe, a device) is written to as it is, never replaced.
    """
    place = Path(path)
    if not place.parent.is_dir():
        raise InvalidInputError(
            "the output folder does not exist",
            source=str(path),
            help=f"make the folder {place.parent}, or choose another",
        )
    if place.is_dir():
        raise InvalidInputError("the output is a folder", source=str(path), wanted="the path of a file")
    try:
        if place.exists() and not place.is_file():
            with place.open("w", encoding="utf-8", newline="\n") as stream:
                stream.writelines(parts)
        else:
            _replace(place.resolve(), parts)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidInputError("the output cannot be written", source=str(path), found=reason) from None


def _replace(place: Path, parts: Iterable[str]) -> None:
    """Write a new file beside the old one, then take its place."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name[:80]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
        # mkstemp makes a private file; the result is as public as any file that the user creates.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _unit(unit: Unit) -> list[Any]:
    return [unit[0], [unit[1]]]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _meaning(circuit: NativeCircuit) -> dict[str, Any]:
    """What an artifact says of a circuit beside its gates."""
    qubits, bits = circuit.qubits, circuit.bits
    profile = circuit.profile
    return {
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
        "groups": [list(group) for group in circuit.groups],
    }


class _Part:
    """A place in an artifact's JSON, to read parts of the wanted type from."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def wrong(self, wanted: str) -> InvalidInputError:
        return InvalidInputError("the artifact is damaged", pointer=self.pointer or "/", wanted=wanted)

    def field(self, name: str) -> _Part:
        if not isinstance(self.value, dict) or name not in self.value:
            raise self.wrong(f"an object with a field {name!r}")
        return _Part(self.value[name], f"{self.pointer}/{name}")

    def entries(self) -> list[_Part]:
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [_Part(entry, f"{self.pointer}/{index}") for index, entry in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def choice(self, words: Sequence[str]) -> str:
        if self.value not in words:
            raise self.wrong(f"one of {', '.join(words)}")
        return self.text()

    def number(self, limit: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value <= limit:
            raise self.wrong(f"a whole number from 0 to {limit}")
        return self.value

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def place(self, units: dict[Unit, int]) -> int:
        """Where the unit [name, [index]] stands among ``units``."""
        value = self.value
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], list) and len(value[1]) == 1:
            unit = (value[0], value[1][0])
            if isinstance(unit[0], str) and isinstance(unit[1], int) and unit in units:
                return units[unit]
        raise self.wrong("a qubit or bit of the circuit, as [register, [index]]")


def _read(document: Any) -> Compiled:
    root = _Part(document, "")
    version = document.get("qsac_artifact") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidInputError(
            "this is not a qsac artifact",
            pointer="/qsac_artifact",
            wanted="the file that `qsac compile -o` wrote",
            help="a model file is compiled first: qsac compile MODEL --target NAME -o NAME.qsac.json",
        )
    if version > VERSION:
        raise InvalidInputError(
            "the artifact is of a newer version than this qsac reads",
            pointer="/qsac_artifact",
            found=f"version {version}",
            wanted=f"at most version {VERSION}",
            help="update qsac, or compile the model again with this one",
        )
    model = _model(root.field("model"))
    if root.field("sha256").text() != model.sha256:
        raise InvalidInputError(
            "the artifact's model was changed after compiling",
            pointer="/sha256",
            found=root.field("sha256").text()[:64],
            wanted=model.sha256,
            help="compile the changed model again",
        )
    circuits = tuple(_read_circuit(entry) for entry in root.field("circuits").entries())
    if not circuits:
        raise root.field("circuits").wrong("at least one circuit")
    for entry, circuit in zip(root.field("circuits").entries(), circuits, strict=True):
        _check_meaning(entry, circuit, model)
    root.field("target").field("name").text()
    root.field("target").field("kind").choice(("device", "exact", "shots"))
    return Compiled(
        model=model,
        target=root.field("target").mapping(),
        options=root.field("options").mapping(),
        ir=root.field("ir").text(),
        circuits=circuits,
        stats=root.field("stats").mapping(),
    )


def _check_meaning(entry: _Part, circuit: NativeCircuit, model: Model) -> None:
    """What a circuit is read for must be what its model asks for."""
    metrics = [readout.metric for readout in circuit.readouts]
    kind = model.readout.type
    if metrics != (["fidelity", "token_fidelity"] if kind == "loss" else [RESULT_NAMES[kind]]):
        raise entry.field("readout").wrong(f"what the model's readout {kind!r} asks for")
    size = model.index_qubits if kind == "loss" else index_qubits(model)
    if circuit.profile is not None and len(circuit.profile.register) != size:
        raise entry.field("profile").wrong(f"{size} index qubits")
    if kind != "loss" and (len(circuit.readouts[0].index_bits) != size or (circuit.profile is None) != (size == 0)):
        raise entry.field("readout").wrong(f"{size} index bits, and a profile of as many qubits")


def _model(part: _Part) -> Model:
    try:
        return load(part.mapping())
    except QsacError as error:
        error.pointer, error.source = part.pointer + (error.pointer or ""), None
        raise


def _read_circuit(entry: _Part) -> NativeCircuit:
    bare = from_dict(entry.field("circuit").value, f"{entry.pointer}/circuit")
    qubits = {unit: place for place, unit in enumerate(bare.qubits)}
    bits = {unit: place for place, unit in enumerate(bare.bits)}

    def places(part: _Part, units: dict[Unit, int]) -> tuple[int, ...]:
        return tuple(one.place(units) for one in part.entries())

    readouts = tuple(
        BitReadout(
            readout.field("metric").choice((*METRIC_NAMES, *RESULT_NAMES.values())),
            places(readout.field("given"), bits),
            places(readout.field("success"), bits),
            places(readout.field("index"), bits) if "index" in readout.mapping() else (),
        )
        for readout in entry.field("readout").entries()
    )
    observed = entry.field("profile")
    profile = None
    if observed.value is not None:
        profile = Profile(
            observed.field("stop").number(len(bare)),
            places(observed.field("register"), qubits),
            places(observed.field("given"), bits),
            places(observed.field("success"), bits),
        )
    groups = []
    for group in entry.field("groups").entries():
        parts = group.entries()
        if len(parts) != 4:
            raise group.wrong("[start, stop, op, origin]")
        groups.append(Group(parts[0].number(len(bare)), parts[1].number(len(bare)), parts[2].text(), parts[3].text()))
    maps = []
    for name in ("initial_map", "final_map"):
        pairs = [pair.entries() for pair in entry.field(name).entries()]
        if any(len(pair) != 2 for pair in pairs):
            raise entry.field(name).wrong("pairs of a logical qubit and its place")
        maps.append(tuple(pair[1].place(qubits) for pair in pairs))
    circuit = NativeCircuit(
        name=entry.field("name").text(),
        qubits=bare.qubits,
        bits=bare.bits,
        kind=bare.kind,
        first=bare.first,
        second=bare.second,
        angles=bare.angles,
        readouts=readouts,
        profile=profile,
        groups=tuple(groups),
        initial_map=maps[0],
        final_map=maps[1],
    )
    unmet = circuit.unmet()
    if unmet is not None:
        raise entry.wrong(unmet)
    return circuit

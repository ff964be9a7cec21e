"""Artifact files, read from anyone: what is wrong is said with its JSON pointer, and sizes are checked first."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from qsac.arguments import file_path
from qsac.artifact.compiled import SIZE_LIMIT, VERSION, Compiled, Verified
from qsac.artifact.places import Part
from qsac.artifact.sealing import check_digest
from qsac.artifact.typed import TargetFields, check_statistics, check_type
from qsac.errors import InvalidInputError, QsacError
from qsac.export.circuit_dict import from_dict
from qsac.families.contract import CircuitStep, Model, Plan
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.families.schema import WRITTEN_OUT
from qsac.files.differences import close, differences, shown
from qsac.files.pointer import counted, join
from qsac.files.source import read_file as read_source
from qsac.files.strict_json import parse, walk
from qsac.ir.identity import identities
from qsac.ir.parser import parse_program
from qsac.ir.program import Program, bit_register
from qsac.native.circuit import BitReadout, NativeCircuit, Snapshot, Unit
from qsac.native.provenance import Group, Provenance
from qsac.native.statistics import CompilationOptions, Statistics


def read_file(path: str | os.PathLike[str]) -> Compiled:
    """The compiled program of an artifact file."""
    return read(read_bytes(path), str(path))


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of an artifact file, which may be anything, if they are not too many."""
    return read_source(file_path(path, "artifact"), SIZE_LIMIT, "artifact")


def read(data: bytes, source: str) -> Compiled:
    """The compiled program of an artifact's text, if it is as it was written."""
    try:
        document = checked_version(parse(data, source, "artifact"))
        check_digest(document, "artifact")
        return compiled_of(document)
    except QsacError as error:
        raise error.located(source) from None


def checked_version(document: object) -> dict[str, Any]:
    """The document, if it is an artifact of a version that this qsac reads."""
    version = document.get("qsac_artifact") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(version, int) or isinstance(version, bool) or version < 1:
        template = isinstance(document, dict) and "qsac_template" in document
        bound = "a template is bound first: qsac bind TEMPLATE -o NAME.qsac.json"
        compiled = "a model file is compiled first: qsac compile MODEL --target NAME -o NAME.qsac.json"
        raise InvalidInputError(
            "this is not a qsac artifact",
            code="artifact.not-an-artifact",
            pointer="/qsac_artifact",
            found="a template" if template else None,
            wanted="the file that `qsac compile -o` wrote",
            help=bound if template else compiled,
        )
    if version > VERSION:
        raise InvalidInputError(
            "the artifact is of a newer version than this qsac reads",
            code="artifact.newer-version",
            pointer="/qsac_artifact",
            found=f"version {version}",
            wanted=f"at most version {VERSION}",
            help="update qsac, or compile the model again with this one",
        )
    return document


def compiled_of(document: dict[str, Any]) -> Compiled:
    """The compiled program of an artifact's document, whatever its digest.

    Raises :class:`~qsac.errors.InvalidInputError` with the place of the first thing that cannot be: what the results
    depend on is checked here, all else by :mod:`qsac.checking`.
    """
    root, model = Part(document, ""), model_of(document)
    if root.field("sha256").text() != model.sha256:
        raise InvalidInputError(
            "the artifact's model was changed after compiling",
            code="artifact.changed-model",
            pointer="/sha256",
            found=root.field("sha256").text()[:64],
            wanted=model.sha256,
            help="compile the changed model again",
        )
    plan = family_of(model).plan(model)
    _check_plan(root, plan)
    irs = _of_circuits(root, "ir", plan)
    programs = tuple(map(_program, irs))
    if "ops" not in root.mapping():
        raise InvalidInputError(
            "the artifact does not list its ops: it was written by an unfinished qsac",
            code="artifact.unfinished",
            pointer="/ops",
            help="compile the model again",
        )
    for part, program in zip(_of_circuits(root, "ops", plan), programs, strict=True):
        _check_ops(part, program)
    entries = root.field("circuits").entries()
    if len(entries) != len(plan.circuits):
        raise root.field("circuits").wrong(f"{counted(len(plan.circuits), 'circuit')}, as the model's plan has them")
    circuits = tuple(_read_circuit(entry, program) for entry, program in zip(entries, programs, strict=True))
    for entry, circuit, step, program in zip(entries, circuits, plan.circuits, programs, strict=True):
        _check_meaning(entry, circuit, step, program)
    check_type(root.field("target"), TargetFields)
    stats, options = root.field("stats"), root.field("options")
    check_type(options, CompilationOptions)
    check_statistics(stats, [circuit.name for circuit in circuits])
    _check_stats(stats, model, programs)
    versions = root.field("producer").mapping()
    for name in versions:
        root.field("producer").field(name).text()
    return Compiled(
        model=model,
        target=root.field("target").mapping(),
        options=cast("CompilationOptions", options.mapping()),
        irs=tuple(ir.text() for ir in irs),
        circuits=circuits,
        stats=cast("Statistics", stats.mapping()),
        verified=_verified(root.field("verified")),
        producer=versions,
    )


def model_of(document: dict[str, Any]) -> Model:
    """The model of an artifact's document."""
    return _model(Part(document, "").field("model"))


def _program(part: Part) -> Program:
    try:
        program = parse_program(part.text())
    except QsacError as error:
        where = f" at {error.pointer}" if error.pointer else ""
        raise InvalidInputError(
            "the artifact's program cannot be read",
            code="artifact.damaged",
            pointer=part.pointer,
            found=f"{error.title}{where}" + (f": {error.found}" if error.found else ""),
            wanted=error.wanted,
        ) from None
    if program.level != "attention":
        raise part.wrong("an attention program")
    return program


def _check_plan(root: Part, plan: Plan) -> None:
    if not plan.is_plain:
        described = root.field("plan")
        difference = next(differences(described.value, plan.described(), "/plan"), None)
        if difference is not None:
            raise Part(difference[1], difference[0]).wrong(f"the plan of the model: {shown(difference[2])}")


def _of_circuits(root: Part, name: str, plan: Plan) -> list[Part]:
    """A field of the document for each circuit: the field itself, or where the plan has several circuits, what stands
    in it under their names."""
    if len(plan.circuits) == 1:
        return [root.field(name)]
    return [root.field(name).field(step.name) for step in plan.circuits]


def _check_ops(part: Part, program: Program) -> None:
    """The list of ops says again what the program's text says."""
    wanted = [json.loads(json.dumps(asdict(op))) for op in identities(program.ops)]
    difference = next(differences(part.value, wanted, part.pointer), None)
    if difference is not None:
        pointer, found, said = difference
        raise InvalidInputError(
            "the artifact's list of ops is not that of its program",
            code="artifact.inconsistent",
            pointer=pointer,
            found=shown(found),
            wanted=shown(said),
            help="compile the model again",
        )


def _check_stats(part: Part, model: Model, programs: Sequence[Program]) -> None:
    """What statistics say of the model and the programs, lambda among it, whatever stands there."""
    wanted = family_of(model).statistics(model, [program.subnormalisation for program in programs])
    for name, value in wanted.items():
        found = part.field(name)
        if not close(found.value, value):
            raise found.wrong(f"as it is in the model and its program: {value!r}")


def read_verified(value: object) -> Verified | None:
    """The record of a verification. Raises :class:`~qsac.errors.InvalidInputError` for what is none."""
    return _verified(Part(value, "/verified"))


def _verified(part: Part) -> Verified | None:
    if part.value is None:
        return None
    how = part.field("how").choice(("closed form", "program"))
    tolerance = part.field("tolerance").value
    if not isinstance(tolerance, float) or not 0 < tolerance < 1 or len(part.mapping()) != 2:
        raise part.wrong("how it was verified, and the tolerance: a number between 0 and 1")
    return Verified("program" if how == "program" else "closed form", tolerance)


def _check_meaning(entry: Part, circuit: NativeCircuit, step: CircuitStep, program: Program) -> None:
    """A circuit must be called what its model's plan calls it, and read for what model and program ask for."""
    if circuit.name != step.name:
        raise entry.field("name").wrong(step.name)
    metrics = tuple(readout.metric for readout in circuit.readouts)
    if metrics != step.reads or tuple(readout.metric for readout in program.readouts) != step.reads:
        raise entry.field("readout").wrong(f"what the model's readout asks for: {', '.join(step.reads)}")
    for place, (readout, asked) in enumerate(zip(circuit.readouts, program.readouts, strict=True)):
        parts = ((readout.given, asked.given), (readout.success, asked.success), (readout.index_bits, asked.index))
        for name, (bits, registers) in zip(("given", "success", "index"), parts, strict=True):
            units = outcome_bits(registers, program)
            if tuple(circuit.bits[bit] for bit in bits) != units:
                shown = ", ".join(f"{register}[{index}]" for register, index in units) or "no bits"
                raise entry.field("readout").entries()[place].field(name).wrong(f"the bits of its program: {shown}")
    if list(circuit.bits) != sorted(circuit.bits):
        raise entry.field("circuit").field("bits").wrong("the bits in pytket's order: by register, then by index")
    size = step.index
    profile = entry.field("profile")
    if circuit.snapshot is None or size == 0:
        if circuit.snapshot is not None or size:
            raise profile.wrong(f"a profile of {size} index qubits" if size else "no profile: null")
    elif len(circuit.snapshot.register) != size:
        raise profile.field("register").wrong(f"{size} index qubits")
    elif sorted(circuit.snapshot.given) != sorted(circuit.readouts[0].given):
        raise profile.field("given").wrong("the given bits of the readout")
    elif sorted(circuit.snapshot.success) != sorted(circuit.readouts[-1].success):
        raise profile.field("success").wrong("the success bits of the readout")


def outcome_bits(registers: Sequence[str], program: Program) -> tuple[Unit, ...]:
    """The bits that the registers of an attention program are measured into."""
    sizes = program.scope.sizes
    return tuple((bit_register(register), index) for register in registers for index in range(sizes[register]))


def _model(part: Part) -> Model:
    """The model, which has to be canonical: an artifact stands alone, names no other file, and computes no tokens."""
    tokens = part.mapping().get("tokens")
    if isinstance(tokens, dict) and tokens.get("type") not in (None, *WRITTEN_OUT):
        wanted = ", ".join(f'"{kind}"' for kind in WRITTEN_OUT)
        raise part.field("tokens").field("type").wrong(f"one of {wanted}: the tokens themselves")
    for path, value in walk(part.value):
        if isinstance(value, dict) and "path" in value:
            raise Part(value, join(part.pointer, *path)).wrong("the numbers themselves: no file is named")
    try:
        model = load(part.mapping())
    except QsacError as error:
        error.pointer, error.source = part.pointer + (error.pointer or ""), None
        raise
    difference = next(differences(part.value, model.canonical, part.pointer, _same_number), None)
    if difference is not None:
        pointer, found, wanted = difference
        raise InvalidInputError(
            "the artifact's model is not in its canonical form",
            code="artifact.not-canonical",
            pointer=pointer,
            found=shown(found),
            wanted=shown(wanted),
            help="compile the model again",
        )
    return model


def _same_number(found: Any, wanted: Any) -> bool:
    """Whether two numbers are equal: 1 and 1.0 are."""
    return all(type(value) in (int, float) for value in (found, wanted)) and bool(found == wanted)


def read_described(entry: object, columns: Mapping[str, Any], step: CircuitStep, program: Program) -> NativeCircuit:
    """The circuit of :func:`~qsac.artifact.compiled.described_circuit` with the gates of ``columns``.

    These are arrays of one length, named and shaped as those of a :class:`~qsac.native.circuit.NativeCircuit`.
    Raises :class:`~qsac.errors.InvalidInputError` for whatever an artifact is refused for.
    """
    part = Part(entry, "")
    bare = replace(from_dict(part.field("circuit").value, "/circuit"), **columns)
    wanted = bare.out_of_range()
    if wanted is not None:
        raise part.wrong(wanted)
    circuit = _with_meaning(part, bare, len(program.ops))
    _check_meaning(part, circuit, step, program)
    return circuit


def _read_circuit(entry: Part, program: Program) -> NativeCircuit:
    bare = from_dict(entry.field("circuit").value, f"{entry.pointer}/circuit")
    return _with_meaning(entry, bare, len(program.ops))


def _provenance(part: Part, gates: int, ops: int) -> Provenance:
    """The groups of a circuit of so many gates, of a program of so many ops: in order, and apart from each other."""
    groups: list[Group] = []
    for entry in part.entries():
        parts = entry.entries()
        if len(parts) != 3:
            raise entry.wrong("[first, last, [ids of ops]]")
        first, last = (place.number(gates - 1) for place in parts[:2])
        if first > last or (groups and first <= groups[-1].last):
            raise entry.wrong("a range of gates that begins after the one before it")
        ids = tuple(number.number(ops - 1) for number in parts[2].entries())
        if not ids or list(ids) != sorted({*ids}):
            raise parts[2].wrong("ids of ops, at least one, in ascending order")
        groups.append(Group(first, last, ids))
    return Provenance.of_groups(groups, gates)


def _with_meaning(entry: Part, bare: NativeCircuit, ops: int) -> NativeCircuit:
    qubits = {unit: place for place, unit in enumerate(bare.qubits)}
    bits = {unit: place for place, unit in enumerate(bare.bits)}

    def places(part: Part, units: dict[Unit, int]) -> tuple[int, ...]:
        return tuple(one.place(units) for one in part.entries())

    readouts = tuple(
        BitReadout(
            readout.field("metric").text(),
            places(readout.field("given"), bits),
            places(readout.field("success"), bits),
            places(readout.field("index"), bits) if "index" in readout.mapping() else (),
        )
        for readout in entry.field("readout").entries()
    )
    observed = entry.field("profile")
    profile = None
    if observed.value is not None:
        profile = Snapshot(
            observed.field("stop").number(len(bare)),
            places(observed.field("register"), qubits),
            places(observed.field("given"), bits),
            places(observed.field("success"), bits),
        )
    maps = []
    for name in ("initial_map", "final_map"):
        pairs = [pair.entries() for pair in entry.field(name).entries()]
        if any(len(pair) != 2 for pair in pairs):
            raise entry.field(name).wrong("pairs of a logical qubit and its place")
        for logical, pair in enumerate(pairs):
            if pair[0].value != ["q", [logical]]:
                raise pair[0].wrong(f'["q", [{logical}]]: the logical qubits in their order')
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
        snapshot=profile,
        provenance=_provenance(entry.field("groups"), len(bare), ops),
        initial_map=maps[0],
        final_map=maps[1],
    )
    unmet = circuit.unmet()
    if unmet is not None:
        raise entry.wrong(unmet)
    return circuit

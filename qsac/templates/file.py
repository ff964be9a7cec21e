"""Template files, ``NAME.qsac-template.json``: written from a template, and read from anyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from qsac.artifact.fingerprint import version
from qsac.artifact.sealing import FIELD, check_digest, digest_of, producer
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.compilation import Watch
from qsac.compiler.options import Options
from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.files.differences import same_text
from qsac.files.pointer import counted
from qsac.files.source import read_file as read_bytes
from qsac.files.strict_json import parse
from qsac.ir.attention import PhaseTable
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.derivation import OPERATIONS, Derivation, Source
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.machine.registry import target, target_names
from qsac.machine.target import Target, describe
from qsac.pipeline.contract import Pass
from qsac.progress import Progress
from qsac.templates.shape import OTHER_CIRCUITS, Shape
from qsac.templates.template import Template
from qsac.templates.template import template as compile_template

if TYPE_CHECKING:
    from qsac.native.statistics import PassCount

VERSION = 1
SIZE_LIMIT = 1 << 30
"""Largest template file that is read, in bytes."""


def parts(template: Template) -> Iterator[str]:
    """The text of a template file: the same model, target and options give the same bytes.

    Raises :class:`~qsac.errors.InvalidInputError` for a target that only a file or an object describes: a template is
    bound for the target of its name, as qsac then knows it.
    """
    if template.target.name not in target_names():
        raise InvalidInputError(
            f"a template of {template.target.name} cannot be kept in a file",
            code="template.unlisted-target",
            wanted="a target that `qsac targets` lists",
            help="compile the model itself for the machine, without --template",
        )
    shapes = [shape_parts(shape) for shape in template.shapes]
    document = {
        "qsac_template": VERSION,
        "compiler": version(),
        "model": template.model.canonical,
        "sha256": template.model.sha256,
        "target": describe(template.target),
        "options": {field.name: getattr(template.options, field.name) for field in fields(Options)},
        **(shapes[0] if len(shapes) == 1 else {"circuits": shapes}),
        "producer": producer(),
    }
    yield json.dumps(document | {FIELD: digest_of(document)}, separators=(",", ":"), allow_nan=False) + "\n"


def shape_parts(shape: Shape) -> dict[str, Any]:
    """What a template file says of one circuit."""
    derivations = {
        name: _described(table.derivation)
        for name, table in sorted(shape.program.tables.items())
        if table.derivation is not None
    }
    return {
        "ir": print_program(shape.program),
        "derivations": derivations,
        "blocks": print_program(shape.blocks),
        "passes": list(shape.counts),
    }


def read_file(path: str) -> Template:
    """The template in a file. Raises :class:`~qsac.errors.InvalidInputError` for anything that is none."""
    return read(read_bytes(path, SIZE_LIMIT, "template"), path)


def read(data: bytes, source: str) -> Template:
    """The template of a file's text; ``source`` names it in errors."""
    try:
        document = checked_version(parse(data, source, "template"))
        check_digest(document, "template")
        return template_of(document)
    except QsacError as error:
        raise error.located(source) from None


def asked_of(document: dict[str, Any]) -> tuple[Model, Target, Options]:
    """What a template was compiled from: all else in it follows from that."""
    model = _model(document)
    options = _options(_field(document, "options", dict))
    return model, _target(_field(document, "target", dict)), options


def _program(document: dict[str, Any], name: str, within: str) -> Program:
    try:
        return parse_program(_field(document, name, str, within))
    except QsacError as error:
        raise _damaged(f"{within}/{name}", f"{error.title} {error.pointer or ''}".strip(), error.wanted) from None


def _described(derivation: Derivation) -> dict[str, Any]:
    sources = [source if isinstance(source, str) else _described(source) for source in derivation.sources]
    operation: Any = derivation.operation
    return {"operation": operation.name, **asdict(operation), "sources": sources}


def _damaged(pointer: str, found: str | None = None, wanted: str | None = None) -> InvalidInputError:
    return InvalidInputError(
        "the template is damaged",
        code="template.damaged",
        pointer=pointer,
        found=found,
        wanted=wanted,
        help="compile it again: qsac compile MODEL --template",
    )


def _field(document: dict[str, Any], name: str, kind: type, within: str = "") -> Any:
    value = document.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: "a text", dict: "an object", list: "a list", int: "a whole number"}
        raise _damaged(f"{within}/{name}", wanted=words[kind])
    return value


def checked_version(document: object) -> dict[str, Any]:
    """The document, if it is a template that this version of qsac wrote."""
    found = document.get("qsac_template") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise InvalidInputError(
            "this is not a qsac template",
            code="template.not-a-template",
            pointer="/qsac_template",
            wanted="the file that `qsac compile --template` wrote",
            help="a model is compiled first: qsac compile MODEL --template -o NAME.qsac-template.json",
        )
    written = _field(document, "compiler", str)
    if found != VERSION or written != version():
        raise InvalidInputError(
            "the template was compiled by another version of qsac",
            code="template.other-version",
            pointer="/compiler",
            found=f"{written[:40]!r}, format {found}",
            wanted=f"{version()!r}, format {VERSION}",
            help="compile it again: qsac compile MODEL --template",
        )
    return document


def template_of(document: dict[str, Any]) -> Template:
    """The template of a document, whatever its digest; its blocks have to be those of its program."""
    model, machine, options = asked_of(document)
    count = len(family_of(model).plan(model).circuits)
    entries = [document] if count == 1 else _field(document, "circuits", list)
    if len(entries) != count or not all(isinstance(entry, dict) for entry in entries):
        raise _damaged("/circuits", wanted=f"{counted(count, 'circuit')}, as the model's plan has them")
    shapes = tuple(read_shape(entry, "" if count == 1 else f"/circuits/{place}") for place, entry in enumerate(entries))
    made = Template(model, machine, options, shapes)
    _check(made)
    return made


def read_shape(document: dict[str, Any], within: str = "") -> Shape:
    """The shape that :func:`shape_parts` wrote; ``within`` is where it stands. Whether it is a model's is not looked
    at. Raises :class:`~qsac.errors.InvalidInputError` for what is none."""
    program, blocks = (_program(document, name, within) for name in ("ir", "blocks"))
    if (program.level, blocks.level) != ("attention", "block") or has_synthesis(program):
        raise _damaged(f"{within}/ir", wanted="an attention program of fixed structure, and its blocks")
    derivations = _field(document, "derivations", dict, within)
    if not set(derivations) <= set(program.tables):
        raise _damaged(f"{within}/derivations", wanted="derivations of the program's tables")
    for name, value in derivations.items():
        program.tables[name].derivation = _derivation(value, f"{within}/derivations/{name}")
    return Shape(program, blocks, tuple(_counts(_field(document, "passes", list, within), within)))


def _model(document: dict[str, Any]) -> Model:
    try:
        model = load(_field(document, "model", dict))
    except QsacError as error:
        error.pointer, error.source = "/model" + (error.pointer or ""), None
        raise
    if _field(document, "sha256", str) != model.sha256:
        raise InvalidInputError(
            "the template's model was changed after compiling",
            code="template.changed-model",
            pointer="/sha256",
            wanted=model.sha256,
            help="compile the changed model again",
        )
    return model


def _options(values: dict[str, Any]) -> Options:
    if set(values) != {field.name for field in fields(Options)} or not isinstance(values["passes"], str):
        raise _damaged("/options", wanted=f"{', '.join(field.name for field in fields(Options))}")
    whole = ("optimisation", "seed", *(("qubits",) if values["qubits"] is not None else ()))
    if any(type(values[name]) is not int for name in whole) or values["error_budget"] != 0:
        raise _damaged("/options", wanted="whole numbers, and no error budget")
    options = Options(**values)
    steps = options.pipeline()
    if not all(step.templates for step in steps if isinstance(step, Pass)):
        raise _damaged("/options/passes", wanted="passes that can be part of a template")
    return options


def _target(described: dict[str, Any]) -> Target:
    name = described.get("name")
    machine = target(name) if isinstance(name, str) else None
    if machine is None or describe(machine) != described:
        raise InvalidInputError(
            "the template's target is not as qsac knows it",
            code="template.changed-target",
            pointer="/target",
            found=str(name)[:60],
            wanted="a target with the data that the template was compiled for",
            help="compile the template again",
        )
    return machine


def _derivation(value: Any, pointer: str) -> Derivation:
    name = value.get("operation") if isinstance(value, dict) else None
    kind = OPERATIONS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(value.get("sources"), list):
        raise _damaged(pointer, wanted=f"an operation ({', '.join(OPERATIONS)}) and its sources")
    hints = {key: hint for key, hint in get_type_hints(kind).items() if key != "name"}
    given = {key: entry for key, entry in value.items() if key not in ("operation", "sources")}
    if set(given) != set(hints):
        raise _damaged(pointer, wanted=f"the fields {', '.join(hints)}")
    read_fields = {key: _checked(given[key], hint, f"{pointer}/{key}") for key, hint in hints.items()}
    sources: list[Source] = []
    for place, entry in enumerate(value["sources"]):
        sources.append(entry if isinstance(entry, str) else _derivation(entry, f"{pointer}/sources/{place}"))
    return Derivation(kind(**read_fields), tuple(sources))


def _checked(value: Any, hint: Any, pointer: str) -> Any:
    """The value as the field's type: a Literal, a whole number, or a tuple of texts."""
    if get_origin(hint) is Literal and value in get_args(hint):
        return value
    if hint is int and type(value) is int and 0 <= value < 1 << 32:
        return value
    if get_origin(hint) is tuple and isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return tuple(value)
    raise _damaged(pointer)


def _counts(entries: list[Any], within: str) -> Iterator[PassCount]:
    for place, entry in enumerate(entries):
        gates = entry.get("two_qubit_gates") if isinstance(entry, dict) else None
        named = isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("name", "level"))
        if not named or not isinstance(gates, list) or len(gates) != 2 or any(type(gate) is not int for gate in gates):
            raise _damaged(f"{within}/passes/{place}", wanted="name, level and two-qubit gates before and after")
        yield entry


def _check(template: Template) -> None:
    """Whether the model can be bound, sizes first: they are anybody's."""
    compilation = Compilation(template.target, template.options, Watch(None), None, template=True)
    for shape in template.shapes:
        compilation.check_memory(shape.program)
    again = compiled_again(template.model, template.target, template.options)
    alone = len(template.shapes) == 1
    for place, (ours, theirs) in enumerate(zip(template.shapes, again.shapes, strict=True)):
        within = "" if alone else f"/circuits/{place}"
        for name in ("ir", "blocks"):
            one, other = ((shape.program if name == "ir" else shape.blocks) for shape in (ours, theirs))
            if not same_text(print_program(one), print_program(other)):
                raise _damaged(f"{within}/{name}", wanted="what the model, the target and the options compile to")
        _check_filled(template, ours, place, within)


def _check_filled(template: Template, shape: Shape, place: int, within: str) -> None:
    kept: dict[str, Table] = dict(shape.program.tables)
    built = family_of(template.model).plan(template.model).circuits[place].program
    try:
        program, _ = shape.filled(built, template.context)
    except (ValueError, TypeError, IndexError, KeyError, AssertionError, RuntimeError, AttributeError):
        raise _damaged(f"{within}/ir", found="a program that is not of the model") from None
    except InvalidInputError as error:
        if error.code != OTHER_CIRCUITS:
            raise
        raise _damaged(f"{within}/ir", found="tables that the model does not have") from None
    if any(kept[name].shape != table.shape or kept[name].real != table.real for name, table in program.tables.items()):
        raise _damaged(f"{within}/ir", found="tables that are not of the model's shape")
    if _phases(shape.program) != _phases(program):
        raise _damaged(f"{within}/ir", found="phases that are not of the model's shape")


def _phases(program: Program) -> list[tuple[int, ...]]:
    return [op.phases.shape for op in program.ops if isinstance(op, PhaseTable)]


def compiled_again(model: Model, machine: Target, options: Options, progress: Progress | None = None) -> Template:
    """The template of a model, a target and options that name their passes: nothing else decides what is in it."""
    return compile_template(
        model,
        machine,
        optimisation=options.optimisation,
        passes=options.passes,
        seed=options.seed,
        qubits=options.qubits,
        prefer=options.prefer,
        progress=progress,
    )

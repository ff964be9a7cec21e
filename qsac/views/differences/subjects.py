"""What can be compared, of whichever kind, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.files.strict_json import parse
from qsac.ir.parser import parse_program
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit
from qsac.templates.template import Template

Kind = Literal["IR text", "artifact", "template"]


@dataclass(frozen=True)
class Subject:
    """A program: ``named`` as the user named it, its attention (or block) ``programs`` and native ``circuits`` by the
    names of the circuits, what compiled it, and the statistics of each circuit. IR texts have a program alone, which
    goes by the name ``program``."""

    kind: Kind
    named: str
    programs: Mapping[str, Program]
    model: Model | None = None
    target: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    stats: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    circuits: Mapping[str, NativeCircuit] = field(default_factory=dict)
    plan: Any = None

    @property
    def spent(self) -> float:
        """The infidelity that its passes have spent of an error budget, of all circuits together."""
        return sum(sum(part.get("error_budget", {}).get("spent", {}).values()) for part in self.parts.values())


def read(data: bytes, named: str) -> Subject:
    """The program in a file's bytes. Raises :class:`~qsac.errors.InvalidInputError` for what is none of the kinds, and
    for one that was changed after it was written."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"qsac-ir"):
        return _of_text(data, named)
    document = parse(data, named, "file")
    if isinstance(document, dict) and "qsac_template" in document:
        from qsac.templates.file import read as read_template

        return of_template(read_template(data, named), named)
    if not isinstance(document, dict) or "qsac_artifact" not in document:
        raise InvalidInputError(
            "this is neither IR text nor an artifact nor a template",
            code="file.unknown-kind",
            source=named,
            wanted="IR text, or a file that `qsac compile` wrote",
            help="qsac compile MODEL makes an artifact of a model file",
        )
    return of_compiled(Compiled.parse(data, named), named)


def _of_text(data: bytes, named: str) -> Subject:
    try:
        program = parse_program(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            "the IR file is not UTF-8 text", code="file.not-utf8", source=named, pointer=f"line {line}"
        ) from None
    except QsacError as error:
        raise error.located(named) from None
    return Subject("IR text", named, {"program": program})


def of_compiled(compiled: Compiled, named: str, kind: Kind = "artifact") -> Subject:
    """A compiled program."""
    return Subject(
        kind,
        named,
        dict(zip(compiled.names, compiled.programs, strict=True)),
        compiled.model,
        compiled.target,
        compiled.options,
        compiled.stats,
        dict(zip(compiled.names, compiled.parts_stats, strict=True)),
        dict(zip(compiled.names, compiled.circuits, strict=True)),
        compiled.plan.described(),
    )


def of_template(template: Template, named: str) -> Subject:
    """A template, bound to the numbers of the model that it was made from."""
    bound = of_compiled(template.bind(verify=False), named, "template")
    return Subject(**{**vars(bound), "options": asdict(template.options)})

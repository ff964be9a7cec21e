"""From a target file to a :class:`~qsac.machine.target.Target`. The file is untrusted: sizes are checked before memory
is taken, and whatever does not fit together is refused with its place."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError

from qsac.arguments import file_path, shown
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError, printable
from qsac.files.diagnosis import refuse
from qsac.files.limits import size
from qsac.files.pointer import counted, kind, listed, quoted
from qsac.files.source import read_file
from qsac.files.strict_json import parse
from qsac.machine.coupling import Edge, coupling, pair_of
from qsac.machine.registry import target, target_names
from qsac.machine.target import Durations, ErrorRates, Target

if TYPE_CHECKING:
    from pytket.backends.backend import Backend
    from pytket.backends.backendinfo import BackendInfo
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target as QiskitTarget

    from qsac.machine import schema
    from qsac.machine.schema import Errors, TargetFile

    AnyTarget: TypeAlias = str | os.PathLike[str] | Target | QiskitTarget | BackendV2 | Backend | BackendInfo
    """What :func:`find_target` takes."""

FILE_BYTES = 16 * 2**20
QUBITS = 4096

_ENTANGLERS = ("ZZPhase", "CZ", "CX", "ECR")
NEEDED = {"ZZPhase": ("PhasedX", "Rz"), "CZ": ("SX", "X", "Rz"), "CX": ("SX", "X", "Rz"), "ECR": ("SX", "X", "Rz")}
"""The one-qubit gates that go with a two-qubit gate; the first of them is what one-qubit errors are of."""


def find_target(chosen: AnyTarget) -> Target:
    """The target itself, the one of that name, or the one that a file describes: a path, or a text that ends with
    ``.json`` or has a separator of folders; or the one that another package's object describes
    (:mod:`qsac.machine.backend`)."""
    if isinstance(chosen, Target):
        return chosen
    if isinstance(chosen, str) and not is_path(chosen):
        if not chosen.isprintable():
            raise InvalidInputError(
                "unknown target",
                code="target.unknown",
                found=shown(chosen),
                help="qsac targets lists what there is",
            )
        return target(chosen)
    if isinstance(chosen, str | os.PathLike):
        return read_target(file_path(chosen, "target"))
    from qsac.machine.backend import target_of_backend

    found = target_of_backend(chosen)
    if found is None:
        raise InvalidInputError(
            "the target is invalid",
            code="option.wrong-type",
            found=shown(chosen),
            wanted="a name that `qsac targets` lists, the path of a target file, a qsac Target, a Qiskit BackendV2 or "
            "Target, or a pytket Backend or BackendInfo",
        )
    return found


def is_path(chosen: str) -> bool:
    """Whether a text names a file and no target."""
    return chosen.endswith(".json") or any(separator in chosen for separator in (os.sep, os.altsep, "/") if separator)


def read_target(path: str | os.PathLike[str]) -> Target:
    """The target that a file describes. Raises :class:`~qsac.errors.QsacError` with the place as a JSON pointer."""
    data = read_file(path, FILE_BYTES, "target file", "check the path; `qsac targets` lists named targets")
    return parse_target(data, os.fsdecode(path))


def parse_target(data: bytes, source: str) -> Target:
    """As :func:`read_target`, from a file's content; ``source`` is what diagnostics call it."""
    from qsac.machine.schema import CONTRACT, TargetFile

    try:
        if len(data) > FILE_BYTES:
            raise DoesNotFitError(
                "the target file is too large",
                code="file.too-large",
                wanted=f"at most {size(FILE_BYTES)}",
            )
        fields = _checked_version(parse(data, source, "target file"))
        try:
            given = TargetFile.model_validate(fields)
        except ValidationError as error:
            raise refuse(error, CONTRACT) from None
        return _target(given)
    except QsacError as error:
        raise error.located(source) from None


def _checked_version(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInputError(
            "the target is not a JSON object",
            code="json.not-an-object",
            found=kind(document),
            wanted='an object that begins with {"qsac_target": 1',
            help="`qsac schema --of target` prints the format",
        )
    version = document.get("qsac_target")
    if "qsac_target" not in document:
        what = next((name for key, name in _OTHER_FILES.items() if key in document), None)
        raise InvalidInputError(
            f"this is {what}, not a target file" if what else "the version of the target's format is missing",
            code="target.other-document" if what else "target.no-version",
            wanted='"qsac_target": 1 among the fields of the target',
            help="--target wants the description of a machine: `qsac schema --of target`",
        )
    if type(version) is not int or version < 1:
        raise InvalidInputError(
            "the version of the target's format is not known",
            code="target.unknown-version",
            pointer="/qsac_target",
            found=kind(version),
            wanted='"qsac_target": 1',
        )
    if version > 1:
        raise InvalidInputError(
            "the target is written in a newer format than this qsac knows",
            code="target.newer-version",
            pointer="/qsac_target",
            found=kind(version),
            wanted="version 1",
            help="install a newer qsac",
        )
    return document


_OTHER_FILES = {"qsac": "a model", "qsac_artifact": "an artifact", "qsac_template": "a template"}


def _target(given: TargetFile) -> Target:
    _check_name(given.name)
    if given.qubits > QUBITS:
        raise DoesNotFitError(
            "the machine has too many qubits",
            code="target.too-many-qubits",
            pointer="/qubits",
            found=f"{given.qubits:,}",
            wanted=f"at most {QUBITS:,}",
        )
    entangler = _entangler(given.gates)
    edges, directions = coupling(given, entangler)
    if edges is not None and not given.mid_circuit_measurement:
        raise InvalidInputError(
            "a machine with a coupling graph has to measure in mid-circuit",
            code="target.no-mid-circuit-measurement",
            pointer="/mid_circuit_measurement",
            found="false",
            wanted="true, or all-to-all coupling",
            help="registers are measured where they end, and routing moves other qubits through them afterwards",
        )
    if given.cost == "time" and given.durations is None:
        raise InvalidInputError(
            "a cost by time needs durations",
            code="target.cost-without-times",
            pointer="/cost",
            found=quoted(given.cost),
            wanted="durations as well, or no cost",
        )
    made = Target(
        name=given.name,
        vendor=printable(given.vendor),
        description=printable(given.description) or f"a machine of {counted(given.qubits, 'qubit')}",
        kind="device",
        qubits=given.qubits,
        # On a coupling graph circuits are routed as CZ, and a CZ is one ZZPhase by a quarter turn.
        family="zzphase" if entangler == "ZZPhase" and edges is None else "cz",
        gates=tuple(given.gates),
        coupling=None if edges is None else tuple(sorted(edges)),
        directions=directions,
        mid_circuit_measurement=given.mid_circuit_measurement,
        reset="Reset" in given.gates,
        feed_forward=given.feed_forward,
        max_shots=given.max_shots,
        errors=None if given.errors is None else _errors(given.errors, given.qubits, edges, entangler),
        durations=None if given.durations is None else _durations(given.durations),
        cost_formula=given.cost,
    )
    left = given.qubits - (made.connected or 0)
    if not left:
        return made
    notice = (
        f"of the {given.qubits} qubits of {given.name} only {made.connected} are connected: the others are not used"
    )
    return Target(**{**vars(made), "notice": notice})


def _check_name(name: str) -> None:
    from qsac.machine.schema import NAME_PATTERN

    if not re.match(NAME_PATTERN, name):
        raise InvalidInputError(
            "the name of the target cannot be given on the command line",
            code="target.invalid-name",
            pointer="/name",
            found=quoted(name),
            wanted="letters and digits, with . _ - between them",
        )
    if name in target_names() or name.endswith(".json"):
        raise InvalidInputError(
            f"{quoted(name)} cannot name a machine of your own",
            code="target.reserved-name",
            pointer="/name",
            wanted="a name that `qsac targets` does not list and that does not end with .json",
            help="choose another name: it labels the results",
        )


def _entangler(gates: Sequence[str]) -> str:
    """The two-qubit gate, of which there must be one, beside the one-qubit gates that go with it and Measure."""
    repeated = next((gate for place, gate in enumerate(gates) if gate in gates[:place]), None)
    found = [gate for gate in gates if gate in _ENTANGLERS]
    if repeated is not None or len(found) != 1:
        raise InvalidInputError(
            f"the gate {repeated} is given twice" if repeated else "a target has one two-qubit gate",
            code="target.repeated-gate" if repeated else "target.not-one-entangler",
            pointer="/gates",
            found=listed(gates),
            wanted="each gate once" if repeated else f"one of {', '.join(_ENTANGLERS)}",
            help=None if repeated or not found else "name the one to compile for",
        )
    needed = {*NEEDED[found[0]], found[0], "Measure"}
    missing, unused = needed - set(gates), set(gates) - needed - {"Reset"}
    if missing or unused:
        raise InvalidInputError(
            f"the gates do not go together with {found[0]}",
            code="target.gates-do-not-match",
            pointer="/gates",
            found=listed(gates),
            wanted=f"{', '.join((*NEEDED[found[0]], found[0]))} and Measure, and Reset where the machine has it",
            help=f"{'add' if missing else 'remove'} {', '.join(sorted(missing or unused))}",
        )
    return found[0]


def _durations(given: schema.Durations) -> Durations:
    return Durations(**(given.model_dump() | {"source": printable(given.source)}))


def _errors(given: Errors, count: int, edges: set[Edge] | None, entangler: str) -> ErrorRates:
    """The rates; a table that is given in part or not at all is filled with the averages, if there is any."""
    try:
        date.fromisoformat(given.date if len(given.date) == 10 else "")
    except ValueError:
        raise InvalidInputError(
            "the date of the error rates is invalid",
            code="target.invalid-date",
            pointer="/errors/date",
            found=quoted(given.date),
            wanted="YYYY-MM-DD",
        ) from None
    slope, offset = given.two_qubit_scaling
    if abs(slope + offset - 1) > 0.01 or (slope and entangler != "ZZPhase"):
        raise InvalidInputError(
            f"{entangler} has no angle"
            if slope and entangler != "ZZPhase"
            else "the scaling is not 1 at a quarter turn",
            code="target.gate-without-angle" if slope and entangler != "ZZPhase" else "target.wrong-scaling",
            pointer="/errors/two_qubit_scaling",
            found=f"[{slope:g}, {offset:g}]",
            wanted="[0, 1]" if entangler != "ZZPhase" else "two numbers with the sum 1, to a hundredth",
        )
    for name in ("one_qubit_by_qubit", "measure_by_qubit"):
        table = getattr(given, name)
        if table and len(table) != count:
            raise InvalidInputError(
                "the machine has another number of qubits",
                code="target.wrong-number-of-rates",
                pointer=f"/errors/{name}",
                found=counted(len(table), "entry").replace("entrys", "entries"),
                wanted=f"one for each of the {count} qubits",
            )
    known: dict[Edge, float] = {}
    for place, entry in enumerate(given.two_qubit_by_pair):
        pointer = f"/errors/two_qubit_by_pair/{place}/pair"
        a, b = pair_of(entry.pair, count, pointer)
        edge = (min(a, b), max(a, b))
        if edges is not None and (edge not in edges or edge in known):
            raise InvalidInputError(
                "a pair has two error rates" if edge in known else "a pair with an error rate is not coupled",
                code="target.repeated-pair" if edge in known else "target.uncoupled-pair",
                pointer=pointer,
                found=f"[{a}, {b}]",
                wanted="each pair of the coupling at most once",
            )
        known[edge] = entry.error
    placed = bool(given.one_qubit_by_qubit or given.measure_by_qubit or known)
    if placed and edges is None:
        raise InvalidInputError(
            "error rates by qubit or pair say nothing on an all-to-all machine",
            code="target.rates-by-place",
            pointer="/errors",
            wanted="averages: one_qubit, two_qubit, measure_0, measure_1, memory",
            help="qubits are placed where there is a coupling graph; remove the tables",
        )
    return ErrorRates(
        one_qubit=given.one_qubit,
        two_qubit=given.two_qubit,
        measure_0=given.measure_0,
        measure_1=given.measure_1,
        memory=given.memory,
        date=given.date,
        source=printable(given.source),
        two_qubit_scaling=(slope, offset),
        one_qubit_by_qubit=tuple(given.one_qubit_by_qubit or [given.one_qubit] * count) if placed else (),
        two_qubit_by_edge=tuple((a, b, known.get((a, b), given.two_qubit)) for a, b in sorted(edges or ()))
        if placed
        else (),
        measure_by_qubit=tuple((zero, one) for zero, one in given.measure_by_qubit)
        or (((given.measure_0, given.measure_1),) * count if placed else ()),
    )

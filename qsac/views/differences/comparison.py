"""Two programs compared, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from math import isclose
from typing import Any

from qsac.errors import InvalidInputError
from qsac.files.differences import ABSENT, differences
from qsac.progress import Progress
from qsac.views.differences.circuits import allocation_differences, circuit_differences
from qsac.views.differences.meaning import meaning
from qsac.views.differences.programs import program_differences
from qsac.views.differences.report import Difference, Differences, Section
from qsac.views.differences.subjects import Subject

COUNTS = {
    "qubits": "qubits",
    "two_qubit_gates": "two-qubit gates",
    "one_qubit_gates": "one-qubit gates",
    "depth": "depth",
    "two_qubit_depth": "two-qubit depth",
    "measurements": "measurements",
    "resets": "resets",
    "error_free_probability": "ESP",
}
"""Statistics that are compared, and what they are called."""

FORECAST = {"success_probability": "acceptance", "useful": "useful", "shots": "shots needed"}

_LONGEST = 60


def compare(
    a: Subject, b: Subject, tolerance: float, *, asked: bool = False, progress: Progress | None = None
) -> Differences:
    """All that differs; with ``asked`` also whether the meaning does.

    Numbers differ if they are more than ``tolerance`` apart: fields of models, entries of tables, amplitudes, and
    angles of gates in half-turns. Raises :class:`~qsac.errors.InvalidInputError` for programs of different kinds.
    """
    if a.kind != b.kind:
        raise InvalidInputError(
            "programs of different kinds cannot be compared",
            code="file.different-kinds",
            found=f"{a.named}: {a.kind}; {b.named}: {b.kind}",
            wanted="two IR texts, two artifacts or two templates",
            help="qsac compile MODEL --emit ir writes the IR text of a model",
        )
    found = [*_of_models(a, b, tolerance), *_of_documents(a, b), *_of_circuits(a, b, tolerance)]
    known = meaning(a, b, tolerance, progress) if asked else None
    return Differences(a.named, b.named, a.kind, tolerance, found, known)


def _of_models(a: Subject, b: Subject, tolerance: float) -> Iterator[Difference]:
    if a.model is None or b.model is None:
        return

    def alike(one: Any, other: Any) -> bool:
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
        return numbers and abs(one - other) <= tolerance

    yield from _told("model", differences(a.model.canonical, b.model.canonical, alike=alike))


def _of_documents(a: Subject, b: Subject) -> Iterator[Difference]:
    """Target, options, circuits, counts and passes."""
    if a.target != b.target:
        names = [one.target.get("name") for one in (a, b)]
        if names[0] != names[1]:
            yield Difference("target", "name", *names)
        else:
            yield from _told("target", differences(a.target, b.target))
    same = {name: value for name, value in a.options.items() if name != "passes"}
    yield from _told("options", differences(same, {k: v for k, v in b.options.items() if k != "passes"}))
    if list(a.programs) != list(b.programs):
        yield Difference("circuits", "names", *(", ".join(one.programs) for one in (a, b)))
    yield from _counts(a.stats, b.stats, None)
    forecasts = [one.stats.get("forecast", {}) for one in (a, b)]
    for name, said in FORECAST.items():
        one, two = (told.get(name) for told in forecasts)
        yield from _number("counts", said, one, two, None)


def _of_circuits(a: Subject, b: Subject, tolerance: float) -> Iterator[Difference]:
    """Circuits of one name beside each other."""
    several = len(a.programs) > 1 or len(b.programs) > 1
    for name, program in a.programs.items():
        if name not in b.programs:
            continue
        circuit = name if several else None
        if name in a.parts and name in b.parts:
            one, two = a.parts[name], b.parts[name]
            if several:
                yield from _counts(one, two, circuit)
            yield from _passes(one.get("passes", []), two.get("passes", []), circuit)
            yield from allocation_differences(one.get("allocation", {}), two.get("allocation", {}), circuit)
        yield from program_differences(program, b.programs[name], tolerance, circuit)
        if name in a.circuits and name in b.circuits:
            yield from circuit_differences(a.circuits[name], b.circuits[name], tolerance, circuit)


def _counts(a: Mapping[str, Any], b: Mapping[str, Any], circuit: str | None) -> Iterator[Difference]:
    for name, said in COUNTS.items():
        yield from _number("counts", said, a.get(name), b.get(name), circuit)


def _number(section: Section, what: str, a: Any, b: Any, circuit: str | None) -> Iterator[Difference]:
    """Numbers that differ; of those that are computed by more than rounding."""
    floats = isinstance(a, float) and isinstance(b, float)
    if a != b and not (floats and isclose(a, b, rel_tol=1e-12)):
        yield Difference(section, what, a, b, circuit)


def _passes(a: list[dict[str, Any]], b: list[dict[str, Any]], circuit: str | None) -> Iterator[Difference]:
    """Passes that only one ran, and what those that both ran did."""
    names = [[step["name"] for step in steps] for steps in (a, b)]
    for what, first, last, start, stop in SequenceMatcher(None, names[0], names[1], autojunk=False).get_opcodes():
        if what == "equal":
            for one, two in zip(a[first:last], b[start:stop], strict=True):
                if one["two_qubit_gates"] != two["two_qubit_gates"]:
                    yield Difference("passes", one["name"], _change(one), _change(two), circuit)
            continue
        for step in a[first:last]:
            yield Difference("passes", step["name"], _change(step), None, circuit)
        for step in b[start:stop]:
            yield Difference("passes", step["name"], None, _change(step), circuit)


def _change(step: Mapping[str, Any]) -> str:
    before, after = step["two_qubit_gates"]
    return f"{before:,} to {after:,} gates" if before != after else f"{before:,} gates, unchanged"


def _told(section: Section, found: Iterator[tuple[str, Any, Any]]) -> Iterator[Difference]:
    """Places of documents, with what is there."""
    for pointer, one, two in found:
        yield Difference(section, pointer or "/", _value(one), _value(two))


def _value(value: Any) -> Any:
    """A value of a document; of long ones what they are."""
    if value is ABSENT:
        return None
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    return value[:_LONGEST] + "..." if isinstance(value, str) and len(value) > _LONGEST else value

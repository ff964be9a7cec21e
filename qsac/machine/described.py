"""From a target's description in an artifact, which anybody may have written, to the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from math import isfinite
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from qsac.errors import InvalidInputError
from qsac.files.differences import differences, shown
from qsac.machine.coupling import PAIRS
from qsac.machine.read import QUBITS
from qsac.machine.target import Durations, ErrorRates, Target, describe
from qsac.native.circuit import KIND

_LONGEST_TIME = 1e6
"""Seconds; as in target files."""

_ERRORS, _DURATIONS = TypeAdapter(ErrorRates), TypeAdapter(Durations)


def described_target(description: Any, pointer: str = "/target") -> Target:
    """The target of a description as :func:`~qsac.machine.target.describe` makes it.

    Raises :class:`~qsac.errors.InvalidInputError`, with the place below ``pointer``, for anything else.
    """
    if not isinstance(description, dict):
        raise _wrong(pointer, description, "an object")
    for field in fields(Target):
        if field.name not in description:
            raise _wrong(pointer, sorted(description), f"a field {field.name!r}")
    for name, problem in _problems(description):
        raise _wrong(f"{pointer}/{name}", description[name], problem)
    values = dict(description)
    for name in ("gates", "coupling", "directions"):
        if values[name] is not None:
            values[name] = tuple(tuple(entry) if isinstance(entry, list) else entry for entry in values[name])
    for name, adapter in (("errors", _ERRORS), ("durations", _DURATIONS)):
        if values[name] is not None:
            values[name] = _numbers(adapter, values[name], f"{pointer}/{name}")
    known = {field.name for field in fields(Target)}
    try:
        made = Target(**{name: value for name, value in values.items() if name in known})
    except InvalidInputError as error:
        raise _wrong(pointer, description["name"], error.wanted or error.title) from None
    for place, found, wanted in differences(description, describe(made), pointer):
        raise _wrong(place, found, shown(wanted))
    return made


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_pairs(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 2 * PAIRS
        and all(isinstance(pair, list) and len(pair) == 2 and all(type(end) is int for end in pair) for pair in value)
    )


def _are_gates(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(gate, str) and gate in KIND for gate in value)


class _Rule(NamedTuple):
    """What fields have to be, besides null where that is allowed."""

    names: tuple[str, ...]
    holds: Callable[[Any], bool]
    wanted: str
    may_be_null: bool = False


def _choice(name: str, *words: str, may_be_null: bool = False) -> _Rule:
    wanted = ", ".join((*("null",) * may_be_null, *words))
    return _Rule((name,), lambda value: type(value) is str and value in words, f"one of {wanted}", may_be_null)


def _whole(name: str, limit: int) -> _Rule:
    wanted = f"null, or a whole number from 1 to {limit:,}"
    return _Rule((name,), lambda value: type(value) is int and 1 <= value <= limit, wanted, True)


_RULES = (
    _Rule(("name", "vendor", "description"), _is_text, "a text"),
    _Rule(("mid_circuit_measurement", "reset", "feed_forward"), _is_flag, "true or false"),
    _choice("kind", "device", "exact", "shots"),
    _choice("family", "zzphase", "cz"),
    _choice("cost_formula", "hqc", "time", may_be_null=True),
    _whole("qubits", QUBITS),
    _whole("max_shots", 2**53),
    _Rule(("notice",), _is_text, "null or a text", True),
    _Rule(("gates",), _are_gates, f"a list of {', '.join(KIND)}"),
    _Rule(("coupling", "directions"), _are_pairs, f"null, or a list of at most {2 * PAIRS:,} pairs of qubits", True),
)


def _problems(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that are not of their types, and what they have to be."""
    for rule in _RULES:
        for name in rule.names:
            value = values[name]
            if not (rule.may_be_null and value is None) and not rule.holds(value):
                yield name, rule.wanted


def _numbers(adapter: TypeAdapter[Any], value: Any, pointer: str) -> Any:
    """Error rates or durations: every number finite, rates from 0 to 1, times from 0 on."""
    try:
        made = adapter.validate_python(value)
    except ValidationError as error:
        problem = error.errors()[0]
        place = "/".join((pointer, *map(str, problem["loc"])))
        raise _wrong(place, problem["input"], problem["msg"].lower()) from None
    limit = 1.0 if isinstance(made, ErrorRates) else _LONGEST_TIME
    for name, entry in vars(made).items():
        for number in _floats(entry):
            if not (isfinite(number) and 0 <= number <= limit):
                raise _wrong(f"{pointer}/{name}", number, f"a number from 0 to {limit:g}")
    return made


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _floats(entry)


def _wrong(pointer: str, found: Any, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the description of the target is damaged",
        code="target.damaged",
        pointer=pointer,
        found=shown(found),
        wanted=wanted,
    )

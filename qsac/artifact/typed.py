"""Whether a place in an artifact's JSON is as a type says: a ``TypedDict`` and what its fields are annotated with.

Pydantic refuses ``typing.TypedDict`` on Python 3.11, and these few forms need no more than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from qsac.artifact.places import Part
from qsac.files.pointer import join
from qsac.native.statistics import LossFields, Making, PartStatistics, Statistics


class ErrorFields(TypedDict):
    """When published error rates are from."""

    date: str


class TargetFields(TypedDict):
    """What is read of an artifact's target without making a target of it
    (:func:`~qsac.machine.described.described_target`)."""

    name: str
    kind: Literal["device", "exact", "shots"]
    description: str
    errors: ErrorFields | None
    notice: str | None


def check_statistics(part: Part, names: Sequence[str]) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError` unless statistics are of the types of
    :mod:`qsac.native.statistics`, as those of circuits of these names. What the numbers are is not looked at."""
    check_type(part, Statistics)
    if len(names) == 1:
        check_type(part, Making)
    else:
        parts = part.field("circuits")
        for name in names:
            check_type(parts.field(name), PartStatistics)
    told = part.field("forecast")
    if not LossFields.__annotations__.keys() & told.mapping().keys():
        return
    check_type(told, LossFields)
    lists = [told.field(name) for name in ("circuits", "lambda", "success_probabilities")]
    lists += [place.field(name) for place in told.field("places").entries() for name in ("lambda", "factor")]
    for one in lists:
        if one.value is not None and len(one.value) != len(names):
            raise one.wrong(f"a list with one entry for each circuit: {len(names):,}")


def check_type(part: Part, wanted: Any) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError`, with the place, unless the JSON there is of the type ``wanted``.

    Types are ``bool``, ``int``, ``float`` (which a whole number is too), ``str``, ``None``, literals, unions, lists,
    dictionaries and those of the kind ``TypedDict``, which may have fields besides. ``Annotated`` with
    :class:`~qsac.native.statistics.Within` bounds a number, or the length of a list. No float is infinite or NaN.
    """
    origin = get_origin(wanted)
    if is_typeddict(wanted):
        for name, (kind, required) in _fields(wanted).items():
            if required or name in part.mapping():
                check_type(part.field(name), kind)
    elif origin is Annotated:
        kind, bounds = get_args(wanted)
        check_type(part, kind)
        size = len(part.value) if isinstance(part.value, list) else part.value
        if not bounds.least <= size <= bounds.most:
            raise part.wrong(_words(wanted))
    elif origin is list:
        for entry in part.entries():
            check_type(entry, get_args(wanted)[0])
    elif origin is dict:
        for name, value in part.mapping().items():
            check_type(Part(value, join(part.pointer, name)), get_args(wanted)[1])
    elif origin in (Union, UnionType):
        _check_union(part, wanted)
    elif not _is_scalar(part.value, wanted):
        raise part.wrong(_words(wanted))


@cache
def _fields(wanted: Any) -> Mapping[str, tuple[Any, bool]]:
    """The fields of a ``TypedDict``: of what type, and whether they are required."""
    hints = get_type_hints(wanted, include_extras=True)
    return {
        name: (get_args(kind)[0], False) if get_origin(kind) is NotRequired else (kind, True)
        for name, kind in hints.items()
    }


def _check_union(part: Part, wanted: Any) -> None:
    """One of the types it is: the one that a value of its JSON type can only be meant as."""
    kinds = get_args(wanted)
    if part.value is None and NoneType in kinds:
        return
    meant = [kind for kind in kinds if _is_meant(part.value, kind)]
    if not meant:
        raise part.wrong(_words(wanted))
    check_type(part, meant[0])


def _is_meant(value: Any, kind: Any) -> bool:
    """Whether a value has the JSON type of a type, whatever is in it."""
    if is_typeddict(kind):
        return isinstance(value, dict)
    origin = get_origin(kind)
    if origin is Annotated:
        return _is_meant(value, get_args(kind)[0])
    return isinstance(value, origin) if origin in (list, dict) else _is_scalar(value, kind)


def _is_scalar(value: Any, wanted: Any) -> bool:
    if get_origin(wanted) is Literal:
        return any(type(value) is type(one) and value == one for one in get_args(wanted))
    if wanted is float:
        return type(value) in (int, float) and _is_finite(value)
    return type(value) is wanted


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond the range of floats
        return False


_NAMES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "null",
}


def _words(wanted: Any) -> str:
    """What a type is, in words."""
    origin = get_origin(wanted)
    if origin is Annotated:
        kind, bounds = get_args(wanted)
        if get_origin(kind) is list:
            return f"a list of {bounds.least:g}"
        least = f"{_words(kind)} of at least {bounds.least:g}"
        return least if bounds.most > 1e300 else f"{least}, at most {bounds.most:g}"
    if origin is Literal:
        return " or ".join(f'"{one}"' for one in get_args(wanted))
    if origin in (Union, UnionType):
        return " or ".join(map(_words, get_args(wanted)))
    named: str = _NAMES.get(wanted, "a list" if origin is list else "an object")
    return named

"""All names that can be explained, by their kinds, and the explanation of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from qsac.errors import ExtensionError, InvalidInputError
from qsac.near import perhaps
from qsac.views.explanations import codes, parts
from qsac.views.explanations.explanation import Explanation as Explanation
from qsac.views.explanations.explanation import Kind


class _Source(NamedTuple):
    """Where names of a kind are found, and what explains one."""

    names: Callable[[], Iterable[str]]
    explain: Callable[[str], Explanation]


_SOURCES: Mapping[Kind, _Source] = {
    "pass": _Source(parts.passes, parts.explained_pass),
    "op": _Source(parts.ops, parts.explained_op),
    "metric": _Source(parts.metrics, parts.explained_metric),
    "target": _Source(parts.targets, parts.explained_target),
    "error code": _Source(codes.codes, codes.explained_code),
}


def names() -> dict[Kind, tuple[str, ...]]:
    """Everything that :func:`explain` explains, by kind."""
    return {kind: tuple(source.names()) for kind, source in _SOURCES.items()}


def explain(name: str) -> list[Explanation]:
    """What a name means, once for each kind of thing that bears it; error codes may stand in brackets, as messages have
    them. Raises :class:`~qsac.errors.InvalidInputError` for an unknown name, with the nearest ones, and
    :class:`~qsac.errors.ExtensionError` for something of another package that cannot be used."""
    asked = name.strip().removeprefix("[").removesuffix("]")
    known = names()
    found, failed = [], None
    for kind, listed in known.items():
        if asked in listed:
            try:
                found.append(_SOURCES[kind].explain(asked))
            except ExtensionError as error:
                failed = error
    if not found and failed is not None:
        raise failed
    if not found:
        everything = [one for listed in known.values() for one in listed]
        raise InvalidInputError(
            f"nothing is called {asked}",
            code="usage.unknown-name",
            wanted=perhaps(asked, everything, "the name of a pass, op, metric, target or error code"),
            help="qsac explain lists all names",
        )
    return found

"""Advice if a result would be noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from qsac.compiler.estimation import estimate
from qsac.errors import QsacError
from qsac.families.contract import Model, Sizes
from qsac.machine.registry import target, target_names
from qsac.report.forecast import NOISE

MACHINES = ("helios", "h2", "h2-2")
"""Commercial machines with all-to-all connectivity, for which a model is counted without routing."""


MOST_GATES = 100_000
"""Two-qubit gates up to which other machines are tried: beyond, no machine returns error-free shots."""


class Machine(NamedTuple):
    """A machine, and the share of its shots that would be free of errors."""

    name: str
    error_free: float


def advice(
    model: Model,
    target: str,
    counts: Mapping[str, Any],
    forecast: Mapping[str, Any],
    options: Mapping[str, Any],
    sizes: Sizes | None = None,
) -> str | None:
    """A sentence that a result will be noise and what would help; None if it will not, or if that is unknown.

    ``counts`` are a circuit's :func:`~qsac.counting.stats.circuit_stats`, ``forecast`` its
    :func:`~qsac.report.forecast.forecast`, ``options`` those of the compilation. ``sizes`` are those of a
    model like this one where the circuit is of another shape.
    """
    error_free = _error_free(counts, forecast)
    at_most = error_free is None  # an estimate before routing knows no more
    error_free = forecast.get("error_free_at_most") if error_free is None else error_free
    if not forecast["noise"] or error_free is None:
        return None
    best = best_machine(model, target, sizes) if counts["two_qubit_gates"] <= MOST_GATES else None
    return noise_sentence(target, error_free, options, best, at_most=at_most)


def best_machine(model: Model, other_than: str, sizes: Sizes | None = None) -> Machine | None:
    """Of the :data:`MACHINES` that a model fits at -O2, except one, the one with the highest ESP."""
    found = []
    asked: dict[str, Any] = dict(sizes or {})
    for name in MACHINES:
        if name == other_than or name not in target_names():
            continue
        try:
            estimated = estimate(model, target(name), **asked)
        except QsacError:
            continue
        share = _error_free(estimated.counts, estimated.forecast)
        if estimated.fits and share is not None:
            found.append(Machine(name, share))
    return max(found, key=lambda machine: machine.error_free, default=None)


def _error_free(counts: Mapping[str, Any], forecast: Mapping[str, Any]) -> float | None:
    """The share of shots that is free of errors; of several circuits the average."""
    found: float | None = forecast.get("error_free_probability", counts["error_free_probability"])
    return found


def noise_sentence(
    name: str, error_free: float, options: Mapping[str, Any], best: Machine | None, *, at_most: bool = False
) -> str:
    """A sentence that the result on the target ``name`` will be noise, and what would help.

    ``options`` are those of the compilation; ``best`` is the machine to compare with, if there is one. ``at_most``:
    ``error_free`` is a bound.
    """
    ways = []
    if best is not None and best.error_free > error_free:
        ways.append(f"{best.name}, where {share(best.error_free)}")
        if best.error_free < NOISE:
            ways[-1] += " (still too few)"
    if options.get("optimisation") in (0, 1):
        ways.append("-O2")
    if not options.get("error_budget"):
        ways.append("an error budget (-O3 --error-budget auto)")
    ways.append("a shorter context")
    most = "at most " if at_most and error_free > _NO_SHOT else ""
    listed = ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])} or {ways[-1]}"
    return (
        f"the result will be noise: on {name} {most}{share(error_free)} expected to be free of errors; "
        f"what can help is {listed}"
    )


_NO_SHOT = 1e-15
"""Below that share no shot is expected, however many are paid for."""


def share(probability: float) -> str:
    """A share of shots in words, with its verb: in per cent, or as one in many."""
    if probability >= 1e-4:
        return f"{100 * probability:.2g} % of the shots are"
    return f"1 in {float(f'{1 / probability:.2g}'):,.0f} shots is" if probability > _NO_SHOT else "no shot is"

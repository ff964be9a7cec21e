"""Whether the three answers agree: the closed form of the model, the interpreted program, the simulated circuit.

Where one of them differs from the other two, that is the place to look at; within the circuit or the program it is found
by compiling the model again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, sqrt
from typing import Any, Literal

from qsac.artifact import DEVIATIONS, Compiled
from qsac.checking.circuits import POINTER
from qsac.checking.report import Finding
from qsac.checking.statistics import close, spent_of
from qsac.compiler import Options, compile
from qsac.errors import DoesNotFitError, QsacError
from qsac.model.differences import differences, shown
from qsac.pipeline import Progress, Target
from qsac.runtime.statevector import Probabilities, simulate
from qsac.runtime.verification import TOLERANCE, Pair, against_model, against_program, deviation, differing
from qsac.sealing import producer

_MOST = 8
"""Places that are named where the circuit or the program differs from one compiled again."""

_SAME_ANGLE = 1e-12
"""Half-turns by which angles may differ in a circuit that is compiled again: another machine may round differently."""


@dataclass(frozen=True)
class Numbers:
    """What the comparison came to; see :class:`~qsac.checking.report.Report`."""

    compared: Literal["closed form", "program"]
    worst: float
    findings: list[Finding]


def check_numbers(compiled: Compiled, target: Target, options: Options, progress: Progress | None = None) -> Numbers:
    """Simulate the circuit as it lies and compare every probability with the closed form, relative to P(given), to 1e-9.

    Where passes have spent of the error budget, the circuit is compared with its program to 1e-9, and with the closed
    form to the square root of what was spent. Raises :class:`~qsac.errors.DoesNotFitError` for a circuit that is too
    wide to be simulated.
    """
    found, spent = simulate(compiled.circuits[0], progress), spent_of(compiled)
    pairs = against_program(compiled, found) if spent else against_model(compiled, found)
    wrong = differing(pairs)
    findings: list[Finding] = []
    if wrong:
        findings += _located(compiled, target, options, found, wrong, progress)
    elif spent:
        findings += _within_budget(compiled, found, spent)
    else:
        findings += _program(compiled, found)
    given = pairs[0][2]
    worst = max(abs(simulated - wanted) for _, simulated, wanted in pairs) / (given or 1.0)
    return Numbers("program" if spent else "closed form", worst, findings)


def _shown(title: str, pointer: str, pairs: list[Pair], origin: str) -> Iterator[Finding]:
    for name, simulated, wanted in pairs[:_MOST]:
        yield Finding(pointer, title, f"{name} = {simulated!r} as a joint probability", f"{wanted!r}, by {origin}")
    if len(pairs) > _MOST:
        yield Finding(pointer, title, f"{len(pairs):,} probabilities in all", f"those of {origin}")


def _program(compiled: Compiled, found: Probabilities) -> Iterator[Finding]:
    """Whether the program, too, means what the circuit does, if it is narrow enough to be interpreted."""
    try:
        wrong = differing(against_program(compiled, found))
    except DoesNotFitError:
        return
    yield from _shown("the program disagrees with the circuit and the model", "/ir", wrong, "the program")


def _within_budget(compiled: Compiled, found: Probabilities, spent: dict[str, float]) -> Iterator[Finding]:
    """Probabilities move by at most the square root of the infidelity; recorded deviations are those of the circuit."""
    allowed = sum(map(sqrt, spent.values())) * (1 + TOLERANCE) + TOLERANCE
    far = [pair for pair in against_model(compiled, found) if not abs(pair[1] - pair[2]) <= allowed]
    yield from _shown("the circuit is further from the model than was spent", POINTER, far, "the closed form")
    report = compiled.stats["error_budget"]
    for name, value in deviation(compiled, found).items():
        recorded = report.get(name)
        if name in report and not (recorded == value or close(recorded, value) or _tiny(recorded, value)):
            yield Finding(f"/stats/error_budget/{name}", "not the deviation of the circuit", shown(recorded), repr(value))
    if compiled.verified and (missing := [name for name in DEVIATIONS if name not in report]):
        yield Finding("/stats/error_budget", "a deviation is missing", None, ", ".join(missing))


def _tiny(found: Any, wanted: Any) -> bool:
    """Deviations are differences: their rounding is that of what they are differences of."""
    return all(type(value) is float for value in (found, wanted)) and isclose(found, wanted, abs_tol=TOLERANCE)


def _located(
    compiled: Compiled,
    target: Target,
    options: Options,
    found: Probabilities,
    wrong: list[Pair],
    progress: Progress | None,
) -> list[Finding]:
    """Where a circuit that disagrees has been changed: the odd one of three answers, then place by place."""
    spent = spent_of(compiled)
    findings = list(
        _shown(
            f"the circuit disagrees with {'its program' if spent else 'the model'}",
            POINTER,
            wrong,
            "the program" if spent else "the closed form",
        )
    )
    try:
        model_is_odd = not spent and not differing(against_program(compiled, found))
    except DoesNotFitError:
        model_is_odd = False
    if model_is_odd:
        title = "the model is not that of the program and the circuit, which agree"
        return [Finding("/model", title, None, "the model that was compiled"), *findings]
    return [*_places(compiled, target, options, progress), *findings]


def _places(compiled: Compiled, target: Target, options: Options, progress: Progress | None) -> list[Finding]:
    """Where the circuit and the program differ from those of the model compiled again.

    Other versions may compile the model otherwise: then single places are named only if they are few.
    """
    try:
        again = _compiled_again(compiled, target, options, progress)
    except QsacError:
        return []
    documents = (json.loads(one.to_json()) for one in (compiled, again))
    found, other = ({"circuits": one["circuits"], "ir": one["ir"]} for one in documents)
    places = list(differences(found, other, "", _same_angle))
    if compiled.producer != producer() and len(places) > _MOST:
        return []
    findings = [Finding(place, "not as the model compiles to", shown(one), shown(two)) for place, one, two in places]
    if len(places) > _MOST:
        rest = Finding(POINTER, "not as the model compiles to", f"{len(places):,} places in all", None)
        return [*findings[:_MOST], rest]
    return findings


def _compiled_again(compiled: Compiled, target: Target, options: Options, progress: Progress | None) -> Compiled:
    if compiled.options.get("template"):
        from qsac.templates import template

        made = template(
            compiled.model,
            target,
            optimisation=options.optimisation,
            passes=options.passes,
            seed=options.seed,
            qubits=options.qubits,
            prefer=options.prefer,
        )
        return made.bind(verify=False, progress=progress)
    return compile(
        compiled.model,
        target,
        optimisation=options.optimisation,
        passes=options.passes,
        seed=options.seed,
        error_budget=options.error_budget,
        qubits=options.qubits,
        prefer=options.prefer,
        verify=False,
        progress=progress,
    )


def _same_angle(found: Any, wanted: Any) -> bool:
    """Whether two texts are angles that differ by rounding alone."""
    try:
        return abs(float(found) - float(wanted)) < _SAME_ANGLE
    except (TypeError, ValueError):
        return False

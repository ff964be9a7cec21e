"""Whether the three answers agree: the closed form of the model, the interpreted program, the simulated circuit.

Where one of them differs from the other two, that is the place to look at; within the circuit or the program it is
found by compiling the model again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, sqrt
from typing import Any, Literal

from qsac.artifact.compiled import DEVIATIONS, Compiled
from qsac.checking.circuits import POINTER
from qsac.checking.report import Finding
from qsac.checking.reproduction import changed_places
from qsac.checking.statistics import spent_of
from qsac.compiler.options import Options
from qsac.errors import DoesNotFitError
from qsac.files.differences import close, shown
from qsac.ir.approximation import exactly
from qsac.machine.target import Target
from qsac.progress import Progress
from qsac.simulation.statevector import Probabilities, simulate
from qsac.simulation.verification import (
    TOLERANCE,
    Pair,
    against_model,
    against_program,
    deviation,
    differing,
    probabilities_of,
)

_MOST = 8
"""Probabilities that are named where a circuit disagrees."""


@dataclass(frozen=True)
class Numbers:
    """What the comparison came to; see :class:`~qsac.checking.report.Report`."""

    compared: Literal["closed form", "program"] | None
    worst: float | None
    findings: list[Finding]
    too_wide: str | None = None


def check_numbers(compiled: Compiled, target: Target, options: Options, progress: Progress | None = None) -> Numbers:
    """Simulate the circuit as it lies and compare every probability, relative to P(given), to 1e-9.

    It is compared with the closed form; where passes have spent of the error budget, with the program to 1e-9 and with
    the closed form to the square root of what was spent; with the latter alone, which ``too_wide`` says, where the
    program cannot be interpreted. Raises :class:`~qsac.errors.DoesNotFitError` for a circuit that is too wide to be
    simulated.
    """
    found, spent = simulate(compiled.circuits[0], progress), spent_of(compiled)
    try:
        pairs = against_program(compiled, found) if spent else against_model(compiled, found)
    except DoesNotFitError as error:
        if not spent:
            raise
        return Numbers(None, None, list(_not_far(compiled, found, spent)), f"{error.title}: {error.found}")
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


def approximation(compiled: Compiled) -> list[str]:
    """What a circuit that is not exact has to say of itself."""
    spent = spent_of(compiled)
    if not spent:
        return []
    report = compiled.stats["error_budget"]
    known = {"infidelity": "its true infidelity is {:.2g}", "loss_deviation": "its loss is off by {:+.2g}"}
    values = {name: report.get(name) for name in known}
    facts = [known[name].format(value) for name, value in values.items() if type(value) in (int, float)]
    total = f"{sum(map(sqrt, spent.values())) ** 2:.2g}"
    return ["; ".join([f"the circuit is approximate: an infidelity of at most {total} was spent", *facts])]


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
    """Whether the program approximates the model's, and by no more than was spent.

    What its loads approximate has to come to the closed form, and the infidelity to what was spent at most.
    """
    total = sum(map(sqrt, spent.values())) ** 2
    report, recomputed = compiled.stats["error_budget"], deviation(compiled, found)
    try:
        wrong = differing(against_model(compiled, probabilities_of(exactly(compiled.program))))
        yield from _shown("the program approximates that of another model", "/ir", wrong, "the closed form")
    except DoesNotFitError:  # what is exact may be wider; how far the circuit is from the model is known all the same
        pass
    yield from _not_far(compiled, found, spent)
    true = recomputed["infidelity"]
    if true is not None and true > total * (1 + TOLERANCE) + TOLERANCE:
        found_text, wanted = f"an infidelity of {true:.6g}", f"at most {total:.6g}"
        yield Finding("/stats/error_budget/spent", "less than was really spent", found_text, wanted)
    for name, value in recomputed.items():
        recorded = report.get(name)
        if name in report and not (recorded == value or close(recorded, value) or _tiny(recorded, value)):
            yield Finding(
                f"/stats/error_budget/{name}", "not the deviation of the circuit", shown(recorded), repr(value)
            )
    if compiled.verified and (missing := [name for name in DEVIATIONS if name not in report]):
        yield Finding("/stats/error_budget", "a deviation is missing", None, ", ".join(missing))


def _not_far(compiled: Compiled, found: Probabilities, spent: dict[str, float]) -> Iterator[Finding]:
    """Whether every probability is as close to the model's as what was spent allows: an error of e in the final state
    moves none by more than e, and the infidelity is its square."""
    far = sum(map(sqrt, spent.values())) + TOLERANCE
    wrong = [pair for pair in against_model(compiled, found) if not abs(pair[1] - pair[2]) <= far]
    yield from _shown("the circuit is further from the model than was spent", POINTER, wrong, "the closed form")


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
    return [*changed_places(json.loads(compiled.to_json()), compiled.model, target, options, progress), *findings]

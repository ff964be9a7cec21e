"""Whether the three answers agree: the closed form of the model, the interpreted program, the simulated circuit.

Where one of them differs from the other two, that is the place to look at; within the circuit or the program it is
found by compiling the model again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, sqrt
from typing import Any

from qsac.artifact.compiled import DEVIATIONS, Compiled
from qsac.checking.parts import Part, parts_of
from qsac.checking.report import Finding
from qsac.checking.reproduction import changed_places
from qsac.compiler.options import Options
from qsac.compiler.verification import deviation, simulated
from qsac.errors import DoesNotFitError
from qsac.families.outcomes import Outcomes
from qsac.files.differences import close, shown
from qsac.ir.approximation import exactly
from qsac.machine.target import Target
from qsac.progress import Progress
from qsac.simulation.verification import TOLERANCE, How, Pair, compare, differing, of_interpretation

_MOST = 8
"""Probabilities that are named where a circuit disagrees."""


@dataclass(frozen=True)
class Numbers:
    """What the comparison came to; see :class:`~qsac.checking.report.Report`."""

    compared: How | None
    worst: float | None
    findings: list[Finding]
    too_wide: str | None = None


def check_numbers(compiled: Compiled, target: Target, options: Options, progress: Progress | None = None) -> Numbers:
    """Simulate each circuit as stored and compare every probability, relative to P(given), to 1e-9.

    It is compared with the closed form; where passes have spent of the error budget, with the program to 1e-9 and with
    the closed form to the square root of what was spent; with the latter alone, which ``too_wide`` says, where the
    program cannot be interpreted. Raises :class:`~qsac.errors.DoesNotFitError` for a circuit that is too wide to be
    simulated.
    """
    parts = list(parts_of(compiled))
    seen = simulated(compiled, progress)
    whole: list[Numbers] = []
    for part in parts:
        found = seen[part.circuit.name]
        try:
            pairs = compare(found, part.interpreted if part.spent else part.expected)
        except DoesNotFitError as error:
            if not part.spent:
                raise
            whole.append(Numbers(None, None, list(_not_far(part, found)), f"{error.title}: {error.found}"))
            continue
        wrong = differing(pairs)
        findings: list[Finding] = []
        if wrong:
            findings += _located(part, target, options, found, wrong, progress)
        elif part.spent:
            findings += _within_budget(part, seen)
        else:
            findings += _program(part, found)
        worst = max(abs(value - wanted) for _, value, wanted in pairs) / (pairs[0][2] or 1.0)
        whole.append(Numbers("program" if part.spent else "closed form", worst, findings))
    return _together(whole)


def _together(whole: list[Numbers]) -> Numbers:
    """The comparisons of all circuits: what the least of them was compared with, the worst difference."""
    hows = [one.compared for one in whole]
    how: How | None = None if None in hows else "program" if "program" in hows else "closed form"
    worst = [one.worst for one in whole if one.worst is not None]
    findings = [finding for one in whole for finding in one.findings]
    too_wide = next((one.too_wide for one in whole if one.too_wide is not None), None)
    return Numbers(how, max(worst) if how is not None else None, findings, too_wide)


def approximation(compiled: Compiled) -> list[str]:
    """What circuits that are not exact have to say of themselves."""
    return [note for part in parts_of(compiled) if part.spent for note in _approximation(part)]


def _approximation(part: Part) -> list[str]:
    report = part.stats["error_budget"]
    known = {"infidelity": "its true infidelity is {:.2g}", "loss_deviation": "its loss is off by {:+.2g}"}
    values = {name: report.get(name) for name in known}
    facts = [known[name].format(value) for name, value in values.items() if type(value) in (int, float)]
    total = f"{sum(map(sqrt, part.spent.values())) ** 2:.2g}"
    return ["; ".join([f"the circuit is approximate: an infidelity of at most {total} was spent", *facts])]


def _shown(title: str, pointer: str, pairs: list[Pair], origin: str) -> Iterator[Finding]:
    for name, value, wanted in pairs[:_MOST]:
        yield Finding(pointer, title, f"{name} = {value!r} as a joint probability", f"{wanted!r}, by {origin}")
    if len(pairs) > _MOST:
        yield Finding(pointer, title, f"{len(pairs):,} probabilities in all", f"those of {origin}")


def _program(part: Part, found: Outcomes) -> Iterator[Finding]:
    """Whether the program, too, means what the circuit does, if it is narrow enough to be interpreted."""
    try:
        wrong = differing(compare(found, part.interpreted))
    except DoesNotFitError:
        return
    yield from _shown("the program disagrees with the circuit and the model", part.ir_pointer, wrong, "the program")


def _within_budget(part: Part, seen: dict[str, Outcomes]) -> Iterator[Finding]:
    """Whether the program approximates the model's, and by no more than was spent.

    What its loads approximate has to come to the closed form, and the infidelity to what was spent at most.
    """
    total, pointer = sum(map(sqrt, part.spent.values())) ** 2, f"{part.stats_pointer}/error_budget"
    report, recomputed = part.stats["error_budget"], deviation(part.compiled.model, part.program, seen)
    try:
        wrong = differing(compare(of_interpretation(exactly(part.program)), part.expected))
        yield from _shown("the program approximates that of another model", part.ir_pointer, wrong, "the closed form")
    except DoesNotFitError:  # what is exact may be wider; how far the circuit is from the model is known all the same
        pass
    yield from _not_far(part, seen[part.circuit.name])
    true = recomputed["infidelity"]
    if true is not None and true > total * (1 + TOLERANCE) + TOLERANCE:
        found_text, wanted = f"an infidelity of {true:.6g}", f"at most {total:.6g}"
        yield Finding(f"{pointer}/spent", "less than was really spent", found_text, wanted)
    for name, value in recomputed.items():
        recorded = report.get(name)
        if name in report and not (recorded == value or close(recorded, value) or _tiny(recorded, value)):
            yield Finding(f"{pointer}/{name}", "not the deviation of the circuit", shown(recorded), repr(value))
    if part.compiled.verified and (missing := [name for name in DEVIATIONS if name not in report]):
        yield Finding(pointer, "a deviation is missing", None, ", ".join(missing))


def _not_far(part: Part, found: Outcomes) -> Iterator[Finding]:
    """Whether every probability is as close to the model's as what was spent allows: an error of e in the final state
    moves none by more than e, and the infidelity is its square."""
    far = sum(map(sqrt, part.spent.values())) + TOLERANCE
    wrong = [pair for pair in compare(found, part.expected) if not abs(pair[1] - pair[2]) <= far]
    yield from _shown("the circuit is further from the model than was spent", part.pointer, wrong, "the closed form")


def _tiny(found: Any, wanted: Any) -> bool:
    """Deviations are differences: their rounding is that of what they are differences of."""
    return all(type(value) is float for value in (found, wanted)) and isclose(found, wanted, abs_tol=TOLERANCE)


def _located(
    part: Part, target: Target, options: Options, found: Outcomes, wrong: list[Pair], progress: Progress | None
) -> list[Finding]:
    """Where a circuit that disagrees has been changed: the odd one of three answers, then place by place."""
    title = f"the circuit disagrees with {'its program' if part.spent else 'the model'}"
    findings = list(_shown(title, part.pointer, wrong, "the program" if part.spent else "the closed form"))
    try:
        model_is_odd = not part.spent and not differing(compare(found, part.interpreted))
    except DoesNotFitError:
        model_is_odd = False
    if model_is_odd:
        title = "the model is not that of the program and the circuit, which agree"
        return [Finding("/model", title, None, "the model that was compiled"), *findings]
    compiled = part.compiled
    return [*changed_places(json.loads(compiled.to_json()), compiled.model, target, options, progress), *findings]

"""What the readouts of programs have in common: their results are lists, none of them a metric of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.contract import ClassicalStep, Result, Row
from qsac.families.indexed import given_deviation
from qsac.families.outcomes import Outcomes

if TYPE_CHECKING:
    from qsac.families.program.model import Model


class ProgramReadout:
    """The methods of :class:`~qsac.families.contract.Readout` that are the same for all programs."""

    precise: ClassVar[str | None] = None
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = False
    details: ClassVar[Mapping[str, str]] = {}

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        return None

    def reached(self, result: Result) -> float | None:
        return None

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        raise NotImplementedError("programs are not corrected for readout errors")

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        first = next(iter(seen))
        return given_deviation(model.expected[first], seen[first])

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        """The output, a row a line: its entries by place."""
        for place, row in enumerate(self.shown(result)):
            entries = [None] if row is None else row
            yield f"output {place}", {str(at): _number(entry) for at, entry in enumerate(entries)}

    def row_count(self, model: Model, result: Result) -> int:
        return len(self.shown(result))

    def shown(self, result: Result) -> list[Any]:
        """The rows that are shown of a result."""
        return list(result.values["output"])


def _number(entry: Any) -> float | None:
    """A number, or of a pair [re, im] its length."""
    if isinstance(entry, list):
        return float(abs(complex(*entry)))
    return None if entry is None else float(entry)


def with_steps(model: Model, seen: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is seen, with all that the plan's classical steps write."""
    written = {name for step in model.plan.steps if isinstance(step, ClassicalStep) for name in step.writes}
    return seen if written <= seen.keys() else model.plan.run(seen)


def accepted_share(outcomes: Iterable[Outcomes]) -> float:
    """The share of shots that are accepted, the average over some circuits; 1 where there are none."""
    found = [one.success_probability for one in outcomes]
    return float(np.mean(found)) if found else 1.0


def spread_of_share(share: float, shots: float) -> float:
    """The standard error of a share of so many shots, also of one that is nearly 0 or 1."""
    return sqrt(max(share * (1 - share), 0.25 / shots) / shots)


def not_compiled(pointer: str, found: str, wanted: str, help: str | None = None) -> InvalidInputError:
    """The diagnostic for a program, or an option of one, that has a closed form and no circuits."""
    return InvalidInputError(
        "no circuits are built for this program",
        code="program.not-compiled",
        pointer=pointer,
        found=found,
        wanted=wanted,
        help=help or "qsac check --metrics says what comes out of it",
    )

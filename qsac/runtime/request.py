"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from qsac.arguments import SEED_LIMIT, callback, flag, real_number, shown, whole_number, word
from qsac.errors import InvalidInputError
from qsac.progress import Progress

SHOTS_LIMIT = 1_000_000_000

Errors: TypeAlias = Literal["propagation", "bootstrap"]
"""How standard errors are estimated: by the delta method, or by resampling the shots."""

ERRORS: tuple[Errors, ...] = ("propagation", "bootstrap")


@dataclass(frozen=True)
class Request:
    """The options of :func:`qsac.runtime.run.run`, each by itself of the right type and in range, as Python's numbers.

    Raises :class:`~qsac.errors.InvalidInputError` for those that are not.
    """

    shots: int | None
    seed: int | None
    noise: bool
    mitigate: bool
    precision: float | None
    emulator: bool
    progress: Progress | None = None
    errors: Errors = "propagation"

    def __post_init__(self) -> None:
        """Check the options, and keep them as numbers and truth values of Python's own types."""
        for name in ("noise", "mitigate", "emulator"):
            object.__setattr__(self, name, flag(getattr(self, name), name))
        callback(self.progress, "progress")
        word(self.errors, "way of errors", ERRORS)
        if self.shots is not None:
            object.__setattr__(self, "shots", whole_number(self.shots, "number of shots", 1, SHOTS_LIMIT))
        if self.seed is not None:
            object.__setattr__(self, "seed", whole_number(self.seed, "seed", 0, SEED_LIMIT))
        if self.precision is not None:
            object.__setattr__(self, "precision", _precision(self.precision))


def _precision(value: object) -> float:
    wanted = "a number above 0, a standard error"
    number = real_number(value, "precision", wanted)
    if number <= 0:
        raise InvalidInputError(
            "the precision is out of range",
            code="option.out-of-range",
            found=shown(value),
            wanted=wanted,
        )
    return number

"""Numbers that are drawn for each sequence: which splits there are, from which seeds, and in which ranges."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field, SkipValidation

from qsac.errors import InvalidInputError
from qsac.families.schema import Bounded, Count, Seed
from qsac.files.fields import Fields, without_default
from qsac.files.limits import MAGNITUDE
from qsac.files.numbers import refuse_non_number
from qsac.files.pointer import counted, describe, join

Interval: TypeAlias = tuple[float, float]
"""The least and the greatest of the numbers that may be drawn, evenly."""

Range = SkipValidation[Bounded | Annotated[list[Bounded], Field(min_length=2, max_length=2)]]
"""A number, or the least and the greatest one. :func:`interval` validates it."""


class Split(IntEnum):
    """The parts of a data set. Their values go into seeds: each part is drawn by itself."""

    TRAIN = 0
    TEST = 1
    VALIDATION = 2

    @property
    def purpose(self) -> str:
        """What it is for, in a word."""
        return ("training", "testing", "validation")[self]


class DrawnFields(Fields):
    """How many sequences are drawn, and from which seed. Absent: none to validate with, the seed of the run."""

    train: Count = 256
    test: Count = 128
    validation: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # none
    seed: Seed = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the run's

    def numbers(self) -> Iterator[tuple[Split, int]]:
        """The parts that are wanted, with their numbers of sequences."""
        yield Split.TRAIN, self.train
        yield Split.TEST, self.test
        if self.validation is not None:
            yield Split.VALIDATION, self.validation

    def total(self) -> int:
        """The number of all sequences."""
        return sum(number for _, number in self.numbers())


def generator(seed: int, split: Split, purpose: int) -> np.random.Generator:
    """What numbers of one purpose are drawn from for one part: more sequences leave the first ones as they are, and so
    do more numbers of another purpose."""
    return np.random.default_rng([seed, split, purpose])


def uniform(given: object, pointer: str, rng: np.random.Generator, number: int) -> list[float]:
    """So many numbers from a :data:`Range`."""
    found: list[float] = rng.uniform(*interval(given, pointer), size=number).tolist()
    return found


def interval(given: object, pointer: str) -> Interval:
    """A :data:`Range` as an interval. Raises :class:`~qsac.errors.InvalidInputError`."""
    if isinstance(given, list):
        if len(given) != 2:
            raise InvalidInputError(
                "a range has two ends",
                code="field.wrong-length",
                pointer=pointer,
                found=counted(len(given), "item"),
                wanted="[least, greatest]",
            )
        least, greatest = (_number(end, join(pointer, place)) for place, end in enumerate(given))
        if least > greatest:
            raise InvalidInputError(
                "the range ends before it begins",
                code="field.out-of-range",
                pointer=pointer,
                found=f"[{describe(least)}, {describe(greatest)}]",
                wanted="[least, greatest]",
            )
        return least, greatest
    return (_number(given, pointer),) * 2


def _number(given: object, pointer: str) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise refuse_non_number(given, pointer, "a number, or [least, greatest]")
    if not abs(given) <= MAGNITUDE:
        raise InvalidInputError(
            "a number is too large",
            code="field.out-of-range",
            pointer=pointer,
            found=describe(given),
            wanted=f"{-MAGNITUDE:,.0f} to {MAGNITUDE:,.0f}",
        )
    return float(given)

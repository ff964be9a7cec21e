"""Parts to train, to validate and to test with, drawn by a seed: alike in every class, equal texts in one part."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted, quoted

Marks: TypeAlias = NDArray[np.int8]
"""The part of each sample, (N,)."""


class Part(IntEnum):
    """What a sample is for. The values stand in files."""

    TRAIN = 0
    TEST = 1
    VALIDATION = 2


PARTS = ("train", "validation", "test")
"""The parts by name, in the order of tables."""


def part(name: str) -> Part:
    """The part of a name of :data:`PARTS`."""
    return Part[name.upper()]


def split(
    texts: Sequence[str],
    labels: NDArray[np.int64] | None,
    classes: Sequence[str],
    test: float,
    validation: float,
    seed: int,
) -> Marks:
    """The part of each text.

    Of every class the shares ``test`` and ``validation`` go where they say, to the nearest whole number, the rest
    trains. Texts that are equal but for case and blanks count as one, so that nothing that is trained with is tested
    with. Another seed draws
    other parts. Raises
    :class:`~qsac.errors.InvalidInputError` where a class has no text left to train with, or none for a part of which
    there should be one.
    """
    marks = np.full(len(texts), Part.TRAIN, dtype=np.int8)
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(" ".join(text.casefold().split()), []).append(place)
    owner = np.zeros(len(texts), dtype=np.int64) if labels is None else labels
    for number, name in enumerate(classes or [""]):
        own = [places for places in groups.values() if owner[places[0]] == number]
        order = np.random.default_rng([seed, number]).permutation(len(own))
        total = sum(map(len, own))
        wanted = {Part.TEST: round(test * total), Part.VALIDATION: round(validation * total)}
        for place in order:
            taker = next((one for one, count in wanted.items() if count > 0), None)
            if taker is None:
                break
            marks[own[place]] = taker
            wanted[taker] -= len(own[place])
        found = np.bincount(marks[[place for places in own for place in places]], minlength=3)
        short = [one for one, share in ((Part.TEST, test), (Part.VALIDATION, validation)) if share and not found[one]]
        if not found[Part.TRAIN] or short:
            raise _too_few(total, name, (short or [Part.TRAIN])[0])
    return marks


def _too_few(total: int, name: str, part: Part) -> InvalidInputError:
    return InvalidInputError(
        "there are too few texts to be split",
        code="features.too-few-texts",
        found=counted(total, "text") + (f" of the class {quoted(name)}" if name else ""),
        wanted=f"enough of each class for every part: there is none for the part {part.name.lower()}",
        help="more texts, or other shares (--test, --validation; 0 for no such part)",
    )

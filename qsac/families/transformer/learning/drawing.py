"""What a sketch of a transformer leaves to be learned, matrix by matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.transformer.layers import residual_factors
from qsac.families.transformer.learning.outline import Array, Learned, Place, Terms, Tree, name_of
from qsac.families.transformer.learning.sketch import MOST
from qsac.families.transformer.learning.whole_models import learned_terms
from qsac.files import limits
from qsac.files.diagnosis import Contract, refuse
from qsac.files.numbers import number_list
from qsac.files.pointer import counted, describe, join, kind, nearest

Item = TypeVar("Item", bound=BaseModel)

BIAS = 0.1
"""The standard deviation of biases that are drawn."""


@dataclass
class Drawing:
    """What is learned by a sketch, as it is read. ``dimension``: d, ``is_complex``: whether matrices are."""

    matrices: Matrices
    dimension: int
    is_complex: bool
    learned: dict[str, Array] = field(default_factory=dict)

    def matrix(
        self,
        given: object,
        place: Place,
        shape: tuple[int, int],
        reason: str,
        scale: float,
        *,
        orthogonal: bool = False,
    ) -> Tree | None:
        """A matrix of a sketch: learned, from entries of standard deviation ``scale``; or given; None for the identity.
        Raises :class:`~qsac.errors.InvalidInputError` for anything else, and for a shape that does not fit."""
        pointer = join("", *place)
        if given == "learned":
            return self.new(place, shape, scale, orthogonal=orthogonal)
        if given == "identity":
            self._check_square(shape, pointer)
            return None
        if isinstance(given, str):
            raise unknown_text(given, pointer, ("learned", "identity"), "a matrix")
        return self.matrices.read(given, pointer, *shape, reason)

    def inward(self, given: object, place: Place, hidden: int, *, orthogonal: bool) -> Tree | None:
        """The matrix (D, d) that leads into a feed-forward; None for the identity."""
        reason = f"the feed-forward has {hidden:,} entries inside, and the tokens {self.dimension:,}"
        scale = 0.5 / np.sqrt(self.dimension)
        return self.matrix(given, place, (hidden, self.dimension), reason, scale, orthogonal=orthogonal)

    def outward(self, given: object, place: Place, hidden: int) -> dict[str, Tree]:
        """The field of the matrix (d, D) that leads out of it, none for the identity."""
        reason = f"the tokens have {self.dimension:,} entries, and the feed-forward {hidden:,} inside"
        matrix = self.matrix(given, place, (self.dimension, hidden), reason, 1 / np.sqrt(hidden))
        return {} if matrix is None else {"output": matrix}

    def vector(self, given: object, place: Place, size: int) -> Tree | None:
        """A bias of a sketch, likewise; None for none."""
        pointer = join("", *place)
        if given == "learned":
            return self.new(place, (size,), BIAS)
        if given == "none":
            return None
        if isinstance(given, str):
            raise unknown_text(given, pointer, ("learned", "none"), "a list of numbers")
        return self.matrices.vector(given, pointer, size, "one for each row of the matrix")

    def new(self, place: Place, shape: tuple[int, ...], scale: float, *, orthogonal: bool = False) -> Learned:
        """An array that is learned, and drawn with the standard deviation ``scale``."""
        self.count(shape, join("", *place))
        name = name_of(place)
        self.learned[name] = Array(shape, float(scale), self.is_complex, orthogonal)
        return Learned(name)

    def terms(self, place: Place, start: tuple[float, ...]) -> Terms:
        """Real coefficients that are learned from some on: those that are not 0."""
        return learned_terms(self.learned, name_of(place), start)

    def residual(self, given: object, place: Place, start: tuple[float, float]) -> Tree:
        """The two factors of a residual: learned from some on, or given."""
        pointer = join("", *place)
        if given == "learned":
            return self.terms(place, start)
        if isinstance(given, str):
            raise unknown_text(given, pointer, ("learned",), "two numbers")
        reason = "one of what passes, one of what is added"
        return residual_factors(number_list(given, pointer, 2, reason).tolist(), pointer)

    def count(self, shape: tuple[int, ...], pointer: str) -> None:
        """Count the entries of an array that is about to be made; too many are refused."""
        self.matrices.entries += int(np.prod([*map(int, shape)], dtype=object))
        limits.check_matrices(self.matrices.entries, pointer)

    def _check_square(self, shape: tuple[int, int], pointer: str) -> None:
        if shape[0] != shape[1]:
            raise InvalidInputError(
                "this matrix cannot be the identity",
                code="matrix.wrong-shape",
                pointer=pointer,
                found=f"{counted(shape[0], 'row')} and {counted(shape[1], 'column')}",
                wanted="a square matrix, or one that is learned",
            )


def items(given: object, pointer: str, kind_of: type[Item], contract: Contract) -> list[Item]:
    """A field that is a number of objects, which are then as they are by default, or a list of them."""
    if isinstance(given, list) and given:
        found = []
        for place, one in enumerate(given):
            try:
                found.append(kind_of.model_validate(one))
            except ValidationError as error:
                raise refuse(error, contract, join(pointer, place)) from None
        return found
    if type(given) is int and 1 <= given <= MOST:
        return [kind_of()] * given
    raise InvalidInputError(
        f"{contract.whole} is missing" if given == [] or given == 0 else "neither a number nor a list of objects",
        code="field.wrong-type" if type(given) is not int and given != [] else "field.out-of-range",
        pointer=pointer,
        found=kind(given),
        wanted=f"a whole number from 1 to {MOST:,}, or a list of objects",
    )


def unknown_text(found: str, pointer: str, choices: tuple[str, ...], otherwise: str) -> InvalidInputError:
    """The diagnostic for a text in place of numbers that is none of ``choices``."""
    guess = nearest(found, choices)
    return InvalidInputError(
        "there is no such choice",
        code="field.unknown-choice",
        pointer=pointer,
        found=describe(found),
        wanted=", ".join(f'"{choice}"' for choice in choices) + f", or {otherwise}",
        help=f'did you mean "{guess}"?' if guess else None,
    )

"""How the shape of a sample goes through the steps: which one a model takes, and where steps do not fit together."""

from __future__ import annotations

from dataclasses import dataclass

from qsac.errors import InvalidInputError
from qsac.families.steps.model import Shape
from qsac.files.pointer import counted


@dataclass
class Flow:
    """The shape between two steps.

    ``width``: the length of vectors, None while nothing says it; ``said``: what says it. ``sequence``: whether there
    are several vectors, None while it may be either. ``at_start``: no step has changed the length of the sample's
    vectors. ``after_flatten``: the vector is a whole sequence, of unknown length.
    """

    width: int | None = None
    said: str = ""
    sequence: bool | None = None
    at_start: bool = True
    after_flatten: bool = False
    own_width: int | None = None
    own_sequence: bool | None = None
    flat: int | None = None

    def takes(self, width: int, pointer: str, what: str) -> None:
        """A step takes vectors of this length. Raises :class:`~qsac.errors.InvalidInputError` for others."""
        if self.width is not None and self.width != width:
            raise InvalidInputError(
                f"{what} does not fit what comes before it",
                code="steps.other-width",
                pointer=pointer,
                found=f"it takes {counted(width, 'number')}",
                wanted=f"{counted(self.width, 'number')}: {self.said}",
            )
        if self.at_start:
            self.own_width = width
        elif self.after_flatten and self.flat is None:
            self.flat = width
        self.width = width

    def gives(self, width: int | None, said: str) -> None:
        """A step gives vectors of this length."""
        self.width, self.said = width, said
        self.at_start = self.after_flatten = False

    def needs_sequence(self, pointer: str, what: str) -> None:
        """A step takes a sequence of vectors."""
        if self.sequence is False:
            raise InvalidInputError(
                f"{what} takes a sequence, and what comes before it gives one vector",
                code="steps.no-sequence",
                pointer=pointer,
                found="a step after pool, flatten or a unitary-mixture",
                wanted="a sequence of vectors: nothing before it that makes one vector of them",
            )
        self.own_sequence = True
        self.sequence = True

    def one_vector(self) -> None:
        """A step makes one vector of a sequence."""
        self.sequence = False

    def flattened(self) -> None:
        """A step makes one vector of all numbers of a sequence."""
        self.one_vector()
        self.width, self.said = None, ""
        self.at_start, self.after_flatten = False, True

    @property
    def shape(self) -> Shape:
        """What samples have to be."""
        return Shape(self.own_width, self.own_sequence, self.flat)

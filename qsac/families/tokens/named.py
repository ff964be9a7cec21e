"""What a reader of token files is given: the open file, what to call it, and which of its arrays is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from qsac.errors import InvalidInputError
from qsac.families.tokens.shape import TOKENS, check_rows, check_shape
from qsac.files.pointer import counted, listed, nearest, quoted


@dataclass(frozen=True)
class NamedFile:
    """An open regular file of ``size`` bytes. ``pointer`` is the place of its path in the document, ``array`` the name
    of the array that the document asks for, None where it asks for none, ``least`` its least shape, ``noun`` what
    diagnostics call the file."""

    stream: BinaryIO
    size: int
    name: str
    pointer: str
    array: str | None = None
    least: tuple[int, int] = TOKENS
    noun: str = "token file"

    @property
    def array_pointer(self) -> str:
        """The place of the array's name in the document."""
        return self.pointer.rpartition("/")[0] + "/array"

    def damaged(self, what: str, wanted: str) -> InvalidInputError:
        """The diagnostic for a file that is not what its name says."""
        return InvalidInputError(
            f"the {self.noun} is damaged or of another kind",
            code="tokens.damaged-file",
            pointer=self.pointer,
            found=f"{self.name}: {what}",
            wanted=wanted,
            help="save it again with numpy.save(path, tokens)" if self.noun == "token file" else None,
        )

    def check(self, shape: tuple[int, ...], kind: str) -> None:
        """:func:`~qsac.families.tokens.shape.check_shape` of an array of this file."""
        check_shape(shape, kind, self.name, self.pointer, self.least, self.noun)

    def check_rows(self, rows: int, columns: int) -> None:
        """:func:`~qsac.families.tokens.shape.check_rows` of this file."""
        check_rows(rows, columns, self.pointer, self.least)

    def refuse_array(self, kind: str) -> None:
        """Refuse the name of an array where the file has room for one array without a name."""
        if self.array is not None:
            raise InvalidInputError(
                f"a {kind} file holds one array, which has no name",
                code="tokens.unnamed-array",
                pointer=self.array_pointer,
                found=quoted(self.array),
                wanted='no field "array", or a .npz or .safetensors file',
            )

    def chosen(self, names: Sequence[str]) -> int:
        """The place in ``names``, the file's arrays, of the wanted one: the only one, unless one is asked for."""
        if self.array is not None:
            if names.count(self.array) == 1:
                return names.index(self.array)
            guess = nearest(self.array, names)
            raise InvalidInputError(
                f"the {self.noun} has two arrays of one name"
                if self.array in names
                else "there is no array of this name",
                code="tokens.repeated-array" if self.array in names else "tokens.unknown-array",
                pointer=self.array_pointer,
                found=f"{quoted(self.array)}, while {self.name} holds {listed(sorted(names)) or 'nothing'}",
                wanted="the name of one array in the file",
                help=f"did you mean {quoted(guess)}?" if guess and self.array not in names else None,
            )
        if len(names) == 1:
            return 0
        found = f"{counted(len(names), 'array')} in {self.name}"
        raise InvalidInputError(
            f"the {self.noun} does not hold exactly one array",
            code="tokens.not-one-array",
            pointer=self.pointer,
            found=f"{found}: {listed(sorted(names))}" if names else found,
            wanted='exactly one array, or the name of one as "array"' if names else "exactly one array",
            help=f'name the array, for example "array": {quoted(min(names))}'
            if names
            else "save the tokens, for example with numpy.save('tokens.npy', tokens)",
        )

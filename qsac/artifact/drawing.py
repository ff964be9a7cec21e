"""A drawn circuit: as text for terminals, as SVG for notebooks and files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qsac.arguments import file_path
from qsac.errors import InvalidInputError
from qsac.files.writing import write_whole


@dataclass(frozen=True, repr=False)
class Drawing:
    """A circuit op by op. Terminals show ``text``, notebooks ``svg``, which holds no script and names no other file."""

    text: str
    svg: str

    def __repr__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``NAME.svg`` or ``NAME.txt``, whole or not at all. Raises :class:`~qsac.errors.InvalidInputError` for
        another ending, and where the file cannot be written."""
        place = file_path(path, "drawing")
        forms = {".svg": self.svg, ".txt": self.text}
        ending = Path(place).suffix
        if ending not in forms:
            raise InvalidInputError(
                "a drawing has no such form",
                code="output.unknown-form",
                found=ending or "no ending",
                wanted="a file name that ends in .svg or .txt",
            )
        write_whole(place, [forms[ending]])

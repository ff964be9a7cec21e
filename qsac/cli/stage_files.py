"""`--ir-dir`: what each stage made, one file a stage in a folder of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from qsac.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsac.ir.program import Program
    from qsac.native.circuit import NativeCircuit

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FIRST = ("build", "bind")
"""The stages that each circuit of a plan begins with."""


class StageFiles:
    """Writes stages into ``folder``, which must be new or empty, as ``001-c1-STAGE.ir``, with the number of the
    circuit: programs as IR text, with ``elide`` with shortened tables, native circuits as OpenQASM 2 (``.qasm``).

    Raises :class:`~qsac.errors.InvalidInputError` for another folder, before anything is compiled.
    """

    def __init__(self, folder: str, *, elide: bool) -> None:
        self._folder, self._elide = Path(folder), elide
        self._written, self._circuit = 0, 0
        self._check()

    def _check(self) -> None:
        """Nothing is overwritten, and no stage of another compilation stands among these."""
        try:
            found = next(self._folder.iterdir(), None)
        except FileNotFoundError:
            if not self._folder.parent.is_dir() or self._folder.is_symlink():
                raise _refusal(self._folder, "no folder that it could be made in", code="output.no-folder") from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise _refusal(self._folder, reason, code="output.unwritable") from None
        else:
            if found is not None:
                held = f"the file {found.name}, and perhaps others"
                raise _refusal(self._folder, held, code="output.folder-in-use")

    def write(self, name: str, result: Program | NativeCircuit) -> None:
        """Write what a stage made."""
        from qsac.files.writing import write_whole
        from qsac.ir.program import Program

        self._folder.mkdir(exist_ok=True)
        self._written += 1
        self._circuit += name in _FIRST or not self._circuit
        ending = "ir" if isinstance(result, Program) else "qasm"
        place = self._folder / f"{self._written:03}-c{self._circuit}-{_UNSAFE.sub('-', name)}.{ending}"
        write_whole(place, self._text(result), guard=_refuse)

    def _text(self, result: Program | NativeCircuit) -> Iterable[str]:
        from qsac.ir.program import Program

        if isinstance(result, Program):
            from qsac.ir.printer import print_program

            return [print_program(result, elide_tables=self._elide)]
        from qsac.export.qasm import to_qasm2

        return [to_qasm2(result)]


def _refusal(folder: Path, found: str, *, code: str) -> InvalidInputError:
    return InvalidInputError(
        "the stages cannot be written there",
        code=code,
        source=str(folder),
        found=found,
        wanted="a folder that is empty, or one that does not exist yet",
        help="--ir-dir with another name",
    )


def _refuse(place: Path) -> None:
    """Something came there since the folder was looked at: it stays."""
    raise InvalidInputError(
        "the output would replace a file that qsac did not write",
        code="output.foreign-file",
        source=str(place),
        wanted="a folder that nobody else writes into",
        help="--ir-dir with another name",
    )

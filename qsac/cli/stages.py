"""What each stage made: printed on stderr, all of them, those that are named, or those that changed something; or as
files."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.messages import say, warn
from qsac.errors import InvalidInputError
from qsac.near import perhaps

if TYPE_CHECKING:
    from qsac.ir.program import Program
    from qsac.native.circuit import NativeCircuit
    from qsac.pipeline.stages import Stage

STAGES = ("build", "bind", "lower", "emit", "arrange")
"""The stages that are no passes."""


def prints_stages(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that print stages to a command that takes ``stages``, a :class:`StagePrinter`."""

    @click.option("--print-after-all", is_flag=True, help="Print the program after each stage, on stderr.")
    @click.option(
        "--print-after", metavar="STAGE", multiple=True, help="Print it after this pass or stage (repeatable)."
    )
    @click.option("--print-after-change", is_flag=True, help="Print it after each stage that changed it.")
    @click.option("--ir-dir", metavar="DIR", help="Write what each stage made into this new folder, one file a stage.")
    @click.option("--elide-tables", is_flag=True, help="Shorten tables in printed programs; such text is no input.")
    @functools.wraps(function)
    def asked(
        *,
        print_after_all: bool,
        print_after: tuple[str, ...],
        print_after_change: bool,
        ir_dir: str | None,
        elide_tables: bool,
        **others: Any,
    ) -> None:
        if ir_dir == "":
            raise click.UsageError("--ir-dir takes the name of a folder")
        stages = StagePrinter(
            print_after, every=print_after_all, changed=print_after_change, elide=elide_tables, folder=ir_dir
        )
        function(stages=stages, **others)
        stages.close()

    return asked


class StagePrinter:
    """Prints the stages that were asked for, and writes all of them into ``folder``, if one is given. ``elide`` says
    whether tables of programs are to be shortened.

    Raises :class:`~qsac.errors.InvalidInputError` for the name of no stage, and for a folder that is not empty.
    """

    def __init__(
        self, names: tuple[str, ...], *, every: bool, changed: bool, elide: bool, folder: str | None = None
    ) -> None:
        for name in names:
            _check(name)
        self.elide = elide
        self._every, self._changed = every, changed
        self._waiting = dict.fromkeys(names)
        self._names = set(names)
        self._before = ""
        self._files = None
        if folder is not None:
            from qsac.cli.stage_files import StageFiles

            self._files = StageFiles(folder, elide=elide)

    @property
    def after(self) -> Stage | None:
        """What is called with each stage's name and result; None where nothing is to be told."""
        asked = self._every or self._changed or self._names or self._files is not None
        return self._show if asked else None

    def starts_from(self, program: Program) -> None:
        """The first stage is compared with a program that was given."""
        from qsac.pipeline.stages import fingerprint

        self._before = fingerprint(program) if self._changed else ""

    def _show(self, name: str, result: Program | NativeCircuit) -> None:
        from qsac.pipeline.stages import fingerprint

        if self._files is not None:
            self._files.write(name, result)
        wanted = self._every or name in self._names
        self._waiting.pop(name, None)
        if self._changed:
            found = fingerprint(result)
            wanted = wanted or found != self._before
            self._before = found
        if wanted:
            print_stage(name, result, elide=self.elide)

    def close(self) -> None:
        """Warn about named stages that did not run."""
        if self._waiting:
            warn(f"nothing is printed after {', '.join(self._waiting)}: no such stage ran")


def print_stage(name: str, result: Program | NativeCircuit, *, elide: bool) -> None:
    """Print what a stage made."""
    from qsac.ir.printer import print_program
    from qsac.ir.program import Program

    if isinstance(result, Program):
        text = print_program(result, elide_tables=elide)
    else:
        text = f"{len(result)} native gates ({result.two_qubit_gates} two-qubit) on {len(result.qubits)} qubits\n"
    say(f"// after {name}", *text.split("\n"), err=True, whole=True)


def _check(name: str) -> None:
    if name in STAGES:
        return
    from qsac.pipeline.registry import pass_names

    known = (*STAGES, *pass_names())
    if name not in known:
        raise InvalidInputError(
            f"no stage is called {name}",
            code="pipeline.unknown-stage",
            found=f"--print-after {name}",
            wanted=perhaps(name, known, f"a pass, or one of {', '.join(STAGES)}"),
            help="qsac passes lists the passes",
        )

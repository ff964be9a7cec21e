"""`qsac opt`: runs passes on a program given as IR text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qsac.cli.arguments import prefer_option, qubits_option, read_ir, seed_option
from qsac.cli.compile import output_place
from qsac.cli.messages import note, say, write
from qsac.cli.progress import progress_bar
from qsac.cli.stages import StagePrinter, prints_stages
from qsac.cli.summary import show_passes
from qsac.machine.target import DEFAULT_TARGET

if TYPE_CHECKING:
    from qsac.compiler.rewriting import Rewritten
    from qsac.pipeline.contract import Preference


@click.command("opt")
@click.argument("file")
@click.option(
    "--passes",
    help="Passes to run: NAME,NAME{option=value}; or changes to those of -O (default 2): default,-NAME,+NAME.",
)
@click.option("-O", "optimisation", type=click.IntRange(0, 3), help="Run the passes of an optimisation level.")
@click.option("--lower", is_flag=True, help="Lower an attention program to blocks, and run the block passes too.")
@click.option("--target", default=DEFAULT_TARGET, show_default=True, help="The target whose costs the passes use.")
@click.option(
    "--error-budget",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Infidelity that passes may spend.",
)
@qubits_option
@prefer_option
@seed_option
@click.option("-o", "--output", help="File to write, or - for standard output (the default).")
@prints_stages
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Print the pipeline, and every pass with its gates.")
def command(
    file: str,
    passes: str | None,
    optimisation: int | None,
    lower: bool,
    target: str,
    error_budget: float,
    qubits: int | None,
    prefer: Preference,
    seed: int,
    output: str | None,
    stages: StagePrinter,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run passes on the program in FILE, IR text of either level, or `-` for standard input, and write it as text.

    Without --passes and -O no pass runs. Passes must be of the program's level; with --lower also of the block level.
    Messages and stages go to standard error.
    """
    place = output_place(output, "-", {"IR file": file}, as_json=False)
    program = read_ir(file)
    from qsac.compiler.options import LEVEL, Options
    from qsac.compiler.rewriting import rewrite
    from qsac.ir.printer import print_program

    text = "" if passes is None and optimisation is None else passes
    options = Options(LEVEL if optimisation is None else optimisation, text, seed, error_budget, qubits, prefer)
    stages.starts_from(program)
    with progress_bar(quiet) as progress:
        found = rewrite(program, target, options, lower=lower, after=stages.after, progress=progress)
    result = print_program(found.program, elide_tables=stages.elide)
    if place == "-":
        write(result, end="")
    else:
        from qsac.files.writing import write_whole

        write_whole(place, [result])
    if not quiet:
        _tell(found, verbose)


def _tell(found: Rewritten, verbose: bool) -> None:
    if verbose:
        say(f"passes: {found.pipeline or 'none'}", err=True)
        show_passes(found.counts, every=True, stderr=True)
    if found.spent:
        spent = ", ".join(f"{error:.2g} by {name}" for name, error in sorted(found.spent.items()))
        note(f"spent of the error budget: an infidelity of at most {spent}")

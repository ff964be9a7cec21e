"""`qsac interpret`: metrics from your own counts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from qsac.cli.arguments import read_artifact, read_json
from qsac.cli.progress import waiting
from qsac.cli.run import show_result

if TYPE_CHECKING:
    from qsac.runtime.counts import Order


@click.command("interpret")
@click.argument("artifact")
@click.argument("counts")
@click.option(
    "--order",
    type=click.Choice(["pytket", "qiskit"]),
    help="Bit order of outcomes that do not show it: pytket, the first bit leftmost; qiskit, the last bit leftmost.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print and explain mu, zeta, nu and loss_a too.")
def command(artifact: str, counts: str, order: Order | None, as_json: bool, verbose: bool) -> None:
    """Compute the metrics of ARTIFACT from your own COUNTS, a JSON file of outcomes and their counts.

    An outcome has one bit, 0 or 1, for each bit of the artifact's circuit. Tuples and lists are read in pytket's order;
    registers separated by blanks, and hexadecimal numbers, in Qiskit's. Strings of single bits do not show their order
    and need --order. `-` is standard input.
    """
    if artifact == counts == "-":
        raise click.UsageError("the artifact and the counts cannot both come from standard input")
    compiled = read_artifact(artifact)
    from qsac.errors import InvalidInputError
    from qsac.runtime.counts import EXAMPLE
    from qsac.runtime.interpretation import interpret_document

    source = "<stdin>" if counts == "-" else counts
    seen = read_json(counts, "file of counts")
    if not isinstance(seen, dict):
        raise InvalidInputError(
            "the counts are not a JSON object",
            code="json.not-an-object",
            source=source,
            wanted=EXAMPLE,
        )

    def spelled(chosen: Order) -> str:
        return shlex.join(["qsac", "interpret", artifact, counts, "--order", chosen])

    with waiting("interpreting the counts"):
        result = interpret_document(compiled, seen, order, source, spelled)
    show_result(compiled, result, as_json=as_json, verbose=verbose)

"""`qsac interpret`: the metrics from counts that were taken elsewhere."""

from __future__ import annotations

import click

from qsac.cli.arguments import read_artifact, read_json
from qsac.cli.run import show_result


@click.command("interpret")
@click.argument("artifact")
@click.argument("counts")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(artifact: str, counts: str, as_json: bool) -> None:
    """The metrics of ARTIFACT from COUNTS, a JSON file of outcomes and how often they were seen.

    An outcome has one character, 0 or 1, for each bit of the artifact's circuit, in the order of its bits (pytket's
    order). Qiskit's order is read too: registers separated by blanks, the last one first. `-` is standard input.
    """
    if artifact == counts == "-":
        raise click.UsageError("the artifact and the counts cannot both come from standard input")
    compiled = read_artifact(artifact)
    from qsac.errors import InvalidInputError
    from qsac.runtime.run import interpret_counts

    source = "<stdin>" if counts == "-" else counts
    seen = read_json(counts, "file of counts")
    if not isinstance(seen, dict):
        raise InvalidInputError("the counts are no JSON object", source=source, wanted='{"0101...": 12, ...}')
    result = interpret_counts(compiled, seen, source)
    show_result(compiled, result, as_json=as_json)

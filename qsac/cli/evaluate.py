"""`qsac evaluate`: what was trained, on all parts of its data, beside what it is compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.messages import note, say, warn, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.training.circuit_losses import CircuitLosses
    from qsac.training.evaluation import Evaluation


@click.command("evaluate")
@click.argument("source", metavar="RUN|MODEL")
@click.option("--data", metavar="CONFIG", help="Measure on the data of this training configuration.")
@click.option(
    "--compare", metavar="NAME", multiple=True, help="Compare with this, instead of what the configuration says."
)
@click.option("--no-compare", is_flag=True, help="Compare with nothing.")
@click.option("--target", help="Measure the loss of test sequences from circuits compiled for this target as well.")
@click.option("--shots", type=int, help="With --target: shots of each circuit; without it they are exact.")
@click.option("--noise", is_flag=True, help="With --target: simulate its errors from its published rates.")
@click.option(
    "--sequences", type=click.IntRange(1), default=4, show_default=True, help="With --target: how many test sequences."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the shots.")
@click.option("--plots", metavar="FOLDER", help="Write plots there, as PNG and SVG.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    source: str, compare: tuple[str, ...], no_compare: bool, plots: str | None, as_json: bool, **options: Any
) -> None:
    """Measure what was trained in double precision: RUN, the folder of a run, or MODEL, a model file, with --data.

    Comparisons are trained as the model was, on the same data; a run keeps them in its folder. With --target the loss
    is measured from compiled circuits, which are bindings of one template, beside the closed form.
    """
    if compare and no_compare:
        raise click.UsageError("--compare and --no-compare exclude each other")
    from qsac.sweeps.threads import one_thread

    one_thread()
    from qsac.training.evaluation import evaluate

    names = () if no_compare else compare or None
    with progress_bar() as progress:
        found = evaluate(source, compare=names, progress=progress, **options)
    written = [] if plots is None else _draw(found, source, Path(plots))
    if as_json:
        write(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        show(found)
    for message in found.warnings:
        warn(message)
    if written:
        note(f"wrote {', '.join(f'{stem}.png and .svg' for stem in written)}")


def _draw(found: Evaluation, source: str, folder: Path) -> list[Path]:
    from qsac.training.drawing import evaluation_plots

    plots = evaluation_plots(found, source)
    for name, plot in plots.items():
        plot.save(folder / name)
    return [folder / name for name in plots]


def show(found: Evaluation) -> None:
    """The table of all models, then the circuits."""
    from qsac.cli.tables import Table

    seeds = f"{len(found.seeds)} seeds, mean ± standard deviation" if len(found.seeds) > 1 else "one seed"
    metric, beside, what = _shown(found)
    say(f"{found.name}: {seeds}; {what}, closed form")
    parts = [part for part in ("train", "validation", "test") if any(part in row.seeds[0] for row in found.rows)]
    columns = [
        *parts,
        *(["perplexity", "bits per character"] if found.words else [f"{beside.replace('_', ' ')}, test"]),
        "numbers learned",
    ]
    if found.characters is None and found.words:
        columns.remove("bits per character")
    table = Table("model", *columns, numbers=tuple(columns))
    for row in found.rows:
        cells = [_number(row.mean(part, metric), row.spread(part, metric)) for part in parts]
        nats = row.mean("test", "cross_entropy")
        if not found.words:
            cells.append(_number(row.mean("test", beside), row.spread("test", beside)))
        else:
            bits = None if nats is None else found.bits(nats)
            cells.append("" if nats is None else f"{found.perplexity(nats):.2f}")
            cells += [] if found.characters is None else ["" if bits is None else f"{bits:.3f}"]
        table.add(row.label, *cells, "" if row.size is None else f"{row.size:,}")
    table.show()
    if found.circuits is not None:
        _show_circuits(found.circuits)


def _shown(found: Evaluation) -> tuple[str, str, str]:
    """The metric that is shown of all parts, the one beside it of the test part alone, and what the first one is."""
    known = found.rows[0].metrics
    if "squared_error" in known:
        return "squared_error", "absolute_error", "mean squared error"
    beside = "accuracy" if "accuracy" in known else "loss"
    of = "word" if found.words else "token" if beside == "loss" else "sample"
    return "cross_entropy", beside, f"cross entropy in nats a {of}"


def _show_circuits(found: CircuitLosses) -> None:
    """A row for each sequence, then the mean."""
    from qsac.cli.tables import Table

    how = "exactly" if found.shots is None else f"{found.shots:,} shots each"
    shapes = "bindings of one template" if found.templates == 1 else f"{found.templates:,} circuits"
    say(f"{found.metric} of test sequences on {found.target}, {how}{', with noise' * found.noise}; {shapes}")
    metric = found.metric.replace("_", " ")
    second = "difference" if found.shots is None else "standard error"
    columns = (metric, "closed form", second, "success probability", "two-qubit gates", "qubits")
    table = Table("sequence", *columns, numbers=columns)
    for row in found.rows:
        success = "null" if row.success_probability is None else f"{row.success_probability:.4f}"
        values = _values(row.value, row.expected, row.standard_error, exact=found.shots is None)
        table.add(str(row.number), *values, success, f"{row.two_qubit_gates:,}", str(row.qubits))
    means = _values(found.mean, found.expected, found.standard_error, exact=found.shots is None)
    table.add("mean", *means, "", "", "")
    table.show()


def _values(value: float | None, expected: float | None, error: float | None, *, exact: bool) -> list[str]:
    """A value, the closed form, and how far they are apart if it is exact, or its standard error."""
    digits = 8 if exact else 4
    shown = ["null" if one is None else f"{one:.{digits}f}" for one in (value, expected)]
    if not exact:
        return [*shown, "null" if error is None else f"{error:.4f}"]
    return [*shown, "null" if value is None or expected is None else f"{value - expected:.0e}"]


def _number(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return ""
    return f"{mean:.4f}" + ("" if spread is None else f" ± {spread:.4f}")

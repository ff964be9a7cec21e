"""`qsac check`: validate a model file and print its closed-form metrics."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import load_argument
from qsac.cli.messages import say, warn, write

if TYPE_CHECKING:
    from qsac.families.qsa.metrics import Metrics
    from qsac.families.qsa.model import Model


Listed = tuple[str, dict[str, Any], float]
"""The name, content and success probability of a result that is a list."""


@click.command("check")
@click.argument("model")
@click.option("--metrics", is_flag=True, help="Print the closed-form value of every metric.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, metrics: bool, as_json: bool) -> None:
    """Validate MODEL, a model file, or `-` for standard input, and say what it is.

    With --metrics also the exact value of everything that a circuit of it would report.
    """
    loaded = load_argument(model)
    values = None
    listed = None
    if metrics:
        from qsac.families.qsa.metrics import closed_form
        from qsac.families.qsa.results import closed_form_result

        values = closed_form(loaded) if loaded.readout.type == "loss" else None
        listed = closed_form_result(loaded) if values is None else None
    if as_json:
        write(json.dumps(_facts(loaded, values, listed), indent=2, allow_nan=False))
    else:
        say(*_summary(loaded, values))
        if listed is not None:
            _show_listed(loaded, *listed)
    if listed is not None and listed[2] == 0:
        warn("the predictions do not exist: the prediction z is zero, so the circuit never succeeds")
    if values is not None:
        for message in values.warnings:
            warn(message)


def _facts(model: Model, metrics: Metrics | None, listed: Listed | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": model.name,
        "context": model.context,
        "dimension": model.dimension,
        "data_qubits": model.data_qubits,
        "index_qubits": model.index_qubits,
        "mask": model.mask,
        "pairs": model.pairs,
        "kernel": list(model.kernel),
        "lam": model.lam,
        "sha256": model.sha256,
    }
    if metrics is not None:
        facts["metrics"] = metrics.values
        facts["success_probability"] = metrics["success_probability"]
        facts["warnings"] = list(metrics.warnings)
    if listed is not None:
        name, content, success = listed
        facts |= {name: content, "success_probability": success}
    return facts


def _summary(model: Model, metrics: Metrics | None) -> list[str]:
    given = model.given_tokens.shape[1]
    padding = "" if given == model.dimension else f", padded from {given}"
    kind = "real" if model.tokens.dtype.kind == "f" else "complex"
    rows = [
        ("context", f"{model.context:,} tokens and their targets (T), {kind}"),
        ("dimension", f"{model.dimension:,} (d{padding})"),
        ("qubits", f"{model.data_qubits} data (n), {model.index_qubits} index (m)"),
        ("kernel", _polynomial(model.kernel)),
        ("mask", f"{model.mask}, {model.pairs:,} pairs (N)"),
        ("lambda", f"{model.lam:.6g}"),
        ("phases", _phases(model)),
        ("readout", _readout(model)),
        ("sha256", model.sha256),
    ]
    lines = [f"{model.name}: a valid model", *(f"  {label:<11}{text}" for label, text in rows)]
    if metrics is not None:
        lines.append("closed form")
        width = max(map(len, metrics.values)) + 2
        for name, value in metrics.values.items():
            lines.append(f"  {name:<{width}}{_decimal(value)}")
    return lines


def _readout(model: Model) -> str:
    from qsac.families.qsa.readouts import Overlaps, Predict

    readout = model.readout
    if isinstance(readout, Predict):
        named = {"basis": "the computational basis", "tokens": "the tokens of the file"}
        count = 0 if readout.rows is None else len(readout.rows)
        over = named.get(readout.over, f"{count} {'words' if readout.over == 'vocabulary' else 'states'}")
        return f"predict, position {readout.position:,} from {readout.context:,} tokens, over {over}"
    if isinstance(readout, Overlaps):
        return f"overlaps, {readout.part}, of the pairs in the {readout.mask} mask"
    return str(readout.type)


def _show_listed(model: Model, name: str, content: dict[str, Any], success: float) -> None:
    from qsac.cli.run import MOST_ROWS
    from qsac.families.qsa.entries import entry_count, entry_rows

    rows = list(islice(entry_rows(model, name, content), MOST_ROWS))
    width = max(len(label) for label, _ in rows) + 2
    say("closed form of the " + name)
    for label, values in rows:
        cells = (f"{part} " * (name == "overlaps") + _decimal(value) for part, value in values.items())
        say(f"  {label:<{width}}" + "  ".join(cells))
    left = entry_count(model, content) - len(rows)
    if left:
        say(f"  ... and {left:,} more: --json prints all of them")
    say(f"success_probability {_decimal(success)}")


def _decimal(value: float | None) -> str:
    if value is None:
        return "null"
    return f"{value:.10f}" if value == 0 or abs(value) >= 1e-4 else f"{value:.6e}"


def _phases(model: Model) -> str:
    if model.given_phases is None:
        return "none"
    return "optimal" if isinstance(model.given_phases, str) else "given"


def _polynomial(kernel: tuple[float, ...]) -> str:
    """A kernel as a formula in s: ``1 + 2 s - 0.5 s^2``."""
    text = ""
    for power, coefficient in enumerate(kernel):
        if not coefficient:
            continue
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        factor = "" if power == 0 else "s" if power == 1 else f"s^{power}"
        size = f"{abs(coefficient):.4g}"
        text += sign + (factor if factor and size == "1" else f"{size} {factor}".rstrip())
    return f"g(s) = {text}"

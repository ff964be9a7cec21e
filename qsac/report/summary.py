"""What a compilation produced, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qsac.artifact import Compiled

Row = tuple[str, str]


def facts(compiled: Compiled) -> list[Row]:
    """Label and value of what a user asks first about a compiled program."""
    stats = compiled.stats
    return [
        ("target", f"{compiled.target['name']} ({compiled.target['description']})"),
        ("qubits", _qubits(stats)),
        *_count_rows(stats),
        *_probability_rows(stats),
        *_forecast_rows(stats.get("forecast", {})),
        *_charge_rows(stats),
        *_error_rows(stats.get("error_budget", {})),
    ]


def estimate_rows(estimated: Mapping[str, Any]) -> list[Row]:
    """Label and value of what an estimate says; of what cannot be told there is no row."""
    shape, options, counts = estimated["shape"], estimated["options"], estimated["counts"]
    limit, width = options["qubits"], counts["qubits"]
    tokens = f"{shape['context']:,} {'real' if shape['real'] else 'complex'} tokens of dimension {shape['dimension']:,}"
    kernel = (
        f"{shape['kernel']} of degree {shape['degree']}, {shape['mask']} mask, V {shape['value']}, W {shape['score']}"
    )
    fits = "" if estimated["fits"] else f": {width - limit} too many, at most {limit} can be used"
    return [
        ("target", f"{estimated['target']}, -O {options['optimisation']}"),
        ("shape", tokens),
        ("attention", kernel),
        ("qubits", f"{width:,}{fits}"),
        *_count_rows(counts),
        *_probability_rows(counts),
        *_charge_rows(counts),
        *(
            (f"{'exact' if estimated['exact'] else 'not exact'}" if not place else "", said)
            for place, said in enumerate(estimated["reason"].split("; "))
        ),
    ]


def _count_rows(stats: Mapping[str, Any]) -> list[Row]:
    """Gates and depths, as far as they are known."""
    rows = [("two-qubit gates", f"{stats['two_qubit_gates']:,}")]
    if stats["one_qubit_gates"] is not None:
        rows.append(("one-qubit gates", f"{stats['one_qubit_gates']:,}"))
        rows.append(("depth", f"{stats['depth']:,} ({stats['two_qubit_depth']:,} in two-qubit gates)"))
    return [*rows, ("measurements", f"{stats['measurements']} and {stats['resets']} resets")]


def _probability_rows(stats: Mapping[str, Any]) -> list[Row]:
    probability = stats["error_free_probability"]
    if probability is None:
        return []
    share = f"{probability:.4g}" if probability else "less than 1e-300"
    return [("error-free", f"{share} of the shots, by the target's published rates")]


def _charge_rows(stats: Mapping[str, Any]) -> list[Row]:
    """How long the machine takes, and what its vendor charges."""
    rows = []
    taken, cost = stats.get("duration"), stats["cost"]
    if taken is not None:
        rows.append(("time", f"{1e6 * taken['circuit']:,.1f} us a circuit, {1e6 * taken['per_shot']:,.1f} us a shot"))
    if cost is not None:
        low, *high = (cost["fixed"] + 1000 * cost[name] for name in cost if name.startswith("per_shot"))
        resets = "".join(f" ({value:,.1f} if resets count as measurements)" for value in high)
        rows.append(("cost", f"{low:,.1f} {cost['unit']} for 1,000 shots{resets}"))
    return rows


def _forecast_rows(forecast: Mapping[str, Any]) -> list[Row]:
    """How many shots count, and how many are needed."""
    if forecast.get("success_probability") is None:
        return []
    rows = [("successful", f"{forecast['success_probability']:.4g} of the shots, without errors")]
    if forecast["shots"] is not None:
        error = forecast["standard_error"]
        rows.append(("shots", f"{forecast['shots']:,} for a standard error of the loss of {error:g}"))
    return rows


def _error_rows(report: Mapping[str, Any]) -> list[Row]:
    """What approximating passes have spent, and where it is known what that came to."""
    if not report.get("spent"):
        return []
    spent = ", ".join(f"{error:.2g} by {name}" for name, error in sorted(report["spent"].items()))
    rows = [("error", f"infidelity at most {spent}, of {report['budget']:g} allowed")]
    known = [("infidelity", "{:.2g}"), ("loss_deviation", "loss off by {:+.2g}")]
    words = [form.format(report[name]) for name, form in known if report.get(name) is not None]
    return [*rows, ("", "in truth " + ", ".join(words))] if words else rows


def pass_rows(compiled: Compiled) -> list[tuple[str, str, str, str]]:
    """Name, level and two-qubit gates before and after each pass."""
    return [
        (step["name"], step["level"], f"{step['two_qubit_gates'][0]:,}", f"{step['two_qubit_gates'][1]:,}")
        for step in compiled.stats["passes"]
    ]


def timing_rows(compiled: Compiled) -> list[Row]:
    """Stage and milliseconds of this process."""
    rows = [(name, f"{1000 * seconds:,.1f}") for name, seconds in compiled.timings.items()]
    return [*rows, ("all", f"{1000 * sum(compiled.timings.values()):,.1f}")]


def _qubits(stats: dict[str, Any]) -> str:
    held = sum(len(qubits) for qubits in stats["allocation"].values())
    shared = ", sharing qubits in turn" if held > stats["qubits"] else ""
    return f"{stats['qubits']} ({register_sizes(stats['allocation'])}{shared})"


def register_sizes(allocation: Mapping[str, Sequence[str]]) -> str:
    """``query 3, key 3, score 2 x 3 copies, value 2``: the registers of an allocation and their qubits."""
    families: dict[str, list[int]] = {}
    for name, qubits in allocation.items():
        families.setdefault(name.partition("[")[0], []).append(len(qubits))
    return ", ".join(
        f"{name} {sizes[0]}" + (f" x {len(sizes)} copies" if len(sizes) > 1 else "") for name, sizes in families.items()
    )

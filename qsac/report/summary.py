"""What a compilation produced, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.report.amplification import amplification_row
from qsac.report.forecast import charge
from qsac.report.losses import loss_facts, named

Row = tuple[str, str]


def facts(compiled: Compiled) -> list[Row]:
    """Label and value of the main facts about a compiled program."""
    stats = compiled.stats
    return [
        ("target", f"{compiled.target['name']} ({compiled.target['description']})"),
        *(("qubits" if not place else "", text) for place, text in enumerate(_qubits(compiled))),
        *_count_rows(stats),
        *_probability_rows(stats),
        *forecast_rows(stats.get("forecast", {}), compiled.model.readout.precise),
        *_amplification_rows(compiled),
        *_time_rows(stats),
        *([("break-even", str(stats.get("break_even")))] if "break_even" in stats else []),
        *_cost_rows(stats["cost"], stats.get("forecast", {})),
        *(row for part in compiled.parts_stats for row in _error_rows(part.get("error_budget", {}))),
    ]


def _amplification_rows(compiled: Compiled) -> list[Row]:
    """Rounds of amplification, of the circuit with the most gates where there are several."""
    parts = [part for part in compiled.parts_stats if "amplification" in part]
    if not parts:
        return []
    return [amplification_row(max(parts, key=lambda part: part["two_qubit_gates"])["amplification"])]


def estimate_rows(estimated: Mapping[str, Any], shape_facts: Sequence[Row], metric: str | None) -> list[Row]:
    """Label and value of the facts of an estimate, including the ``shape_facts``; unknown values have no row.

    ``metric`` is what shots are needed for.
    """
    options, counts = estimated["options"], estimated["counts"]
    limit, width = options["qubits"], counts["qubits"]
    fits = "" if estimated["fits"] else f": {width - limit} too many, at most {limit} can be used"
    return [
        ("target", f"{estimated['target']}, -O {options['optimisation']}"),
        *shape_facts,
        *_formula_rows(estimated.get("formula")),
        ("qubits", f"{width:,}{fits}"),
        *_count_rows(counts),
        *_probability_rows(counts),
        *_at_most_rows(estimated["forecast"]),
        *forecast_rows(estimated["forecast"], metric),
        *_time_rows(counts),
        *_cost_rows(counts["cost"], estimated["forecast"]),
        *(
            (f"{'exact' if estimated['exact'] else 'not exact'}" if not place else "", said)
            for place, said in enumerate(estimated["reason"].split("; "))
        ),
    ]


def _formula_rows(part: Mapping[str, Any] | None) -> list[Row]:
    """What is counted by a formula, and what is counted beside it."""
    if part is None:
        return []
    gates, uses = part["two_qubit_gates_of_a_use"], part["uses"]
    rows = [(part["of"], f"{part['bits']} bits, {gates:,} two-qubit gates a call, {uses:,} calls in all circuits")]
    other = part["beside"]
    if other is not None:
        gates, whole = other["two_qubit_gates_of_a_use"], other["two_qubit_gates"]
        rows.append(("beside", f"{other['of']}: {gates:,} a call, {whole:,} in all, {other['qubits']:,} qubits"))
    return rows


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
    return [("ESP", f"{share}, from the target's published error rates")]


def _at_most_rows(told: Mapping[str, Any]) -> list[Row]:
    """The bound on what an estimate before routing leaves open."""
    most = told.get("error_free_at_most")
    if most is None:
        return []
    share = f"at most {most:.4g}" if most else "less than 1e-300"
    return [("ESP", f"{share}, from the target's published error rates: routing adds gates")]


def _time_rows(stats: Mapping[str, Any]) -> list[Row]:
    """How long the machine takes."""
    taken = stats.get("duration")
    if taken is None:
        return []
    return [("time", f"{1e6 * taken['circuit']:,.1f} us a circuit, {1e6 * taken['per_shot']:,.1f} us a shot")]


def forecast_rows(told: Mapping[str, Any], metric: str | None) -> list[Row]:
    """How many shots are accepted, and how many are needed, of a :func:`~qsac.report.forecast.forecast`."""
    if told.get("success_probability") is None:
        return []
    rows = [("acceptance", f"{told['success_probability']:.4g} of the shots, without errors")]
    if told.get("useful") is not None:
        rows.append(("useful", f"{_useful(told['useful'])} shots: accepted and free of errors"))
    if told["shots"] is not None:
        error = told["standard_error"]
        shots = f"{told['shots']:,}" + (" of each circuit" if len(told.get("lambda", ())) > 1 else "")
        rows.append(("shots needed", f"{shots} for a standard error of {error:g} in the {named(metric)}"))
    return rows + loss_facts(told, metric)


def _useful(share: float) -> str:
    if share >= 1e-4:
        return f"{1000 * share:.4g} of 1,000"
    return f"1 in {float(f'{1 / share:.2g}'):,.0f}" if share > 1e-15 else "none of the"


def _cost_rows(price: Mapping[str, Any] | None, told: Mapping[str, Any]) -> list[Row]:
    """What the vendor charges for the shots that are needed, and for a thousand."""
    if price is None:
        return []
    thousand = cost_text(charge(price, 1000, None), " for 1,000 shots")
    if told.get("cost") is None:
        return [("cost", thousand)]
    jobs = told["cost"]["jobs"]
    split = f", in {jobs:,} jobs" if jobs > 1 else ""
    return [("cost", cost_text(told["cost"], f" for the shots needed{split}")), ("", thousand)]


def cost_text(cost: Mapping[str, Any] | None, purpose: str = "") -> str:
    """A :func:`~qsac.report.forecast.charge` as text with its purpose; empty without a price."""
    if cost is None:
        return ""
    most = cost.get("amount_with_resets", cost["amount"])
    resets = "" if f"{most:,.1f}" == f"{cost['amount']:,.1f}" else f" ({most:,.1f} if resets count as measurements)"
    return f"{cost['amount']:,.1f} {cost['unit']}{purpose}{resets}"


def shots_text(told: Mapping[str, Any], metric: str | None) -> str | None:
    """The facts of :func:`~qsac.report.forecast.for_shots` as a sentence; None if there are none.

    ``metric`` is what shots are needed for.
    """
    needed = told["needed"]
    shots = f"{told['shots']:,} shot" + "s" * (told["shots"] != 1)
    clauses = []
    if told["cost"] is not None:
        clauses.append(f"{shots} cost {cost_text(told['cost'])}")
    if told["useful"] is not None:
        useful = "fewer than one" if told["useful"] < 1 else f"about {told['useful']:,.0f}"
        clauses.append(f"{useful} of {shots} will be accepted and free of errors")
    if needed["shots"] is not None:
        price = "" if needed["cost"] is None else f" for {cost_text(needed['cost'])}"
        error = needed["standard_error"]
        clauses.append(f"a standard error of {error:g} in the {named(metric)} takes {needed['shots']:,} shots{price}")
    return f"on the machine {told['target']}: {'; '.join(clauses)}" if clauses else None


def _error_rows(report: Mapping[str, Any]) -> list[Row]:
    """What approximating passes have spent, and the actual error where it is known."""
    if not report.get("spent"):
        return []
    spent = ", ".join(f"{error:.2g} by {name}" for name, error in sorted(report["spent"].items()))
    rows = [("error", f"infidelity at most {spent}, of {report['budget']:g} allowed")]
    known = [("infidelity", "{:.2g}"), ("loss_deviation", "loss deviation {:+.2g}")]
    words = [form.format(report[name]) for name, form in known if report.get(name) is not None]
    return [*rows, ("", "actual " + ", ".join(words))] if words else rows


def pass_rows(counts: Sequence[Mapping[str, Any]], *, every: bool) -> list[tuple[str, str, str, str]]:
    """Name, level and two-qubit gates before and after each pass that changed them, or ``every`` pass."""
    return [
        (step["name"], step["level"], f"{before:,}", f"{after:,}")
        for step in counts
        for before, after in [step["two_qubit_gates"]]
        if every or before != after
    ]


def timing_rows(compiled: Compiled) -> list[Row]:
    """Stage and milliseconds of this process."""
    rows = [(name, f"{1000 * seconds:,.1f}") for name, seconds in compiled.timings.items()]
    return [*rows, ("all", f"{1000 * sum(compiled.timings.values()):,.1f}")]


def _qubits(compiled: Compiled) -> list[str]:
    """The qubits and registers of each circuit, with its name if there are several."""
    found = []
    for name, stats in zip(compiled.names, compiled.parts_stats, strict=True):
        held = sum(len(qubits) for qubits in stats["allocation"].values())
        shared = "; registers reuse qubits" if held > stats["qubits"] else ""
        called = "" if len(compiled.circuits) == 1 else f"{name}: "
        found.append(f"{called}{stats['qubits']} ({register_sizes(stats['allocation'])}{shared})")
    return found


def register_sizes(allocation: Mapping[str, Sequence[str]]) -> str:
    """``query 3, key 3, score 2 x 3 copies, value 2``: the registers of an allocation and their qubits."""
    families: dict[str, list[int]] = {}
    for name, qubits in allocation.items():
        families.setdefault(name.partition("[")[0], []).append(len(qubits))
    return ", ".join(
        f"{name} {sizes[0]}" + (f" x {len(sizes)} copies" if len(sizes) > 1 else "") for name, sizes in families.items()
    )

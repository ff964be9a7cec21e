"""What a compilation produced, as text for people."""

from __future__ import annotations

from typing import Any

from qsac.artifact import Compiled

Row = tuple[str, str]


def facts(compiled: Compiled) -> list[Row]:
    """Label and value of what a user asks first about a compiled program."""
    stats = compiled.stats
    rows = [
        ("target", f"{compiled.target['name']} ({compiled.target['description']})"),
        ("qubits", _qubits(stats)),
        ("two-qubit gates", f"{stats['two_qubit_gates']:,}"),
        ("one-qubit gates", f"{stats['one_qubit_gates']:,}"),
        ("depth", f"{stats['depth']:,} ({stats['two_qubit_depth']:,} in two-qubit gates)"),
        ("measurements", f"{stats['measurements']} and {stats['resets']} resets"),
    ]
    probability = stats["error_free_probability"]
    if probability is not None:
        rows.append(("error-free", f"{probability:.4g} of the shots, by the target's published rates"))
    cost = stats["cost"]
    if cost is not None:
        low, high = (cost["fixed"] + 1000 * cost[name] for name in ("per_shot", "per_shot_with_resets"))
        rows.append(
            ("cost", f"{low:,.1f} {cost['unit']} for 1,000 shots ({high:,.1f} if resets count as measurements)")
        )
    return rows


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
    registers: dict[str, int] = {}
    for name, qubits in stats["allocation"].items():
        family = name.partition("[")[0]
        registers[family] = registers.get(family, 0) + len(qubits)
    held = ", ".join(f"{name} {size}" for name, size in registers.items())
    shared = "" if sum(registers.values()) == stats["qubits"] else ", some in turn"
    return f"{stats['qubits']} ({held}{shared})"

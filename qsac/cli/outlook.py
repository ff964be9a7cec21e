"""What a user needs to know before shots are taken: their cost, how many are useful, and whether it is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qsac.cli.messages import note, warn

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled


def run_forecast(compiled: Compiled, target: str | None, shots: int | None) -> dict[str, Any] | None:
    """Cost and useful number of ``shots`` on the machine that a program is compiled for, with the
    :func:`~qsac.compiler.advice.advice`.

    Everything is computed from the circuit and from qsac's own data on the target, never read from an artifact. None
    if the machine is unknown, or without shots. ``target`` is the command's argument.
    """
    from qsac.compiler.advice import advice
    from qsac.counting.stats import circuit_stats, together
    from qsac.machine.read import find_target, is_path
    from qsac.machine.registry import target_names
    from qsac.machine.target import describe
    from qsac.report.forecast import for_shots, forecast

    name = compiled.target["name"]
    from_file = target is not None and is_path(target)
    if shots is None or not (from_file or name in target_names()):
        return None
    machine = find_target(target if target is not None and from_file else name)
    if machine.kind != "device" or describe(machine) != compiled.target:
        return None
    units = [unit for circuit in compiled.circuits for unit in circuit.qubits]
    if machine.qubits is not None and any(index >= machine.qubits for _, index in units):
        return None
    parts = [circuit_stats(circuit, machine) for circuit in compiled.circuits]
    counts = together(parts)
    told = forecast(compiled.model, compiled.subnormalisations, counts, machine, parts)
    said = advice(compiled.model, name, counts, told, compiled.options)
    return for_shots(told, counts, machine, shots) | {"advice": said}


def show_forecast(told: Mapping[str, Any] | None, metric: str | None) -> None:
    """Print a :func:`run_forecast` on stderr; ``metric`` is what shots are needed for."""
    if told is None:
        return
    from qsac.report.summary import shots_text

    text = shots_text(told, metric)
    if text is not None:
        note(text)
    if told["advice"] is not None:
        warn(told["advice"])

"""`qsac targets`: lists and describes the targets."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.messages import say, warn, write
from qsac.cli.passes import note_unreadable
from qsac.cli.tables import Table
from qsac.errors import ExtensionError
from qsac.machine import registry

if TYPE_CHECKING:
    from qsac.machine.target import Durations, ErrorRates, Target

_COSTS = {
    "hqc": "HQC = 5 + shots (N_1q + 10 N_2q + 5 N_m) / 5000",
    "time": "quantum seconds = a job's time + shots (circuit + reset + delay)",
}
_KINDS = {"device": "device", "exact": "exact simulator", "shots": "sampling simulator"}


@click.command("targets")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all data of the target, or of every target.")
def command(name: str | None, as_json: bool) -> None:
    """List the targets, or describe the target NAME: gates, connectivity, limits, error rates with date and source.
    NAME may be a target file, which is checked.

    Compiling for a target needs neither a network nor an account.
    """
    if name is not None:
        from qsac.machine.read import find_target

        target = find_target(name)
        if as_json:
            write(json.dumps(dataclasses.asdict(target), indent=2, allow_nan=False))
        else:
            _describe(target)
        return
    targets, broken = _found()
    note_unreadable()
    if as_json:
        left_out = [{"name": name, "package": error.package, "broken": error.reason} for name, error in broken.items()]
        write(json.dumps([*map(dataclasses.asdict, targets), *left_out], allow_nan=False))
        return
    table = Table(
        "name", "kind", "qubits", "two-qubit gate", "connectivity", "error of it", "as of", numbers=("qubits",)
    )
    for target in targets:
        errors = target.errors
        table.add(
            target.name,
            _KINDS[target.kind],
            "any" if target.qubits is None else str(target.qubits),
            ", ".join(_two_qubit_gates(target)),
            "all to all" if target.coupling is None else f"{len(target.coupling)} pairs",
            _percent(errors.two_qubit) if errors else "-",
            errors.date if errors else "-",
        )
    for broken_name in broken:
        table.add(broken_name, "broken", *("-" * 5))
    table.show()
    for error in broken.values():
        warn(error.reason)
    say("`qsac targets NAME` describes one in full.")


def _found() -> tuple[list[Target], dict[str, ExtensionError]]:
    """The usable targets, and the reasons why targets of other packages are not usable."""
    targets: list[Target] = []
    broken: dict[str, ExtensionError] = {}
    for name in registry.target_names():
        try:
            targets.append(registry.target(name))
        except ExtensionError as error:
            broken[name] = error
    return targets, broken


def _describe(target: Target) -> None:
    table = Table(target.name, target.description)
    if target.notice:
        table.add("notice", target.notice)
    table.add("vendor", target.vendor)
    table.add("kind", _KINDS[target.kind])
    table.add("qubits", "as many as memory holds" if target.qubits is None else str(target.qubits))
    table.add("gates", ", ".join(target.gates))
    table.add("connectivity", _connectivity(target))
    offered = {
        "mid-circuit measurement": target.mid_circuit_measurement,
        "reset": target.reset,
        "feed-forward": target.feed_forward,
    }
    table.add("offers", ", ".join(what for what, is_offered in offered.items() if is_offered) or "-")
    table.add("lacks", ", ".join(what for what, is_offered in offered.items() if not is_offered) or "-")
    if target.max_shots is not None:
        table.add("shots", f"at most {target.max_shots:,} a job")
    if target.cost_formula is not None:
        table.add("cost", _COSTS[target.cost_formula])
    if target.errors is None:
        table.add("error rates", "none" if target.kind != "device" else "unknown")
    else:
        for label, text in _error_rows(target.errors):
            table.add(label, text)
    if target.durations is not None:
        for label, text in _duration_rows(target.durations):
            table.add(label, text)
    table.show()


def _duration_rows(lasts: Durations) -> list[tuple[str, str]]:
    gates = {"one-qubit gate": lasts.one_qubit, "two-qubit gate": lasts.two_qubit}
    slow = {"measurement": lasts.measure, "reset": lasts.reset}
    times = ", ".join(f"{name} {1e9 * seconds:,.4g} ns" for name, seconds in (gates | slow).items())
    return [
        ("durations", times),
        ("between shots", f"{1e6 * lasts.delay:,.4g} us; a job takes {lasts.job:g} s more"),
        ("by", lasts.source),
    ]


def _error_rows(errors: ErrorRates) -> list[tuple[str, str]]:
    slope, offset = errors.two_qubit_scaling
    angle = f" x ({slope:.4g} |angle| / (pi/2) + {offset:.4g})" if slope else ""
    rows = [
        ("one-qubit gate", _percent(errors.one_qubit)),
        ("two-qubit gate", _percent(errors.two_qubit) + angle),
        ("measurement", f"{_percent(errors.measure_0)} in state 0, {_percent(errors.measure_1)} in state 1"),
        (
            "memory",
            f"{_percent(errors.memory)} for each qubit that idles during a layer of two-qubit gates"
            if errors.memory
            else "no rate given: idling is not counted",
        ),
    ]
    if errors.two_qubit_by_edge:
        rates = sorted(rate for _, _, rate in errors.two_qubit_by_edge)
        rows.append(
            ("by pair", f"{_percent(rates[0])} to {_percent(rates[-1])}, two-qubit gates of {len(rates)} pairs")
        )
    return [*rows, ("as of", errors.date), ("source", errors.source)]


def _connectivity(target: Target) -> str:
    if target.coupling is None:
        return "all to all"
    neighbours: dict[int, int] = {}
    for pair in target.coupling:
        for qubit in pair:
            neighbours[qubit] = neighbours.get(qubit, 0) + 1
    directed = ", in one direction each" if _is_directed(target) else ""
    return f"{len(target.coupling)} working pairs{directed}; {max(neighbours.values())} neighbours at most"


def _is_directed(target: Target) -> bool:
    pairs = target.directions or ()
    return bool(pairs) and not {(b, a) for a, b in pairs} & set(pairs)


def _two_qubit_gates(target: Target) -> list[str]:
    from qsac.native.circuit import GATES

    return [gate.name for gate in GATES if gate.qubits == 2 and gate.name in target.gates]


def _percent(rate: float | Any) -> str:
    return f"{100 * rate:.3g} %"

"""What is asked of targets of other packages before they are used: qsac's own are tested for it.

Each function says what is wanted that is not there, or None. They are called where foreign code may run
(:func:`qsac.plugins.contained`), as what they look at may be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from math import isfinite
from typing import TypeGuard, cast, get_args

from qsac.machine.target import Durations, ErrorRates, Target
from qsac.native.circuit import GATES, GateFamily

_FAMILIES: dict[str, tuple[str, ...]] = {"zzphase": ("PhasedX", "Rz"), "cz": ("SX", "X", "Rz")}
"""The one-qubit gates of each family."""


_ENTANGLERS: dict[str, tuple[str, ...]] = {"zzphase": ("ZZPhase",), "cz": ("CZ", "CX", "ECR")}


def target_wants(found: object, name: str) -> str | None:
    """What a target called ``name`` wants: data that is complete, immutable and does not contradict itself."""
    if not isinstance(found, Target) or found.name != name:
        return f"a Target whose name is {name!r}, or a callable that returns one"
    try:
        hash(found)
    except TypeError:
        return "immutable data throughout: tuples in place of lists"
    texts = (found.vendor, found.description, *([] if found.notice is None else [found.notice]))
    if not all(isinstance(text, str) for text in texts):
        return "texts as vendor, description and notice"
    if found.kind not in ("device", "exact", "shots"):
        return "a kind that is 'device', 'exact' or 'shots'"
    if found.qubits is not None and not _is_whole(found.qubits, 1):
        return "a whole number of qubits from 1 on, or None"
    if found.max_shots is not None and not _is_whole(found.max_shots, 1):
        return "a whole number of max_shots from 1 on, or None"
    if found.cost_formula not in (None, "hqc", "time"):
        return "a cost_formula that is 'hqc', 'time' or None"
    return _wanted_gates(found) or _wanted_pairs(found) or _wanted_rates(found.errors) or _wanted_times(found.durations)


def _wanted_gates(found: Target) -> str | None:
    if found.family not in get_args(GateFamily):
        return f"a family that is one of {', '.join(get_args(GateFamily))}"
    known = {gate.name for gate in GATES}
    if not isinstance(found.gates, tuple) or not set(found.gates) <= known:
        return f"gates that are among {', '.join(sorted(known))}"
    single, entangling = _FAMILIES[found.family], _ENTANGLERS[found.family]
    if not {*single, "Measure"} <= set(found.gates) or not set(entangling) & set(found.gates):
        return f"the gates {', '.join(single)}, Measure and one of {', '.join(entangling)} of the family {found.family}"
    abilities = (found.mid_circuit_measurement, found.reset, found.feed_forward)
    if not all(isinstance(ability, bool) for ability in abilities) or found.reset != ("Reset" in found.gates):
        return "true or false for what it offers, and the gate Reset exactly where it offers reset"
    return None


def _wanted_pairs(found: Target) -> str | None:
    """Beyond what every :class:`~qsac.machine.target.Target` checks itself."""
    if not all(_are_pairs(pairs) for pairs in (found.coupling or (), found.directions or ())):
        return "pairs of whole numbers in its coupling and its directions"
    coupling = found.coupling or ()
    if list(coupling) != sorted({(min(pair), max(pair)) for pair in coupling}):
        return "a coupling of pairs (a, b) with a < b, each once and in order"
    undirected = {(min(pair), max(pair)) for pair in found.directions or ()}
    if found.directions is not None and undirected != set(coupling):
        return "directions of the pairs of its coupling"
    return None


def _wanted_rates(rates: ErrorRates | None) -> str | None:
    if rates is None:
        return None
    if not isinstance(rates, ErrorRates):
        return "errors that are ErrorRates"
    single = [rates.one_qubit, rates.two_qubit, rates.measure_0, rates.measure_1, rates.memory]
    by_place = [*rates.one_qubit_by_qubit, *(rate for pair in rates.measure_by_qubit for rate in pair)]
    if not _are_numbers([*single, *by_place, *(edge[2] for edge in rates.two_qubit_by_edge)], 1):
        return "error rates from 0 to 1"
    if len(rates.two_qubit_scaling) != 2 or not _are_numbers(rates.two_qubit_scaling):
        return "a two_qubit_scaling of two numbers from 0 on"
    return None if isinstance(rates.date, str) and isinstance(rates.source, str) else "texts as date and source"


def _wanted_times(lasts: Durations | None) -> str | None:
    if lasts is None:
        return None
    if not isinstance(lasts, Durations):
        return "durations that are Durations"
    *seconds, source = astuple(lasts)
    return None if _are_numbers(seconds) and isinstance(source, str) else "durations in seconds from 0 on, and a source"


def _is_whole(value: object, least: int, most: int | None = None) -> TypeGuard[int]:
    return type(value) is int and value >= least and (most is None or value <= most)


def _are_pairs(pairs: object) -> bool:
    return isinstance(pairs, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and all(_is_whole(qubit, 0) for qubit in pair) for pair in pairs
    )


def _are_numbers(values: Sequence[object], most: float | None = None) -> bool:
    """Whether all are finite numbers from 0 on, up to ``most`` if that is given."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return False
    numbers = cast("Sequence[float]", values)
    return all(isfinite(number) and number >= 0 and (most is None or number <= most) for number in numbers)

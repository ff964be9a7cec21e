"""Targets from what other packages say of machines: Qiskit's ``BackendV2`` and ``Target``, pytket's ``Backend`` and
``BackendInfo``.

Neither package is imported here: an object of theirs cannot exist before its package is loaded. What they say is first
brought to the same plain data (:class:`Described`), so that one set of rules decides what can be compiled for.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from numbers import Real
from typing import NamedTuple

from qsac.errors import DoesNotFitError, InvalidInputError, printable
from qsac.files.limits import NAME_CHARACTERS
from qsac.files.pointer import listed
from qsac.machine.coupling import PAIRS, Edge
from qsac.machine.read import NEEDED, QUBITS
from qsac.machine.registry import target_names
from qsac.machine.target import Durations, ErrorRates, Target, idling_error

Place = tuple[int, ...]

_ALL_TO_ALL = ("ZZPhase", "CZ", "ECR", "CX")
_ON_A_GRAPH = ("CZ", "ECR", "CX", "ZZPhase")
"""Two-qubit gates in the order in which they are chosen. Circuits are routed as CZ, so that is best on a graph."""

_DIRECTED = ("ECR", "CX")

UNDATED = "unknown date"
"""What stands for the date of error rates that have none."""


@dataclass(frozen=True)
class Described:
    """What a package says of a machine.

    Gates go by qsac's names; ``words`` says how the package calls each of them, and ``offered`` is the names of all
    that the machine has, for messages. ``places`` holds where each gate works: qubits or ordered pairs, None for
    everywhere. ``errors`` are probabilities by gate and place, ``readout`` by qubit as in
    :class:`~qsac.machine.target.ErrorRates`; ``seconds`` are typical times by gate; ``coherence`` is typical T1 and T2
    in seconds, ``delay`` what passes between shots. What is not said is left out.
    """

    name: str
    package: str
    qubits: int | None
    words: Mapping[str, str]
    offered: tuple[str, ...]
    places: Mapping[str, frozenset[Place] | None]
    errors: Mapping[str, Mapping[Place, float]] = field(default_factory=dict)
    readout: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    coherence: tuple[float, float] | None = None
    delay: float = 0.0
    mid_circuit_measurement: bool = True
    feed_forward: bool = False
    max_shots: int | None = None


def target_of_backend(chosen: object) -> Target | None:
    """The target that an object of Qiskit's or pytket's describes; None for any other object.

    Raises :class:`~qsac.errors.InvalidInputError` for machines without gates that qsac writes, and
    :class:`~qsac.errors.DoesNotFitError` for those with too many qubits or pairs.
    """
    from qsac.machine import pytket, qiskit

    described = qiskit.described(chosen) or pytket.described(chosen)
    return None if described is None else target_of(described)


def probability(value: object) -> float | None:
    """An error rate; 1 for whatever is larger, None for what is not a rate."""
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) >= 0:
        return None
    return min(float(value), 1.0)


def median(values: Iterable[object]) -> float | None:
    """The median of the positive numbers among some values, None if there are none."""
    found = [float(value) for value in values if isinstance(value, Real) and 0 < float(value) < inf]
    return statistics.median(found) if found else None


def unreadable(package: str, error: Exception) -> InvalidInputError:
    """What is raised where a backend's own description fails."""
    return InvalidInputError(
        f"{package}'s backend does not say what machine it is",
        code="target.undescribed-backend",
        found=f"{type(error).__name__}: {error}"[:300],
    )


class _Choice(NamedTuple):
    """A two-qubit gate to compile for: the ordered pairs it works on (None: all), and the qubits that work."""

    gate: str
    pairs: frozenset[Edge] | None
    working: frozenset[int] | None

    @property
    def edges(self) -> tuple[Edge, ...] | None:
        """The pairs, each in ascending order."""
        return None if self.pairs is None else tuple(sorted({(min(pair), max(pair)) for pair in self.pairs}))


def target_of(described: Described) -> Target:
    """The target of a machine; raises as :func:`target_of_backend`."""
    _check_size(described)
    choice = _chosen(described)
    if choice.pairs is not None and not described.mid_circuit_measurement:
        raise InvalidInputError(
            "a machine with a coupling graph has to measure in mid-circuit",
            code="target.no-mid-circuit-measurement",
            found=f"{described.name}, which {described.package} says does not",
            wanted="mid-circuit measurement, or all-to-all coupling",
            help="registers are measured where they end, and routing moves other qubits through them afterwards",
        )
    reset = "Reset" in described.places and _covers(described.places["Reset"], choice.working, described.qubits)
    name = _name(described)
    count = "any number of" if described.qubits is None else str(described.qubits)
    durations = _durations(described, choice.gate)
    errors, complaint = _errors(described, choice)
    made = Target(
        name=name,
        vendor=described.package,
        description=f"{printable(described.name)}, {count} qubits, as {described.package} describes it",
        kind="device",
        qubits=described.qubits,
        family="zzphase" if choice.gate == "ZZPhase" and choice.pairs is None else "cz",
        gates=(*NEEDED[choice.gate], choice.gate, "Measure", *(("Reset",) if reset else ())),
        coupling=choice.edges,
        directions=_directions(choice),
        mid_circuit_measurement=described.mid_circuit_measurement,
        reset=reset,
        feed_forward=described.feed_forward,
        max_shots=described.max_shots,
        errors=errors,
        durations=durations,
        notice=complaint,
    )
    unused = (made.qubits or 0) - (made.connected or 0)
    if not unused:
        return made
    notice = f"of the {made.qubits} qubits of {name} {unused} cannot be reached, and are not used"
    return Target(**{**vars(made), "notice": "; ".join(filter(None, (notice, complaint)))})


def _check_size(described: Described) -> None:
    if described.qubits is not None and described.qubits > QUBITS:
        raise DoesNotFitError(
            "the machine has too many qubits",
            code="target.too-many-qubits",
            found=f"{described.qubits:,}",
            wanted=f"at most {QUBITS:,}",
        )
    most = max((len(places) for places in described.places.values() if places is not None), default=0)
    if most > 2 * PAIRS:
        raise DoesNotFitError(
            "the coupling graph is too large",
            code="target.coupling-too-large",
            found=f"{most:,} ordered pairs",
            wanted=f"at most {2 * PAIRS:,}",
        )


def _name(described: Described) -> str:
    """The machine's name as a target's: letters, digits and . _ - alone, and none that means another target."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", described.name).strip("._-")[: NAME_CHARACTERS - 20]
    name = name or f"{described.package.lower()}-machine"
    while name in target_names() or name.endswith(".json"):
        name += "-backend"
    return name


def _chosen(described: Described) -> _Choice:
    """The two-qubit gate that connects the most qubits; of several the one that comes first."""
    possible = [
        choice
        for gate in _ALL_TO_ALL
        if {*NEEDED[gate], gate, "Measure"} <= set(described.places)
        and (choice := _choice(described, gate)) is not None
    ]
    if not possible:
        named = any({*NEEDED[gate], gate, "Measure"} <= set(described.places) for gate in _ALL_TO_ALL)
        raise InvalidInputError(
            f"{printable(described.name)} has no two working qubits with a two-qubit gate between them"
            if named
            else f"{printable(described.name)} does not have the gates that qsac writes",
            code="target.no-coupled-qubits" if named else "target.missing-gates",
            found=f"the gates {listed(sorted(described.offered))}" if described.offered else "no gates",
            wanted=_wanted(described.words),
            help="a machine that has them under other names can be described in a target file: "
            "`qsac schema --of target`",
        )

    def rank(choice: _Choice) -> tuple[float, bool, int]:
        order = _ALL_TO_ALL if choice.pairs is None else _ON_A_GRAPH
        return -_connected(choice, described.qubits), choice.pairs is not None, order.index(choice.gate)

    return min(possible, key=rank)


def _wanted(words: Mapping[str, str]) -> str:
    """The gates of which a machine needs some, as the package calls them."""
    plain = [words[gate] for gate in NEEDED["CZ"]]
    ions = [words[gate] for gate in NEEDED["ZZPhase"]]
    return (
        f"{', '.join(plain)}, {words['Measure']} and one of {words['CZ']}, {words['ECR']} and {words['CX']}; or "
        f"{', '.join(ions)}, {words['Measure']} and {words['ZZPhase']}, the rotations by any angle"
    )


def _choice(described: Described, gate: str) -> _Choice | None:
    """The pairs of a gate whose qubits have all that they need; None if no pair has."""
    working: frozenset[int] | None = None
    for needed in (*NEEDED[gate], "Measure"):
        places = described.places[needed]
        if places is not None:
            here = frozenset(place[0] for place in places)
            working = here if working is None else working & here
    count = described.qubits
    if working is not None and count is not None and len(working) == count:
        working = None
    given = described.places[gate]
    if given is not None:
        pairs = frozenset((a, b) for a, b in given if working is None or {a, b} <= working)
        if not pairs:
            return None
        complete = count is not None and len({frozenset(pair) for pair in pairs}) == count * (count - 1) // 2
        return _Choice(gate, None if complete and gate not in _DIRECTED else pairs, working)
    if count == 1:
        return None
    if working is None and (gate not in _DIRECTED or count is None):
        # Without a number of qubits there is nothing to route on: a simulator takes CX or ECR as it takes CZ.
        return None if gate in _DIRECTED else _Choice(gate, None, None)
    qubits = range(count or 0) if working is None else sorted(working)
    if len(qubits) * (len(qubits) - 1) // 2 > PAIRS:
        return None
    pairs = frozenset((a, b) for a in qubits for b in qubits if a != b)
    return _Choice(gate, pairs, working) if pairs else None


def _connected(choice: _Choice, qubits: int | None) -> float:
    """The most qubits that a circuit can use."""
    if choice.edges is None:
        return inf if qubits is None else qubits
    known = Target("", "", "", "device", 1 + max(b for _, b in choice.edges), "cz", (), choice.edges)
    return len(known.part)


def _directions(choice: _Choice) -> tuple[Edge, ...] | None:
    """The ordered pairs of a gate that does not work both ways everywhere."""
    if choice.pairs is None or choice.gate not in _DIRECTED or all((b, a) in choice.pairs for a, b in choice.pairs):
        return None
    return tuple(sorted(choice.pairs))


def _covers(places: frozenset[Place] | None, working: frozenset[int] | None, qubits: int | None) -> bool:
    """Whether a one-qubit gate works on all qubits that are used."""
    if places is None:
        return True
    here = {place[0] for place in places}
    return here >= set(range(qubits or 0) if working is None else working) and qubits is not None


def _errors(described: Described, choice: _Choice) -> tuple[ErrorRates | None, str | None]:
    """The error rates, or None and what to tell the user where some of them are not known at all."""
    turn = described.errors.get(NEEDED[choice.gate][0], {})
    one = {place[0]: error for place, error in turn.items() if error < 1}
    read = {qubit: rates for qubit, rates in described.readout.items() if max(rates) < 1}
    two: dict[Edge, float] = {}
    for place, error in described.errors.get(choice.gate, {}).items():
        if choice.pairs is None or place in choice.pairs:
            edge = (min(place), max(place))
            two[edge] = min(error, two.get(edge, 1.0))
    kinds = {"one-qubit gates": one, "two-qubit gates": two, "measurements": read}
    unknown = [kind for kind, known in kinds.items() if not known]
    if unknown:
        said = len(unknown) < len(kinds)
        complaint = f"{printable(described.name)} says nothing of the errors of {' and '.join(unknown)}: no estimates"
        return None, complaint if said else None
    one_qubit, two_qubit = statistics.median(one.values()), statistics.median(two.values())
    zero, one_read = (statistics.median(rates[state] for rates in read.values()) for state in (0, 1))
    memory = 0.0
    if described.coherence is not None and choice.gate in described.seconds:
        memory = idling_error(described.seconds[choice.gate], *described.coherence)
    averages = ErrorRates(
        one_qubit=one_qubit,
        two_qubit=two_qubit,
        measure_0=zero,
        measure_1=one_read,
        memory=memory,
        date=UNDATED,
        source=f"medians of what {described.package} says of {printable(described.name)}; "
        + ("memory: T1 and T2" if memory else "none for waiting"),
    )
    if choice.edges is None or described.qubits is None:
        return averages, None
    working = frozenset(range(described.qubits)) if choice.working is None else choice.working
    return (
        ErrorRates(
            **{
                **vars(averages),
                "one_qubit_by_qubit": tuple(
                    one.get(qubit, one_qubit) if qubit in working else 1.0 for qubit in range(described.qubits)
                ),
                "two_qubit_by_edge": tuple((a, b, two.get((a, b), two_qubit)) for a, b in choice.edges),
                "measure_by_qubit": tuple(
                    read.get(qubit, (zero, one_read)) if qubit in working else (1.0, 1.0)
                    for qubit in range(described.qubits)
                ),
            }
        ),
        None,
    )


def _durations(described: Described, gate: str) -> Durations | None:
    """How long the machine takes; None unless it is known of gates and measurements."""
    turn = NEEDED[gate][0]
    found = [described.seconds.get(name, 0.0) for name in (turn, gate, "Measure")]
    if not all(isfinite(seconds) and seconds > 0 for seconds in found):
        return None
    one, two, measure = found
    return Durations(
        one_qubit=one,
        two_qubit=two,
        measure=measure,
        # A reset is a measurement and an X where its own time is not given.
        reset=described.seconds.get("Reset", measure + one),
        delay=described.delay,
        job=0.0,
        source=f"medians of what {described.package} says of {printable(described.name)}"
        + ("" if described.delay else "; none between shots"),
    )

"""Whether a circuit is one that its target runs, and whether its maps and groups are of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.reading import outcome_bits
from qsac.checking.parts import Part
from qsac.checking.report import Finding
from qsac.ir.attention import Amplify
from qsac.ir.attention.amplify import clean_qubits
from qsac.machine.target import Target
from qsac.native.circuit import GATES, KIND, NativeCircuit, Unit

_MOST = 8
"""Findings of one kind that are listed; the rest is counted."""

Allocated = dict[str, tuple[int, ...]]
"""The numbers of the logical qubits that each register of an attention program has."""

_QUBIT = re.compile(r"q\[(0|[1-9][0-9]{0,8})\]")


def check_circuit(part: Part, target: Target) -> Iterator[Finding]:
    """What a circuit does that its target cannot do, and what its maps and groups say that is not so."""
    yield from runs_on(part.circuit, target, part.pointer)
    allocation = read_allocation(part)
    if allocation is None:
        wanted = "a logical qubit for each qubit of each register: " + ", ".join(part.program.scope.sizes)
        yield Finding(f"{part.stats_pointer}/allocation", "not an allocation of the program's registers", None, wanted)
    else:
        yield from _maps(part, target, allocation)
    yield from _groups(part)


def runs_on(circuit: NativeCircuit, target: Target, pointer: str = "/circuits/0") -> Iterator[Finding]:
    """What a circuit does that a machine cannot do; ``pointer`` is its place."""
    yield from _gates(circuit, target, pointer)
    yield from _qubits(circuit, target, pointer)
    yield from _pairs(circuit, target, pointer)
    if not target.reset:
        yield from _resets(circuit, target, pointer)
    if not target.mid_circuit_measurement:
        yield from _reuse(circuit, target, pointer)


def _commands(at: str, places: Any, field: str, title: str, found: list[str], wanted: str) -> Iterator[Finding]:
    """One finding a command, for the first few."""
    for place, text in list(zip(places.tolist(), found, strict=True))[:_MOST]:
        yield Finding(f"{at}/circuit/commands/{place}/{field}", title, text, wanted)
    if len(places) > _MOST:
        yield Finding(f"{at}/circuit/commands", title, f"{len(places):,} such gates in all", wanted)


def _gates(circuit: NativeCircuit, target: Target, at: str) -> Iterator[Finding]:
    known = [KIND[name] for name in target.gates]
    places = np.flatnonzero(~np.isin(circuit.kind, known))
    names = [GATES[kind].name for kind in circuit.kind[places].tolist()]
    yield from _commands(
        at, places, "op/type", f"a gate that {target.name} does not have", names, ", ".join(target.gates)
    )
    if target.coupling is not None:  # a router may join two quarter turns of one pair
        return
    wide = np.flatnonzero((circuit.kind == KIND["ZZPhase"]) & (np.abs(circuit.angles[:, 0]) > 0.5))
    angles = [repr(angle) for angle in circuit.angles[wide, 0].tolist()]
    yield from _commands(
        at, wide, "op/params/0", "a ZZPhase beyond a quarter turn", angles, "from -0.5 to 0.5 half-turns"
    )


def _qubits(circuit: NativeCircuit, target: Target, at: str) -> Iterator[Finding]:
    limit = target.connected
    if limit is not None and len(circuit.qubits) > limit:
        found = f"{len(circuit.qubits)} qubits"
        yield Finding(f"{at}/circuit/qubits", f"more qubits than {target.name} has", found, f"at most {limit}")
    declared: set[Unit] = set()
    for place, (register, index) in enumerate(circuit.qubits):
        pointer, shown = f"{at}/circuit/qubits/{place}", f"{register}[{index}]"
        if (register, index) in declared:
            yield Finding(pointer, "a qubit is declared twice", shown, "each qubit once")
            return
        declared.add((register, index))
        if target.coupling is None:
            right, wanted = (register, index) == ("q", place), f"q[{place}]"
        else:
            right = register == "node" and index < (target.qubits or 0)
            wanted = f"node[0] to node[{(target.qubits or 0) - 1}]"
        if not right:
            yield Finding(pointer, f"not a qubit of {target.name}", shown, wanted)
            return


def _pairs(circuit: NativeCircuit, target: Target, at: str) -> Iterator[Finding]:
    """Two-qubit gates on pairs that are not coupled, and those whose order matters, against the machine's direction."""
    if target.coupling is None:
        return
    apart, against = circuit.off_coupling(target.coupling, target.directions)
    title = f"a pair that {target.name} does not couple"
    yield from _commands(at, apart, "args", title, _pairs_of(circuit, apart), "a coupled pair")
    title = f"a pair that {target.name} couples in the other direction only"
    yield from _commands(at, against, "args", title, _pairs_of(circuit, against), "the two qubits in the other order")


def _pairs_of(circuit: NativeCircuit, places: NDArray[np.intp]) -> list[str]:
    """The two qubits of the two-qubit gates at some places."""
    names = [f"{register}[{index}]" for register, index in circuit.qubits]
    ends = zip(circuit.first[places].tolist(), circuit.second[places].tolist(), strict=True)
    return [f"{names[first]}, {names[second]}" for first, second in ends]


def _resets(circuit: NativeCircuit, target: Target, at: str) -> Iterator[Finding]:
    """Resets on a machine that has none, unless its gates do not name them either, which :func:`_gates` finds."""
    if "Reset" not in target.gates:
        return
    places = np.flatnonzero(circuit.kind == KIND["Reset"])
    title = f"a qubit is reset, which {target.name} cannot do"
    yield from _commands(at, places, "op/type", title, ["Reset"] * len(places), "no resets")


def _reuse(circuit: NativeCircuit, target: Target, at: str) -> Iterator[Finding]:
    """Gates on measured qubits, on a machine that measures at the end only."""
    measured: set[int] = set()
    for place, (kind, first, second) in enumerate(
        zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True)
    ):
        qubits = {first, second} if GATES[kind].qubits == 2 else {first}
        if qubits & measured:
            title = f"a qubit is used after its measurement, which {target.name} cannot do"
            yield Finding(f"{at}/circuit/commands/{place}", title, GATES[kind].name, "no gate after it")
            return
        if kind == KIND["Measure"]:
            measured.add(first)


def read_allocation(part: Part) -> Allocated | None:
    """The logical qubits of each register, by their numbers; None where that is not what the statistics say."""
    found = part.stats.get("allocation")
    sizes = part.program.scope.sizes
    if not isinstance(found, dict) or found.keys() != sizes.keys():
        return None
    allocation = {}
    for name, size in sizes.items():
        held = found[name] if isinstance(found[name], list) else ()
        matches = [_QUBIT.fullmatch(qubit) for qubit in held if isinstance(qubit, str)]
        numbers = tuple(int(match[1]) for match in matches if match)
        if not len(held) == len(numbers) == len(set(numbers)) == size:
            return None
        allocation[name] = numbers
    return allocation


def _maps(part: Part, target: Target, allocation: Allocated) -> Iterator[Finding]:
    circuit, at = part.circuit, part.pointer
    program = part.program
    clean = max((clean_qubits(op, program.scope) for op in program.ops if isinstance(op, Amplify)), default=0)
    logical = len({number for numbers in allocation.values() for number in numbers}) + clean
    for name, places in (("initial_map", circuit.initial_map), ("final_map", circuit.final_map)):
        if len(set(places)) < len(places) or len(places) != logical:
            wanted = f"a place of its own for each of {logical} logical qubits"
            yield Finding(f"{at}/{name}", "not a map of the logical qubits", f"{len(places)} places", wanted)
            return
        # Where they end is not told: a swap at the end of a block is a change of names.
        if target.coupling is None and name == "initial_map" and places != tuple(range(len(circuit.qubits))):
            yield Finding(f"{at}/{name}", "qubits have moved without routing", None, "each qubit to itself")
    yield from _ends(part, allocation)


def _ends(part: Part, allocation: Allocated) -> Iterator[Finding]:
    """A qubit that nothing touches after its last register was measured has ended where it was measured."""
    circuit, program, at = part.circuit, part.program, part.pointer
    last_of: dict[int, int] = {}
    measured: dict[int, tuple[int, int]] = {}
    for place, (kind, first, second) in enumerate(
        zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True)
    ):
        last_of[first] = place
        if GATES[kind].qubits == 2:
            last_of[second] = place
        elif kind == KIND["Measure"]:
            measured[second] = (place, first)
    bits = {unit: index for index, unit in enumerate(circuit.bits)}
    ended: dict[int, tuple[int, int]] = {}
    for register, numbers in allocation.items():
        for logical, unit in zip(numbers, outcome_bits((register,), program), strict=True):
            end = measured.get(bits.get(unit, -1))
            if end is not None:
                ended[logical] = max(ended.get(logical, end), end)
    for logical, (place, qubit) in ended.items():
        if last_of[qubit] == place and logical < len(circuit.final_map) and circuit.final_map[logical] != qubit:
            register, index = circuit.qubits[circuit.final_map[logical]]
            wanted = "{}[{}], where it is measured".format(*circuit.qubits[qubit])
            title = f"the logical qubit q[{logical}] ends elsewhere"
            yield Finding(f"{at}/final_map/{logical}", title, f"{register}[{index}]", wanted)


def _groups(part: Part) -> Iterator[Finding]:
    """A measurement is of the op that projects what it measures. That groups are of ops of the program, in order and
    apart from each other, is what reading an artifact checks."""
    circuit, program = part.circuit, part.program
    projecting = {unit: place for place, op in enumerate(program.ops) for unit in outcome_bits(op.outcomes, program)}
    measured = np.flatnonzero(circuit.kind == KIND["Measure"])
    found = 0
    for place, (first, last, ops) in enumerate(circuit.groups):
        gates = measured[np.searchsorted(measured, first) : np.searchsorted(measured, last, side="right")]
        wanted = [projecting[unit] for bit in circuit.second[gates] if (unit := circuit.bits[bit]) in projecting]
        missing = sorted(set(wanted) - {*ops})
        if missing and found < _MOST:
            found += 1
            title, said = "a measurement in the group of other ops", ", ".join(map(str, missing))
            yield Finding(
                f"{part.pointer}/groups/{place}", title, str(list(ops)), f"{said}, which projects what is measured"
            )

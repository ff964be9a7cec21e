"""A circuit as a page draws it: gates in columns with the step at which each begins, ops, registers and bits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.compiler.options import Options
from qsac.counting.clock import STEPS
from qsac.errors import QsacError
from qsac.lowering.allocation import allocate
from qsac.machine.target import Target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.provenance import Provenance
from qsac.pipeline.contract import PassContext
from qsac.views.page.columns import packed, whole

_ONE_QUBIT = [KIND[name] for name in ("PhasedX", "SX", "X")]
"""The one-qubit gates that statistics count."""


def circuit_data(
    compiled: Compiled, place: int, machine: Target, options: Options, blobs: dict[str, Any]
) -> dict[str, Any]:
    """One circuit of a compiled program, by its place. Columns go to ``blobs``."""
    circuit, program = compiled.circuits[place], compiled.programs[place]
    known = Provenance.of_groups(circuit.groups, len(circuit))
    columns = {
        "kind": whole(circuit.kind),
        "first": whole(circuit.first),
        "second": whole(circuit.second + 1),  # 0 where there is none
        "angle": packed(circuit.angles[:, 0], "f4"),
        "axis": packed(circuit.angles[:, 1], "f4"),
        "group": whole(known.of),
        "step": whole(begins(circuit)),
    }
    for name, column in columns.items():
        blobs[f"{place}.{name}"] = column
    sets = len(known.sets)
    two = np.bincount(known.of[circuit.paired], minlength=sets)
    one = np.bincount(known.of[np.isin(circuit.kind, _ONE_QUBIT)], minlength=sets)
    return {
        "name": circuit.name,
        "gates": len(circuit),
        "twoQubit": circuit.two_qubit_gates,
        "oneQubit": circuit.one_qubit_gates,
        "kinds": [[gate.name, gate.qubits, gate.parameters] for gate in GATES],
        "qubits": [f"{register}[{index}]" for register, index in circuit.qubits],
        "nodes": [index for _, index in circuit.qubits],
        "bits": [f"{register}[{index}]" for register, index in circuit.bits],
        "sets": [list(ids) for ids in known.sets],
        "counts": [[int(a), int(b)] for a, b in zip(one, two, strict=True)],
        "ops": [{**asdict(op), "words": op.words} for op in compiled.parts_ops[place]],
        "registers": [[register.name, register.size] for register in program.registers],
        "allocation": _allocation(compiled, place, machine, options),
        "initial": list(circuit.initial_map),
        "final": list(circuit.final_map),
        "subnormalisation": program.subnormalisation,
    }


def begins(circuit: NativeCircuit) -> NDArray[np.int64]:
    """The step at which each gate begins, as early as its qubits allow: every gate takes one, but for Rz."""
    free = [0] * len(circuit.qubits)
    lasts = [int(STEPS.get(gate.name, 0)) for gate in GATES]
    pairs = [gate.qubits == 2 for gate in GATES]
    found = []
    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist())
    for kind, first, second in zip(*columns, strict=True):
        if pairs[kind]:
            begin = max(free[first], free[second])
            free[first] = free[second] = begin + lasts[kind]
        else:
            begin = free[first]
            free[first] = begin + lasts[kind]
        found.append(begin)
    return np.array(found, dtype=np.int64)


def _allocation(compiled: Compiled, place: int, machine: Target, options: Options) -> dict[str, list[int]] | None:
    """The logical qubits of each register, most significant first; None where it cannot be told.

    Without routing they are allocated again; what is laid out along a graph has chosen for itself, and the artifact is
    taken at its word where that can be.
    """
    circuit, program = compiled.circuits[place], compiled.programs[place]
    count = len(circuit.initial_map) or len(circuit.qubits)
    if machine.coupling is None:
        context = PassContext(machine, options.optimisation, options.seed, options.qubits, options.prefer)
        try:
            found = {name: list(qubits) for name, qubits in allocate(program, context).qubits.items()}
        except QsacError:
            return None
    else:
        found = compiled.parts_stats[place]["allocation"]
    places = {f"q[{number}]": number for number in range(count)}
    sizes = program.scope.sizes
    named = {name: qubits for name, qubits in found.items() if name in sizes}
    if any(one not in places for qubits in named.values() for one in qubits):
        return None
    return {name: [places[one] for one in qubits] for name, qubits in named.items()}

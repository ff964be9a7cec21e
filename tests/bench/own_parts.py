"""Parts of qsac's circuits by themselves: an index state, a loader or a single state, compiled as programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Statevector

from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.export.qiskit import to_qiskit
from qsac.ir.attention import LoadTokens, PrepareIndex, PrepareIndices
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.lowering.allocation import allocate
from qsac.machine.read import find_target
from qsac.machine.registry import target as target_named
from qsac.pipeline.stages import Watch

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

TOLERANCE = 1e-9
"""Largest deviation of a part's state from what it has to be."""


def index_state_in_cx(context: int) -> QuantumCircuit:
    """The index state in u and CX: that for ZZPhase or that for CZ, whichever takes fewer CX."""
    free = replace(target_named("ibm-fez"), coupling=None, directions=None)
    written = [
        transpile(index_state(context, target), basis_gates=["u", "cx"], optimization_level=3, seed_transpiler=0)
        for target in ("h1", free)
    ]
    return min(written, key=lambda circuit: circuit.count_ops().get("cx", 0))


def index_state(context: int, target: AnyTarget = "h1", optimisation: int = 2) -> QuantumCircuit:
    """The causal index state of ``context`` tokens: ``key`` on the first qubits, then ``query``, least significant
    first."""
    size = (context - 1).bit_length()
    pairs = np.zeros((1 << size, 1 << size))
    pairs[:context, :context] = np.tri(context)
    op = PrepareIndices("query", "key", "causal", context)
    wanted = pairs.reshape(-1) / np.linalg.norm(pairs)
    return _prepared(wanted, (op,), {"query": size, "key": size}, {}, target, optimisation)


def state(amplitudes: NDArray[Any], target: AnyTarget = "h1", optimisation: int = 2) -> QuantumCircuit:
    """A state of n qubits, as a table of one row; its least significant qubit first."""
    row = amplitudes.real if not np.any(np.imag(amplitudes)) else amplitudes
    sizes = {"data": (len(row) - 1).bit_length()}
    op = LoadTokens("data", (), "state")
    return _prepared(amplitudes, (op,), sizes, {"state": row[None, :]}, target, optimisation)


def loaded(rows: NDArray[Any], target: AnyTarget = "h1", optimisation: int = 2) -> QuantumCircuit:
    """The sum of |i>|row i> over all rows of a table, shape (2^m, 2^n): data on the first qubits, then the index, least
    significant first."""
    sizes = {"index": (len(rows) - 1).bit_length(), "data": (rows.shape[1] - 1).bit_length()}
    ops = (PrepareIndex("index", len(rows)), LoadTokens("data", ("index",), "rows"))
    return _prepared(rows.reshape(-1) / np.sqrt(len(rows)), ops, sizes, {"rows": rows}, target, optimisation)


def _prepared(
    wanted: NDArray[Any],
    ops: tuple[Op, ...],
    sizes: dict[str, int],
    tables: dict[str, NDArray[Any]],
    target: AnyTarget,
    optimisation: int,
) -> QuantumCircuit:
    """The circuit of ops that prepare the state ``wanted``, after the passes of an optimisation level.

    On a coupling graph qubits that only help to route come last. Raises RuntimeError where it prepares something else.
    """
    registers = tuple(Register(name, size) for name, size in sizes.items())
    # Everything is looked at in the end: what waits on a qubit is written.
    ops = (*ops, SaveProbabilities(tuple(sizes), "all"))
    held = {name: Table(values) for name, values in tables.items()}
    program = Program("part", "attention", registers, held, ops, ())
    compilation = Compilation(find_target(target), Options(optimisation=optimisation), Watch(None), None)
    passed = compilation.passed(program)
    blocks, allocation = compilation.blocks(passed), allocate(passed, compilation.context)
    native = compilation.native(blocks, allocation, passed).circuit
    written = to_qiskit(native)
    order = list(native.final_map[::-1])
    order += [place for place in range(written.num_qubits) if place not in order]
    turned = QuantumCircuit(written.num_qubits)
    turned.compose(written, [order.index(place) for place in range(written.num_qubits)], inplace=True)
    return _turned(turned, wanted)


def _turned(circuit: QuantumCircuit, wanted: NDArray[Any]) -> QuantumCircuit:
    """With the Rz on each qubit that emission leaves to what comes after it: a change of frame, no gate.

    They are read off the state itself, from the phases at an amplitude and at those nearest to it, a qubit each; the
    result is compared with what is wanted, at every amplitude. Qubits beyond those of the state must be left at 0.
    """
    found = Statevector(circuit).data[: len(wanted)]
    qubits = (len(wanted) - 1).bit_length()
    bits = (np.arange(len(wanted))[:, None] >> np.arange(qubits)) & 1
    first = np.argmax(np.abs(wanted))
    held = np.flatnonzero(np.abs(wanted) > 1e-4)
    places: list[int] = []
    for place in held[np.argsort(np.abs(bits[held] - bits[first]).sum(axis=1), kind="stable")]:
        rows = np.column_stack([np.ones(len(places) + 1), bits[[*places, place]]])
        if np.linalg.matrix_rank(rows) == len(rows):
            places.append(int(place))
    rows = np.column_stack([np.ones(len(places)), bits[places]])
    missing = np.angle(wanted[places] * found[places].conj())
    phase, *angles = np.linalg.lstsq(rows, missing, rcond=None)[0]
    turned = circuit.copy()
    for qubit, angle in enumerate(angles):
        turned.rz(angle, qubit)
    deviation = np.max(np.abs(found * np.exp(1j * (phase + bits @ np.array(angles))) - wanted))
    if deviation > TOLERANCE:
        raise RuntimeError(f"another state than wanted: off by {deviation:.1e}")
    return turned

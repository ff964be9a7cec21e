"""Registers to qubits: linear scan over the registers' lifetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from qsac.ir.attention import Amplify
from qsac.ir.attention.amplify import clean_qubits
from qsac.ir.program import Program
from qsac.pipeline.contract import PassContext


@dataclass(frozen=True)
class Allocation:
    """Where each register of an attention program lies, and how many qubits there are in all.

    ``qubits[register]`` are block-level register names, most significant first. ``reused`` are the registers whose
    qubits held another one before, and must be reset first. ``clean`` are qubits of no register that reflections of
    amplification take.
    """

    qubits: Mapping[str, tuple[str, ...]]
    width: int
    reused: Mapping[str, tuple[str, ...]]
    clean: tuple[str, ...] = ()


def qubit_name(index: int) -> str:
    """The block-level register of a qubit."""
    return f"q[{index}]"


def allocate(program: Program, context: PassContext) -> Allocation:
    """Give each register qubits at its first use, and free them at its projection (Construction, section 4).

    With the program's order kept, the fewest qubits are the most live at once: registers take the lowest free ones.
    ``prefer="depth"`` takes qubits that were not used yet as long as the limit allows, so that a score copy can be
    loaded by ``key`` while the one before it is uncomputed by ``query``. A target that cannot measure and reset in
    mid-circuit gives every register qubits of its own. The width may come out above the limit: the caller says so.
    """
    reuse = context.target.mid_circuit_measurement and context.target.reset
    spare = (context.width_limit or 0) if context.prefer == "depth" else 0
    if context.prefer == "depth" and context.width_limit is None:
        spare = sum(register.size for register in program.registers)
    free: list[int] = []
    width = 0
    qubits: dict[str, tuple[str, ...]] = {}
    reused: dict[str, tuple[str, ...]] = {}
    deferred: list[str] = []
    ahead = sum(isinstance(op, Amplify) for op in program.ops)
    for op in program.ops:
        for register in op.targets:
            if register in qubits:
                continue
            taken = []
            again = []
            for _ in range(program.scope.sizes[register]):
                if free and width >= spare:
                    taken.append(heappop(free))
                    again.append(qubit_name(taken[-1]))
                else:
                    taken.append(width)
                    width += 1
            qubits[register] = tuple(qubit_name(index) for index in taken)
            reused[register] = tuple(again)
        ahead -= isinstance(op, Amplify)
        deferred += op.releases
        if reuse and not ahead:
            # What is amplified measures nothing before.
            for register in deferred:
                for name in qubits[register]:
                    heappush(free, int(name[2:-1]))
            deferred = []
    needed = max((clean_qubits(op, program.scope) for op in program.ops if isinstance(op, Amplify)), default=0)
    clean = tuple(qubit_name(width + place) for place in range(needed))
    held = {register: names for register, names in reused.items() if names}
    return Allocation(qubits, width + needed, held, clean)

"""Registers to qubits: linear scan over the registers' lifetimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from qsac.ir.program import Program
from qsac.pipeline import Target


@dataclass(frozen=True)
class Allocation:
    """Where each register of an attention program lies, and how many qubits there are in all.

    ``qubits[register]`` are block-level register names, most significant first. ``reused`` are the registers whose
    qubits held another one before, and must be reset first.
    """

    qubits: Mapping[str, tuple[str, ...]]
    width: int
    reused: Mapping[str, tuple[str, ...]]


def qubit_name(index: int) -> str:
    """The block-level register of a qubit."""
    return f"q[{index}]"


def allocate(program: Program, target: Target) -> Allocation:
    """Give each register the lowest free qubits at its first use, and free them at its projection.

    With the program's order kept, the width is the most qubits alive at once (algorithm point 4), where the target can
    measure and reset in mid-circuit; elsewhere every register has qubits of its own.
    """
    reuse = target.mid_circuit_measurement and target.reset
    free: list[int] = []
    width = 0
    qubits: dict[str, tuple[str, ...]] = {}
    reused: dict[str, tuple[str, ...]] = {}
    for op in program.ops:
        for register in op.targets:
            if register in qubits:
                continue
            taken = []
            again = []
            for _ in range(program.scope.sizes[register]):
                if free:
                    taken.append(heappop(free))
                    again.append(qubit_name(taken[-1]))
                else:
                    taken.append(width)
                    width += 1
            qubits[register] = tuple(qubit_name(index) for index in taken)
            reused[register] = tuple(again)
        if reuse:
            for register in op.ends:
                for name in qubits[register]:
                    heappush(free, int(name[2:-1]))
    heapify(free)
    return Allocation(qubits, width, {register: names for register, names in reused.items() if names})

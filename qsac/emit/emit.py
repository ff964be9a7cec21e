"""Emission by the family of a target's native gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qsac.emit import cz, zzphase
from qsac.ir.program import Program
from qsac.native.angles import Linear
from qsac.native.circuit import GateFamily, NativeCircuit
from qsac.pipeline.contract import PassContext

Terms = list[tuple[int, Linear]]
Emitter = Callable[[Program, Mapping[int, Linear] | None], tuple[NativeCircuit, Terms]]

EMITTERS: dict[GateFamily, Emitter] = {"zzphase": zzphase.emit_with_terms, "cz": cz.emit_with_terms}


def emit(program: Program, context: PassContext) -> NativeCircuit:
    """The native circuit of a verified block program, in the gates of the context's target."""
    return EMITTERS[context.target.family](program, None)[0]


def emit_symbolic(program: Program, symbols: Mapping[int, Linear], family: GateFamily) -> tuple[NativeCircuit, Terms]:
    """The native circuit with every symbol zero, and what the symbols add to the angles of its gates.

    ``symbols`` says how the numbers of ops, by their place, depend on the symbols, shape (numbers, symbols). The terms
    are the gate and, for each symbol, half-turns of its first angle for a radian; gates are kept at any angle.
    """
    return EMITTERS[family](program, symbols)

"""Index and degree registers: uniform, causal and unary states from O(log T) and O(k) multiplexors.

Every state here is a matrix-product state of small bond dimension, prepared site by site: a register qubit that is
still to be prepared carries the bond.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import asin, pi, sqrt

import numpy as np

from qsac.counting.formulas import seen_keys_rows
from qsac.ir.attention import PrepareIndex, PrepareIndices, PrepareKeys
from qsac.ir.attention.degree import unary_angles
from qsac.ir.blocks import Multiplexor, PauliRotation
from qsac.ir.blocks.rotation import controlled_x, controlled_z
from qsac.ir.op import Op
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.numerics.causal_sites import SITES, causal_sites, site_angles

Block = Multiplexor | PauliRotation

WRITTEN = 1 << 10
"""Most rows of a ladder that has its numbers where the program's tables have none: a program of more is not compiled to
be counted, and must not be written gate by gate."""


@lowering.register(PrepareIndices)
def prepare_pairs(op: PrepareIndices, place: LoweringContext) -> Sequence[Op]:
    """The pairs of a mask."""
    query, key = place.qubits(op.query), place.qubits(op.key)
    if op.mask == "causal":
        return causal_state(query, key, op.length)
    return uniform_state(query, op.length) + uniform_state(key, op.length)


@lowering.register(PrepareIndex)
@self_contained
def prepare(op: PrepareIndex, place: LoweringContext) -> Sequence[Op]:
    """One index."""
    return uniform_state(place.qubits(op.index), op.length)


@lowering.register(PrepareKeys)
def prepare_keys(op: PrepareKeys, place: LoweringContext) -> list[Block]:
    """The keys that each position sees, or their inverse load."""
    query, key = place.qubits(op.query) if op.mask == "causal" else (), place.qubits(op.key)
    blocks: list[Block] = []
    if op.mask == "full":
        blocks += uniform_state(key, op.length)
    else:
        outlined = op.length > WRITTEN and not all(table.known for table in place.scope.tables.values())
        blocks += seen_keys(query, key, op.length, outlined=outlined)
    return [block.adjoint() for block in reversed(blocks)] if op.adjoint_load else blocks


def turn(target: str, angles: Sequence[float], controls: tuple[str, ...] = (), *, fresh: bool = True) -> Multiplexor:
    """A multiplexed RY; ``fresh`` if the target is in state zero."""
    return Multiplexor("y", controls, target, Table(angles), enters_zero=fresh)


def angle_of(probability: float) -> float:
    """The RY angle that takes |0> to |1> with the given probability, amplitudes not negative."""
    return 2 * asin(min(1.0, sqrt(probability)))


def uniform_state(qubits: tuple[str, ...], length: int) -> list[Multiplexor]:
    """Bring fresh ``qubits`` (most significant first) into sum over i < ``length`` of |i> / sqrt(length).

    One multiplexed rotation a qubit and a set bit of ``length``, each with at most one control, after Shukla and
    Vedula (arXiv 2306.11747). With ``length`` = 2^l_0 + ... + 2^l_k, l_0 < ... < l_k: qubit l_1 decides whether i
    is among the last 2^l_0 values; if not, l_2 decides whether it is among the 2^l_1 before them, and so on.
    """
    bit = dict(enumerate(reversed(qubits)))
    ones = [place for place in range(length.bit_length()) if length >> place & 1]
    blocks = [turn(bit[place], [pi / 2]) for place in range(ones[0])]
    remaining = length
    for lower, upper in pairwise(ones):
        stop = angle_of((1 << lower) / remaining)
        first = lower == ones[0]
        blocks.append(turn(bit[upper], [stop]) if first else turn(bit[upper], [stop, pi], (bit[lower],)))
        for place in range(lower, upper):
            # The qubit of the set bit below has decided already; in this branch it is back in zero.
            fresh = first or place > lower
            blocks.append(turn(bit[place], [pi / 2, 0], (bit[upper],), fresh=fresh))
        remaining -= 1 << lower
    return blocks


def unary_state(qubits: tuple[str, ...], amplitudes: tuple[float, ...]) -> list[Multiplexor]:
    """Bring fresh ``qubits`` into sum_p a_p |1^p 0^(k-p)> for k + 1 real amplitudes of unit norm."""
    blocks = []
    for place, (qubit, angle) in enumerate(zip(qubits, unary_angles(amplitudes), strict=True)):
        before = qubits[place - 1 : place]
        blocks.append(turn(qubit, [0, angle] if before else [angle], before))
    return blocks


def causal_state(query: tuple[str, ...], key: tuple[str, ...], length: int) -> list[Block]:
    """Bring fresh ``query`` and ``key`` into the sum over i <= j < ``length`` of |j>|i>, normalised, up to a sign.

    Bit by bit, from the least significant one (:mod:`qsac.numerics.causal_sites`).
    """
    blocks: list[Block] = []
    for site in causal_sites(length):
        circuit = SITES[site.kind].circuit
        qubits = [(query, key)[register][bit] for register, bit in site.qubits]
        turns = [
            PauliRotation("y", (qubits[qubit],), angle)
            for qubit, angle in zip(circuit.qubits, site_angles(site.kind, site.above), strict=True)
        ]
        blocks += turns[: circuit.size]
        for place, (first, second) in enumerate(circuit.pairs):
            turned = circuit.size + 2 * place
            blocks += (*controlled_z(qubits[first], qubits[second]), *turns[turned : turned + 2])
    if length == 2:
        blocks += turn(query[0], [angle_of(2 / 3)]), turn(key[0], [0, pi / 2], query)
    elif length == 1 << len(query) > 1:
        # Bit 0: i is free where all is equal there too, else 0; and j = 1 where i = 1 or not all is equal.
        blocks += turn(key[0], [pi / 2, 0], query[:1]), *controlled_x(key[0], query[0])
    return blocks


def seen_keys(query: tuple[str, ...], key: tuple[str, ...], length: int, *, outlined: bool = False) -> list[Block]:
    """For ``query`` = j < ``length``, bring fresh ``key`` into the sum over i <= j of |i> / sqrt(j + 1).

    From the most significant bit down. Bits of i above bit b are kept as those of D = i xor j: if D is not zero there,
    i < j is known and bit b is free. Else bit b of i is 0 where that of j is 0; where it is 1, there are 2^b keys with
    bit 0 and (j mod 2^b) + 1 with bit 1. The rows of a ladder are D above b followed by j from b on; the last of them
    do not occur where ``length`` is no power of two. With ``outlined`` the ladders have no numbers.
    """
    size = len(query)
    blocks: list[Block] = []
    for place, rows in enumerate(seen_keys_rows(length)):
        position, token, row = query[place], key[place], np.arange(rows)
        value = 1 << (size - 1 - place)
        below = 2 * np.arctan2(np.sqrt(row % value + 1), np.sqrt(value))
        angles = Table(np.where(row >= 2 * value, pi / 2, np.where(row & value, below, 0.0)))
        if outlined:
            angles = ShapedTable((rows,), real=True, spans=[Span(f"keys {length} {place}", 0, rows)])
        blocks.append(Multiplexor("y", (*key[:place], *query[place:]), token, angles, enters_zero=True))
        if value > 1:
            blocks += controlled_x(position, token)
    for position, token in zip(query[:-1], key[:-1], strict=True):
        blocks += controlled_x(position, token)
    return blocks

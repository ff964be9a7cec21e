"""The oracle by arithmetic, which is counted and not built.

Each bit of each quantised component of a key is looked up, by a multiplexed rotation, into one qubit; under it the
query's component is added to an accumulator in the Fourier basis, as one controlled phase a qubit. Then the threshold
is subtracted, the sign is read after an inverse Fourier transform, and all is undone. Rounding to b bits costs a score
at most 2 sqrt(d) 2^-b; with b - 1 bits that is less than the margin.
"""

from __future__ import annotations

from math import ceil, log2, sqrt
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.formulas import Formula, PartlyCounted
from qsac.families.program.binding import made_of
from qsac.families.program.readouts import not_compiled
from qsac.families.program.search.circuits import check_program, rounds_program, search_program
from qsac.families.program.search.rows import Search
from qsac.families.program.search.verification import checks
from qsac.families.program.search.walks import Searched, searched
from qsac.native.circuit import GateFamily

if TYPE_CHECKING:
    from qsac.families.program.model import Model

REASON = "the oracle is counted by a formula and has no circuit"

ONE_SIGN = "it compares s with the threshold: for |s| of negative scores it takes another comparison"


def bits_for(components: int, margin: float) -> int:
    """Bits of a component, its sign among them, for scores of so many components."""
    return ceil(log2(2 * sqrt(components) / margin)) + 1


def bits_of(search: Search) -> int:
    """Those of a search's components."""
    return bits_for(components_of(search), search.margin)


def accumulator(components: int, bits: int) -> int:
    """Qubits that hold a sum of products."""
    return 2 * bits + ceil(log2(components))


def call_gates(keys: int, components: int, bits: int, *, phase: int = 1) -> int:
    """Two-qubit gates of a call: ``phase`` for each controlled phase."""
    qubits = accumulator(components, bits)
    return 2 * components * bits * (2 * (keys - 1) + phase * qubits) + phase * qubits * (qubits - 1)


def components_of(search: Search) -> int:
    """Real numbers of a key: of a real part twice as many where they are complex."""
    return search.span * (1 + np.iscomplexobj(search.states))


def digital_formula(model: Model) -> Formula | None:
    """What a search by arithmetic takes; None for other models."""
    search = model.system
    if not isinstance(search, Search) or search.oracle != "digital":
        return None
    _check(search)
    planned = list(searched(search))
    if not planned:
        raise not_compiled("/program/rows", "rows of one key each", "a row of at least two keys: one is no search")
    components = components_of(search)
    bits = bits_of(search)

    def gates(keys: int) -> dict[GateFamily, int]:
        return {
            "zzphase": call_gates(keys, components, bits),
            # A controlled phase is one gate of any angle, or two CZ.
            "cz": call_gates(keys, components, bits, phase=2),
        }

    circuits = [PartlyCounted(rounds_program(model.name, one), one.number, gates(one.keys)) for one in planned]
    circuits += [PartlyCounted(check_program(model.name, search, one), 0, gates(1)) for one in checks(search)]
    fields = model.canonical
    twin = made_of({**fields, "program": {**fields["program"], "oracle": {"type": "overlap"}, "herald": True}})
    largest = max(planned, key=lambda one: one.keys)
    once = Searched("once", largest.rows, largest.keys, 1)
    overlap = twin.system
    if not isinstance(overlap, Search):
        raise TypeError("the twin of a search is none")
    return Formula(
        "digital oracle",
        bits,
        tuple(circuits),
        1 + accumulator(components, bits),
        f"{REASON}; {ONE_SIGN}" if search.part == "abs" else REASON,
        twin,
        f"overlap oracle of degree {overlap.polynomial.degree}, error {overlap.polynomial.error:.2g}",
        search_program(model.name, overlap, once),
        rounds_program(model.name, once),
    )


def _check(search: Search) -> None:
    if search.part == "abs" and np.iscomplexobj(search.states):
        raise not_compiled(
            "/program/part",
            "abs, of complex tokens, with a digital oracle",
            "real tokens, or the real part: the formula compares a sum of products",
        )
    if search.superposed:
        raise not_compiled(
            "/program/index",
            "superposed, with a digital oracle",
            "separate: the formula is for one query, whose numbers are added as constants",
        )

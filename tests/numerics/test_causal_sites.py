"""The sites of the causal index state: each by itself, for small and large P."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from qsac.numerics.causal_sites import SITES, Kind, causal_sites, site_angles

LARGE = (17, 1000, 10**6, 10**9)
ANY, EITHER = tuple(product((0, 1), repeat=2)), ((0, 0), (1, 1))

Part = tuple[str, tuple[tuple[int, int], ...]]
"""A class of the bits above, and the bits of j and i that lead from there to a class of the bits down to the site's."""

BIT_0: dict[str, tuple[Part, ...]] = {
    "both": (("both", ((0, 0),)),),
    "tight": (("tight", ((0, 0), (0, 1))),),
    "equal": (("equal", EITHER),),
    "neither": (("neither", ANY), ("equal", ((1, 0),))),
}
BIT_1: dict[str, tuple[Part, ...]] = {
    "both": (("both", ((1, 1),)),),
    "tight": (("tight", ((1, 0), (1, 1))), ("both", ((1, 0),))),
    "equal": (("equal", EITHER), ("both", ((0, 0),))),
    "neither": (("neither", ANY), ("equal", ((1, 0),)), ("tight", ((0, 0), (0, 1)))),
}
"""Which pairs i <= j make up which class, for a bit of T that is 0, and one that is 1."""

INPUTS = {0: ("",), 1: ("equal", "neither"), 2: ("neither", "equal", "tight", "both")}


def _flags(kind: Kind, above: str) -> tuple[int, ...]:
    """The values of the qubits that hold the facts about the bits above."""
    tight, equal = above in ("tight", "both"), above in ("equal", "both")
    if kind.startswith("free"):
        return (int(not equal),)
    return int(tight), int(above == "both" if kind.endswith("highest") else equal)


def _wanted(kind: Kind, value: str, above: int) -> np.ndarray:
    """The state of a class of the bits down to the site's, by the numbers of pairs in the classes above.

    ``value`` "" is that of all pairs i <= j < T.
    """
    pairs = {"both": 1, "tight": above, "equal": above, "neither": Fraction(above * (above - 1), 2)}
    parts = BIT_0 if kind.startswith(("bit 0", "free")) else BIT_1
    state = np.zeros((2,) * SITES[kind].circuit.size)
    for part in [value] if value else ["equal", "neither"]:
        for above_here, bits in parts[part]:
            for j, i in bits:
                state[(j, i, *_flags(kind, above_here))] += float(pairs[above_here]) ** 0.5
    return state.reshape(-1) / np.linalg.norm(state)


@pytest.mark.parametrize("kind", SITES)
def test_a_site_makes_its_isometry(kind: Kind) -> None:
    site = SITES[kind]
    size = site.circuit.size
    for above in (1,) if kind.endswith("highest") else (*range(2 if kind == "free, lowest" else 1, 10), *LARGE):
        matrix = np.eye(1 << size)
        for step in site.circuit.steps(np.array(site_angles(kind, above))):
            matrix = step @ matrix
        places = [0]
        for qubit in site.inputs:
            places = [place + bit for place in places for bit in (0, 1 << (size - 1 - qubit))]
        wanted = np.array([_wanted(kind, value, above) for value in INPUTS[len(site.inputs)]]).T
        made = matrix[:, places]
        np.testing.assert_allclose(made * np.sign(np.sum(made * wanted)), wanted, atol=1e-14)


def test_every_qubit_is_prepared_by_its_site_alone() -> None:
    """What a site takes as fresh has not been turned before, and the facts come in where the site before put them."""
    for length in range(2, 130):
        size = (length - 1).bit_length()
        facts: tuple[tuple[int, int], ...] = ()
        seen: set[tuple[int, int]] = set()
        for kind, above, qubits in causal_sites(length):
            site = SITES[kind]
            entered = tuple(qubits[qubit] for qubit in site.inputs)
            assert entered == facts
            assert not seen & (set(qubits) - set(entered))
            assert above == length >> (size - qubits[0][1])
            seen |= set(qubits)
            facts = qubits[2:]
        assert size < 2 or len(seen) == 2 * size - (length == 1 << size)

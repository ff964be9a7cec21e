"""The compiled inner loops of the search for places, and what they take: flat arrays of integers and floats.

``kernel`` is the extension module of ``_kernel.c``, or None where it could not be built: the Python code then does the
same, operation by operation, and comes to the same bytes in some thirty times the time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsac.layout.arrangement import DeviceSubgraph, Edge, Step


def _loaded() -> Any:
    try:
        return import_module("qsac.layout._kernel")
    except ImportError:
        return None


kernel = _loaded()

MOST_NODES = 64
"""Nodes of a region that the compiled code can tell apart."""

MOST_LIVES = 255
"""Lives of qubits in one program of which it keeps account."""

MOST_SWAPS = 60
"""Swaps before one step of a schedule, at the most; far more than are ever of use."""

_EVENTS = {"turn": 0, "visit": 1, "measure": 2, "reset": 3}


def integers(values: Iterable[int]) -> array[int]:
    """As 32-bit integers."""
    return array("i", values)


def floats(values: Iterable[float]) -> array[float]:
    """As doubles."""
    return array("d", values)


def of_bytes(data: bytes) -> list[int]:
    """The 32-bit integers in what the compiled code returned."""
    return array("i", data).tolist()


def floats_of(data: bytes) -> list[float]:
    """The doubles in what the compiled code returned."""
    return array("d", data).tolist()


def region_of(region: DeviceSubgraph) -> object | None:
    """The region as the compiled code knows it; None where it is too large, or there is no such code."""
    if kernel is None or len(region.nodes) > MOST_NODES:
        return None
    made: object = kernel.region(
        integers(map(len, region.neighbours)),
        integers(chain.from_iterable(region.neighbours)),
        integers(chain.from_iterable(region.distances)),
    )
    return made


def steps_of(order: Sequence[Step]) -> array[int]:
    """The steps of a schedule one after the other."""
    found: list[int] = []
    for step in order:
        found += (len(step.controls), step.target, step.free, step.ends_nearest, _EVENTS[step.event])
        found += step.controls
        found += step.weights[: len(step.controls)]
    return integers(found)


def swaps_of(swaps: Sequence[Sequence[Edge]]) -> tuple[array[int], array[int]]:
    """How many swaps there are before each step, and their nodes."""
    return integers(map(len, swaps)), integers(chain.from_iterable(chain.from_iterable(swaps)))


def edges_of(sizes: bytes, edges: bytes) -> list[tuple[Edge, ...]]:
    """The swaps before each step, of what :func:`swaps_of` gives."""
    nodes = iter(of_bytes(edges))
    pairs = list(zip(nodes, nodes, strict=True))
    found, first = [], 0
    for size in of_bytes(sizes):
        found.append(tuple(pairs[first : first + size]))
        first += size
    return found


class Drawing:
    """A generator of random numbers lent to the compiled code: ``state`` while it draws, and taken back after that."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._version, words, self._gauss = random.getstate()
        self.state = array("I", words)

    def give_back(self) -> None:
        self._random.setstate((self._version, tuple(self.state), self._gauss))

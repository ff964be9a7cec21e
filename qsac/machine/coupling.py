"""The coupling graph of a target file: its edges, and where the gate acts one way only its ordered pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qsac.errors import DoesNotFitError, InvalidInputError

if TYPE_CHECKING:
    from qsac.machine.schema import Pairs, TargetFile

PAIRS = 2**17
"""The graph is handed to routers, whose tables of distances grow with the square of the qubits."""

Edge = tuple[int, int]


def coupling(given: TargetFile, entangler: str) -> tuple[set[Edge] | None, tuple[Edge, ...] | None]:
    """Undirected edges (None for all-to-all) and, where the gate acts one way only, the ordered pairs."""
    from qsac.machine.schema import Grid, Line, Pairs

    graph, count = given.coupling, given.qubits
    if isinstance(graph, Line):
        return {(place, place + 1) for place in range(count - 1)} or None, None
    if isinstance(graph, Grid):
        if graph.rows * graph.columns != count:
            raise InvalidInputError(
                "the grid has not as many places as the machine has qubits",
                code="target.wrong-grid",
                pointer="/coupling",
                found=f"{graph.rows} x {graph.columns} = {graph.rows * graph.columns:,} places, {count:,} qubits",
                wanted="rows x columns = qubits",
                help='for a grid with holes list its pairs: {"type": "pairs", "pairs": [[0, 1], ...]}',
            )
        places = range(count)
        beside = {(place, place + 1) for place in places if (place + 1) % graph.columns}
        return (beside | {(place, place + graph.columns) for place in places[: -graph.columns]}) or None, None
    if isinstance(graph, Pairs):
        return _pairs(graph, count, entangler)
    if entangler in ("CX", "ECR") and count > 1:
        # Written by the router, which knows these gates; the emitters write ZZPhase and CZ.
        if count * (count - 1) // 2 > PAIRS:
            raise DoesNotFitError(
                f"all-to-all coupling by {entangler} is kept pair by pair",
                code="target.coupling-too-large",
                pointer="/qubits",
                found=f"{count * (count - 1) // 2:,} pairs",
                wanted=f"at most {PAIRS:,}, so 512 qubits",
                help="compile for CZ or ZZPhase instead: they differ by one-qubit gates",
            )
        return {(a, b) for b in range(count) for a in range(b)}, None
    return None, None


def _pairs(graph: Pairs, count: int, entangler: str) -> tuple[set[Edge], tuple[Edge, ...] | None]:
    if len(graph.pairs) > PAIRS:
        raise DoesNotFitError(
            "the coupling graph is too large",
            code="target.coupling-too-large",
            pointer="/coupling/pairs",
            found=f"{len(graph.pairs):,} pairs",
            wanted=f"at most {PAIRS:,}",
        )
    if graph.directed and entangler not in ("CX", "ECR"):
        raise InvalidInputError(
            f"{entangler} has no direction",
            code="target.undirected-gate",
            pointer="/coupling/directed",
            found="true",
            wanted="false, or no such field",
        )
    seen: set[Edge] = set()
    for place, pair in enumerate(graph.pairs):
        a, b = pair_of(pair, count, f"/coupling/pairs/{place}")
        edge = (a, b) if graph.directed else (min(a, b), max(a, b))
        if edge in seen:
            raise InvalidInputError(
                "a pair is given twice",
                code="target.repeated-pair",
                pointer=f"/coupling/pairs/{place}",
                found=f"[{a}, {b}]",
                wanted="each pair once, in either order" if not graph.directed else "each ordered pair once",
            )
        seen.add(edge)
    if graph.directed:
        return {(min(edge), max(edge)) for edge in seen}, tuple(sorted(seen))
    return seen, None


def pair_of(pair: Sequence[int], count: int, pointer: str) -> Edge:
    """A pair of the file, at the place ``pointer``, on a machine of ``count`` qubits.

    Raises :class:`~qsac.errors.InvalidInputError` where it names no two qubits of the machine.
    """
    a, b = pair
    if a == b or max(a, b) >= count:
        raise InvalidInputError(
            "a pair names one qubit twice" if a == b else "a pair names a qubit that the machine does not have",
            code="target.pair-of-one-qubit" if a == b else "target.unknown-qubit",
            pointer=pointer,
            found=f"[{a}, {b}]",
            wanted=f"two of the qubits 0 to {count - 1}",
        )
    return a, b

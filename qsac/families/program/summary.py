"""What there is to say of a program: facts for programs, a summary for people, and whether it pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsac.errors import DoesNotFitError, of_type
from qsac.families.contract import Fact
from qsac.families.program.feed_forward.network import FeedForward
from qsac.families.program.layers.stack import Layers
from qsac.families.program.linearised.dynamics import Linearised
from qsac.families.program.search.digital import bits_of
from qsac.families.program.search.rows import Search
from qsac.families.program.search.top import TopSearch
from qsac.families.program.search.verification import checks, echo_plan, places
from qsac.families.program.search.walks import searched
from qsac.files.pointer import counted

if TYPE_CHECKING:
    from qsac.families.program.model import Model

CLASSICAL_WORK = (
    "keys' loaders of the keys alone and queries' loaders of the query alone: angles, O(d) a token",
    "W^dag x of the queries, lengths of rows, polynomial, phases and schedule",
    "verification: d multiply-adds a key that was found; residuals, activations and normalisation",
)
"""No table holds a score: these are the circuits' (docs/programs.md)."""


ENDS = "of about T d/2 gates a load of keys: with such loaders a search never breaks even"
"""What is said of loads."""


@dataclass(frozen=True)
class Shape:
    """What an estimate is of: a program's type, its circuits, the numbers that they load, and whether it pays."""

    type: str
    circuits: int
    entries: int
    break_even: str


def shape_of(model: Model) -> Shape:
    """The shape of a model whose circuits are built or counted."""
    system = model.system
    if isinstance(system, Search) and system.oracle == "digital":
        circuits = sum(1 for _ in searched(system)) + sum(1 for _ in checks(system))
    else:
        circuits = len(model.plan.circuits)
    return Shape(model.readout.type, circuits, model.entries, break_even(model))


def shape_facts(shape: Mapping[str, Any]) -> list[Fact]:
    """The same for people."""
    told = f"{shape['type']}, {counted(shape['circuits'], 'circuit')}, {shape['entries']:,} numbers"
    return [("program", told), ("break-even", shape["break_even"])]


def statistics(model: Model) -> dict[str, Any]:
    """Loads, shots, multiply-adds and the line on whether it pays; of programs with circuits."""
    system = model.system
    found: dict[str, Any] = {"classical_multiply_adds": system.multiply_adds, "break_even": break_even(model)}
    if isinstance(system, Search):
        found |= {
            "strategy": "sample" if system.samples else "search",
            "oracle": "none" if system.samples else system.oracle,
            "oracle_calls": oracle_calls(system),
            "planned_loads": planned_loads(system),
            "key_loads_of_search": system.loads_a_key["search"],
            "key_loads_of_sample": system.loads_a_key["sample"],
        }
    if isinstance(system, Linearised):
        found["solver"] = system.solver_facts()
    if isinstance(system, TopSearch):
        found |= {"repeats": system.repeats, "oracle_calls": system.oracle_calls}
    if isinstance(system, FeedForward):
        found |= {"planned_loads": system.loads, "inner_products": system.inner_products}
    return found


def oracle_calls(search: Search) -> int:
    """Of all shots of all circuits, as planned; none of a sample."""
    if search.samples:
        return 0
    return sum(one.number * search.planned[one.keys][one.number] for one in searched(search))


def planned_loads(search: Search) -> int:
    """Loads and inverse loads of all planned shots: of oracle calls or score copies, and of the echoes that verify."""
    shots = {one: search.planned[one.keys][one.number] for one in searched(search)}
    degree = 0 if search.degree_unused else search.polynomial.degree
    each = 1 if search.samples else degree
    found = sum(2 * each * one.number * number for one, number in shots.items())
    if search.measures:
        orders, number = echo_plan(search)
        found += sum(places(search, row) for row in search.rows) * 2 * number * sum(orders)
    return found


def break_even(model: Model) -> str:
    """One line on what the program costs beside the same numbers worked out classically."""
    system, adds = model.system, model.system.multiply_adds
    if isinstance(system, Search):
        if system.refused:
            return f"classically {adds:,} multiply-adds"
        return f"classically {adds:,} multiply-adds; here {_cost_of(system)}"
    if isinstance(system, TopSearch):
        if system.search.refused:
            return f"classically {adds:,} multiply-adds"
        calls, loads = system.oracle_calls, 2 * system.search.polynomial.degree
        return f"classically {adds:,} multiply-adds; here {_calls_of(calls, loads)}"
    if isinstance(system, FeedForward):
        return (
            f"classically {adds:,} multiply-adds; here {system.loads:,} loads of at least d/2 gates each: with such "
            "loaders estimation never breaks even"
        )
    if isinstance(system, Layers):
        return f"classically {adds:,} multiply-adds; tomography takes 6 ln D / precision^2 accepted shots a row"
    return (
        f"classically {adds:,} multiply-adds of plain gradient descent; the matrix of the history is built classically"
    )


def _cost_of(search: Search) -> str:
    """What a search takes in place of multiply-adds."""
    if search.samples:
        return f"{planned_loads(search):,} loads, {ENDS}"
    if search.oracle == "table":
        return (
            f"{oracle_calls(search):,} oracle calls, whose tables take all of these: it shows a search, and saves none"
        )
    if search.measures:
        return f"{planned_loads(search):,} loads of oracle and verification, {ENDS}"
    return _calls_of(oracle_calls(search), 2 * search.polynomial.degree)


def _calls_of(calls: int, loads: int) -> str:
    return f"{calls:,} oracle calls of {loads} loads each, {ENDS}"


def facts(model: Model) -> dict[str, Any]:
    """What is said with ``--json``."""
    return {
        "name": model.name,
        "type": model.readout.type,
        "classical_multiply_adds": model.system.multiply_adds,
        "break_even": break_even(model),
        "sha256": model.sha256,
    }


def summary(model: Model) -> list[Fact]:
    """Label and text of the facts of a model."""
    return [
        ("program", model.readout.type),
        *_own(model.system),
        ("break-even", break_even(model)),
        ("sha256", model.sha256),
    ]


def _own(system: Any) -> list[Fact]:
    if isinstance(system, Search):
        return _of_search(system)
    if isinstance(system, TopSearch):
        return _of_top(system)
    if isinstance(system, FeedForward):
        kind = "as planned for the precision" if system.automatic else "as given"
        orders = ", ".join(map(str, system.orders))
        return [
            ("layers", ", ".join(f"{len(one.weights)} ({one.activation})" for one in system.layers)),
            ("inputs", f"{len(system.inputs):,} of {system.inputs.shape[1]:,} numbers"),
            ("echoes", f"orders {orders}, {system.shots:,} shots of each ({kind})"),
        ]
    if isinstance(system, Layers):
        return [
            ("tokens", f"{system.tokens:,} of dimension {system.rows.shape[1]:,}"),
            ("layers", f"{len(system.layers):,}"),
            ("tomography", f"to {system.precision:g}, but with probability {system.failure:g}"),
        ]
    return _of_linearised(of_type(system, Linearised))


def _of_linearised(system: Linearised) -> list[Fact]:
    dissipation = system.dissipation
    told = "F_1 does not contract" if dissipation is None else f"R = {dissipation:.3g}"
    sure = dissipation is not None and dissipation < 1
    return [
        ("parameters", f"{system.parameters:,}, {counted(system.steps, 'step')} of descent"),
        ("linearised", f"to order {system.order}, scale {system.scale:g}, {len(system.right):,} unknowns"),
        ("dissipation", f"{told}: " + ("the linearisation converges" if sure else "convergence is not assured")),
        ("solver", _solver(system)),
    ]


def _solver(system: Linearised) -> str:
    if not system.by_polynomial:
        return f"neumann, exact: |A| = {system.norm:.3g}, {counted(system.steps, 'use')} of A"
    told = f"qsvt: |A| = {system.norm:.3g}, kappa = {system.condition:.3g}"
    try:
        found = system.inversion
    except DoesNotFitError as error:
        return f"{told}; {error.title}"
    return f"{told}, degree {found.degree}, parameters to {system.bias:.2g}"


def _of_top(system: TopSearch) -> list[Fact]:
    search = system.search
    found: list[Fact] = [
        ("tokens", f"{search.tokens:,} of dimension {search.dimension:,}, {search.mask} mask"),
        (
            "sought",
            f"the {counted(system.top, 'key')} of the largest {search.variable}, margin {search.oracle_margin:g}",
        ),
    ]
    if search.refused:
        return found
    found.append(("oracle", f"degree {search.polynomial.degree}, error {search.polynomial.error:.3g} at its middle"))
    rounds = counted(system.repeats, "round")
    told = f"at most {rounds}, until one changes nothing" if system.settles else rounds
    found.append(("repeat", f"{told}, each with the least score that was found as threshold"))
    for keys, shots in search.planned.items():
        listed = ", ".join(f"{number:,} of {r}" for r, number in shots.items())
        found.append((f"{keys} keys", f"shots of rounds, in each repeat: {listed}"))
    return found


def _of_search(search: Search) -> list[Fact]:
    kind = "other keys are dropped" if search.rest is None else f"other keys have the score {search.rest:g}"
    found: list[Fact] = [
        ("tokens", f"{search.tokens:,} of dimension {search.dimension:,}, {search.mask} mask"),
        ("threshold", f"{search.variable} {search.oracle_threshold:g}, margin {search.oracle_margin:g}; {kind}"),
    ]
    if search.oracle == "digital":
        found.append(("oracle", f"arithmetic in {bits_of(search)} bits, which qsac estimate counts: it has no circuit"))
    if search.refused:
        return found
    if search.samples:
        found.append(("strategy", "sample, without an oracle"))
    elif search.oracle == "table":
        found.append(("oracle", "a table of scores that the compiler works out, for demonstrations"))
    else:
        polynomial = search.polynomial
        found.append(("oracle", f"degree {polynomial.degree}, error {polynomial.error:.3g}"))
    kinds = "copies" if search.samples else "rounds"
    for keys, shots in search.planned.items():
        listed = ", ".join(f"{number:,} of {r}" for r, number in shots.items())
        found.append((f"{keys} keys", f"shots of {kinds}: {listed}"))
    if search.measures:
        orders, number = echo_plan(search)
        found.append(("verification", f"echoes of orders {', '.join(map(str, orders))}, {number:,} shots of each"))
    return found

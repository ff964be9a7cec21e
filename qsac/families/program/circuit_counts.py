"""How many circuits a program takes, before they are planned, and which field of the model decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsac.families.circuit_counts import CircuitCount
from qsac.families.program.feed_forward.network import FeedForward
from qsac.families.program.layers.networks import network_echoes
from qsac.families.program.layers.readout import settings
from qsac.families.program.layers.stack import Layers
from qsac.families.program.search.rows import Search
from qsac.families.program.search.top import TopSearch
from qsac.families.program.search.verification import echo_plan, places
from qsac.families.program.search.walks import searched

if TYPE_CHECKING:
    from qsac.families.program.model import Model


def circuit_count(model: Model) -> CircuitCount | None:
    """The circuits of a program that has some; None where no circuits are built for what is asked for, and for
    linearised training, which takes one for each qubit of a state and one more."""
    system = model.system
    if isinstance(system, FeedForward):
        return None if system.refused else _of_network(system)
    if isinstance(system, Layers):
        return None if system.refused else _of_layers(system)
    if isinstance(system, Search):
        return None if system.refused else _of_search(system)
    if isinstance(system, TopSearch):
        return None if system.search.refused else _of_rounds(system)
    return None


def _of_network(system: FeedForward) -> CircuitCount:
    orders, inputs = len(system.orders), len(system.inputs)
    number = system.estimated_products * orders
    if system.training is not None:
        return CircuitCount(
            number,
            "each step, input, neuron and order of echoes, forwards and backwards",
            "/program/train/steps",
            "take fewer steps, inputs or orders of echoes, and train on from the weights that come out",
        )
    pointer = "/program/inputs" if inputs > max(orders, *(len(one.weights) for one in system.layers)) else None
    return CircuitCount(
        number,
        "each input, neuron and order of echoes",
        pointer or ("/program/estimate/orders" if orders > inputs else "/program/layers"),
        "give the inputs in several models, or take fewer neurons or orders of echoes",
    )


def _of_layers(system: Layers) -> CircuitCount:
    states = sum(1 for _ in settings(system))
    echoes = sum(1 for place in range(len(system.layers)) for _ in network_echoes(system, place))
    if echoes > states:
        return CircuitCount(
            states + echoes,
            "each row and setting of tomography, and for each input, neuron and order of its networks' echoes",
            "/program/feed_forward_by",
            '"classical" takes no circuits for the networks; a lower precision of the tomography takes fewer',
        )
    return CircuitCount(
        states + echoes,
        "each layer, row and setting of tomography",
        "/tokens",
        "give fewer tokens or layers; images of larger patches are fewer tokens",
    )


def _of_search(system: Search) -> CircuitCount:
    rows = sum(1 for _ in searched(system))
    verified = 0
    if system.measures:
        verified = sum(places(system, row) for row in system.rows) * len(echo_plan(system)[0])
    if verified > rows:
        return CircuitCount(
            rows + verified,
            "each row and number of rounds, and for each candidate and order of the echoes that verify it",
            "/program/verify",
            '"classical" takes no circuits to verify; or search fewer rows in one model ("rows")',
        )
    return CircuitCount(
        rows + verified,
        "each row and number of rounds",
        "/program/rows",
        'search fewer rows in one model: "rows" names them',
    )


def _of_rounds(system: TopSearch) -> CircuitCount:
    return CircuitCount(
        len(system.circuits),
        "each repeat, row and number of rounds",
        "/program/repeats" if system.repeats > len(system.rows) else "/program/rows",
        'take fewer repeats, or search fewer rows in one model: "rows" names them',
    )

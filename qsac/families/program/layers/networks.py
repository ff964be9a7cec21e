"""Feed-forward networks of layers by inner products: the echoes of a network whose inputs are rows that were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Outcomes
from qsac.families.program.feed_forward.readout import Echo, echoes, estimates_of, exact_echoes, likelihood, told_of
from qsac.families.program.layers.stack import Fed, network_on

if TYPE_CHECKING:
    from qsac.families.program.layers.stack import Layers

Real = NDArray[np.float64]


class NetworkEcho(NamedTuple):
    """One circuit: its name among the program's, and the echo of the layer's network that it is."""

    name: str
    echo: Echo


def network_echoes(system: Layers, place: int, dense: int | None = None) -> Iterator[NetworkEcho]:
    """The circuits of a layer's network, or of one of its own layers; none where it is classical."""
    if system.estimates_network(place):
        for one in echoes(system.network(place), dense):
            yield NetworkEcho(_named(place, one), one)


def network_estimates_of(place: int, dense: int) -> str:
    """What the classical step of a layer of a layer's network writes."""
    return f"network-{place}-{estimates_of(dense)}"


def network_likelihood(
    system: Layers, place: int, dense: int, seen: Mapping[str, Outcomes], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The estimates of one layer of a layer's network, a classical step."""
    own = {one.echo.name: seen[one.name] for one in network_echoes(system, place, dense)}
    found = likelihood(system.network(place), dense, own, options)
    return {network_estimates_of(place, dense): found[estimates_of(dense)]}


def estimated_network(system: Layers, place: int, after_residual: Real, seen: Mapping[str, Any]) -> tuple[Real, Real]:
    """What a layer's network adds to its rows by estimates, (T, d), and how far that may be off, for these inputs."""
    network = network_on(system, place, after_residual)
    inputs, around = network.inputs, np.zeros_like(network.inputs)
    for dense, layer in enumerate(network.layers):
        one, _, around = told_of(layer, inputs, around, seen[network_estimates_of(place, dense)])
        inputs = one.output
    return inputs, around


def network_errors(system: Layers, place: int, made: Fed, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Half the 99% intervals of what the network of a layer adds, where it is estimated."""
    if not system.estimates_network(place):
        return {}
    return {"feed_forward": estimated_network(system, place, made.after_residual, seen)[1].tolist()}


def exact_network_echoes(system: Layers, place: int) -> dict[str, Outcomes]:
    """The exact outcomes of the circuits of a layer's network."""
    if not system.estimates_network(place):
        return {}
    return {_named(place, one): found for one, found in exact_echoes(system.network(place))}


def _named(place: int, one: Echo) -> str:
    """The circuit of an echo of a layer's network."""
    return f"layer-{place}-network-{one.name}"

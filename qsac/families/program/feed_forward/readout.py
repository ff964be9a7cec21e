"""The readout of a feed-forward network: its outputs, and what the echoes of every layer say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.feed_forward.network import Dense, Passed, layer_facts
from qsac.families.program.readouts import ProgramReadout
from qsac.numerics.echo_estimation import echo, most_likely

if TYPE_CHECKING:
    from qsac.families.program.feed_forward.network import FeedForward
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

NAME = "echo"
"""The readout of every circuit."""

ESTIMATES = "estimates"
"""What the classical step writes."""


@dataclass(frozen=True)
class FeedForwardReadout(ProgramReadout):
    """The outputs by inner products that echoes estimate, with their errors."""

    type: ClassVar[str] = "feed-forward"

    def work(self, model: Model) -> int:
        system = _network(model)
        return system.multiply_adds * len(system.orders)

    def expected(self, model: Model) -> dict[str, Outcomes]:
        system = _network(model)
        shifted = (1 + system.passed[0].overlap) / 2
        return {
            name: Outcomes(1.0, 1.0, {NAME: float(echo(shifted[one, other], order))}, None, exact=True)
            for name, one, other, order in circuit_names(system)
        }

    def closed_form(self, model: Model) -> Result:
        system = _network(model)
        values: dict[str, Any] = {
            "output": system.passed[-1].output.tolist(),
            "layers": [layer_facts(one, system.orders) for one in system.passed],
            "classical_multiply_adds": system.multiply_adds,
            "inner_products": system.inner_products,
            "loads": system.loads,
        }
        trained = system.trained()
        if trained is not None:
            values["train"] = trained
        return Result({"success_probability": 1.0}, {}, 1.0, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        system, found = _network(model), seen[ESTIMATES]
        shifted, errors = np.array(found["shifted"]), np.array(found["errors"])
        exact = all(seen[name].exact for name, *_ in circuit_names(system))
        (layer,), (one,) = system.layers, system.passed
        norms = one.input_norms[:, None] * one.weight_norms
        z = (2 * shifted - 1) * norms
        told = Passed(one.inputs, z, layer.after(z), one.weight_norms, one.input_norms)
        taken = {str(order): found["echoes"][str(order)] for order in system.orders}
        facts = layer_facts(told, system.orders) | {"echo": taken}
        values: dict[str, Any] = {
            "output": told.output.tolist(),
            "layers": [facts],
            "classical_multiply_adds": system.multiply_adds,
            "inner_products": system.inner_products,
        }
        if exact:
            return Result({"success_probability": 1.0}, {}, 1.0, (), values)
        half = 2 * errors * norms
        value_errors = {"output": output_errors(layer, z, half), "layers": [{"pre_activation": half.tolist()}]}
        return Result({"success_probability": 1.0}, {"success_probability": 0.0}, 1.0, (), values, value_errors)


def circuit_names(system: FeedForward) -> Iterator[tuple[str, int, int, int]]:
    """The name of each circuit of the first layer, its input, its neuron and its order."""
    for one in range(len(system.inputs)):
        for neuron in range(len(system.layers[0].weights)):
            for order in system.orders:
                yield f"input-{one}-neuron-{neuron}-order-{order}", one, neuron, order


def likelihood(system: FeedForward, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """The overlaps of the largest likelihood and the halves of their 99% intervals, a classical step. Exact outcomes
    give the overlap by the echo of order 1; every other order has to agree."""
    shape = (len(system.inputs), len(system.layers[0].weights))
    by_place: dict[tuple[int, int], list[tuple[int, Outcomes]]] = {}
    for name, one, neuron, order in circuit_names(system):
        by_place.setdefault((one, neuron), []).append((order, seen[name]))
    shifted, errors = np.zeros(shape), np.zeros(shape)
    echoes = {str(order): np.zeros(shape) for order in system.orders}
    for place, outcomes in by_place.items():
        for order, found in outcomes:
            echoes[str(order)][place] = found.share(NAME)
        shifted[place], errors[place] = _overlap(outcomes)
    told = {order: values.tolist() for order, values in echoes.items()}
    return {ESTIMATES: {"shifted": shifted.tolist(), "errors": errors.tolist(), "echoes": told}}


def _overlap(outcomes: Sequence[tuple[int, Outcomes]]) -> tuple[float, float]:
    if all(found.exact for _, found in outcomes):
        first = dict(outcomes)[1]
        return float(np.sqrt(min(1.0, first.share(NAME)))), 0.0
    orders = [order for order, _ in outcomes]
    hits = [found.success[NAME] for _, found in outcomes]
    return most_likely(orders, hits, [found.total for _, found in outcomes])


def output_errors(layer: Dense, z: Real, half: Real) -> list[list[float]]:
    """How far f reaches over the intervals of z: exact for functions that only grow."""
    middle = layer.after(z)
    ends = np.maximum(layer.after(z + half) - middle, middle - layer.after(z - half))
    found: list[list[float]] = ends.tolist()
    return found


def _network(model: Model) -> FeedForward:
    from qsac.errors import of_type
    from qsac.families.program.feed_forward.network import FeedForward

    return of_type(model.system, FeedForward)

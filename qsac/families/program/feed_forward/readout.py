"""The readout of a feed-forward network: its outputs, and what the echoes of every layer say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.echoes import NAME, exact_echo, overlap_of
from qsac.families.program.feed_forward.network import Dense, Passed, layer_facts, passed
from qsac.families.program.readouts import ProgramReadout, with_steps
from qsac.numerics.echo_estimation import echo

if TYPE_CHECKING:
    from qsac.families.program.feed_forward.network import FeedForward
    from qsac.families.program.model import Model

Real = NDArray[np.float64]


@dataclass(frozen=True)
class FeedForwardReadout(ProgramReadout):
    """The outputs by inner products that echoes estimate, with their errors."""

    type: ClassVar[str] = "feed-forward"

    def work(self, model: Model) -> int:
        system = _network(model)
        return system.multiply_adds * len(system.orders)

    def expected(self, model: Model) -> dict[str, Outcomes]:
        system = _network(model)
        if system.training is not None:
            from qsac.families.program.feed_forward.training import exact_outcomes

            return exact_outcomes(system, system.training)
        return {one.name: found for one, found in exact_echoes(system)}

    def closed_form(self, model: Model) -> Result:
        system = _network(model)
        values = _values(system, system.passed, [layer_facts(one, system.orders) for one in system.passed])
        values["loads"] = system.loads
        trained = system.trained()
        if trained is not None:
            values["train"] = trained
        return Result({"success_probability": 1.0}, {}, 1.0, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        system, seen = _network(model), with_steps(model, seen)
        prefix = "" if system.training is None else "step-0-"
        through, facts, halves = [], [], []
        inputs, around = system.inputs, np.zeros_like(system.inputs)
        for place, layer in enumerate(system.layers):
            found = seen[prefix + estimates_of(place)]
            one, half, around = told_of(layer, inputs, around, found)
            taken = {str(order): found["echoes"][str(order)] for order in system.orders}
            through.append(one)
            facts.append(layer_facts(one, system.orders) | {"echo": taken})
            halves.append({"pre_activation": half.tolist()})
            inputs = one.output
        values = _values(system, through, facts)
        if system.training is not None:
            from qsac.families.program.feed_forward.training import trained

            values["train"] = trained(system, system.training, seen)[1]
        if all(seen[prefix + one.name].exact for one in echoes(system)):
            return Result({"success_probability": 1.0}, {}, 1.0, (), values)
        value_errors = {"output": around.tolist(), "layers": halves}
        return Result({"success_probability": 1.0}, {"success_probability": 0.0}, 1.0, (), values, value_errors)


class Echo(NamedTuple):
    """One circuit: its name, and the layer, input, neuron and order that it is of."""

    name: str
    layer: int
    input: int
    neuron: int
    order: int


def echoes(system: FeedForward, layer: int | None = None) -> Iterator[Echo]:
    """The circuits of all layers, or of one."""
    for place in range(len(system.layers)) if layer is None else (layer,):
        for one in range(len(system.inputs)):
            for neuron in range(len(system.layers[place].weights)):
                for order in system.orders:
                    name = f"layer-{place}-input-{one}-neuron-{neuron}-order-{order}"
                    yield Echo(name, place, one, neuron, order)


def exact_echoes(system: FeedForward, layer: int | None = None) -> Iterator[tuple[Echo, Outcomes]]:
    """The exact outcomes of the circuits of all layers, or of one."""
    for place in range(len(system.layers)) if layer is None else (layer,):
        shifted = (1 + system.overlaps(place)) / 2
        for one in echoes(system, place):
            yield one, exact_echo(float(echo(shifted[one.input, one.neuron], one.order)))


def estimates_of(layer: int) -> str:
    """What the classical step of a layer writes."""
    return f"estimates-{layer}"


def likelihood(
    system: FeedForward, layer: int, seen: Mapping[str, Outcomes], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The overlaps of the largest likelihood and the halves of their 99% intervals, a classical step. Exact outcomes
    give the overlap by the echo of order 1; verification has compared all orders."""
    shape = (len(system.inputs), len(system.layers[layer].weights))
    by_place: dict[tuple[int, int], list[tuple[int, Outcomes]]] = {}
    for one in echoes(system, layer):
        by_place.setdefault((one.input, one.neuron), []).append((one.order, seen[one.name]))
    shifted, errors = np.zeros(shape), np.zeros(shape)
    shares = {str(order): np.zeros(shape) for order in system.orders}
    for place, outcomes in by_place.items():
        for order, found in outcomes:
            shares[str(order)][place] = found.share(NAME)
        shifted[place], errors[place] = overlap_of(outcomes)
    told = {order: values.tolist() for order, values in shares.items()}
    return {estimates_of(layer): {"shifted": shifted.tolist(), "errors": errors.tolist(), "echoes": told}}


def told_of(layer: Dense, inputs: Real, around: Real, found: Mapping[str, Any]) -> tuple[Passed, Real, Real]:
    """What estimates say of a layer whose inputs are known to ``around``: its values, how far z may be off, and how far
    the outputs may: f is monotone, so that the ends of an interval of z are those of f(z)."""
    norms = passed([layer], inputs)[0]
    lengths = norms.input_norms[:, None] * norms.weight_norms
    z = (2 * np.array(found["shifted"]) - 1) * lengths
    half = 2 * np.array(found["errors"]) * lengths + around @ np.abs(layer.weights).T
    one = Passed(inputs, z, layer.after(z), norms.weight_norms, norms.input_norms)
    ends = np.maximum(layer.after(z + half) - one.output, one.output - layer.after(z - half))
    return one, half, np.asarray(ends, dtype=np.float64)


def _values(system: FeedForward, through: Sequence[Passed], facts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "output": through[-1].output.tolist(),
        "layers": facts,
        "classical_multiply_adds": system.multiply_adds,
        "inner_products": system.inner_products,
    }


def _network(model: Model) -> FeedForward:
    from qsac.errors import of_type
    from qsac.families.program.feed_forward.network import FeedForward

    return of_type(model.system, FeedForward)

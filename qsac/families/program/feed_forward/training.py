"""Training of a network by inner products: descent whose forward and backward passes are echoes (docs/programs/
feed-forward.md).

A step estimates the activations of all inputs, layer by layer; works out what is missing of the targets, classically;
estimates what each neuron before has to do with it, whose weights are the columns of a later layer's matrix and whose
inputs are what is missing behind that; and changes weights by W -= rate times the mean of delta a^T, classically. Each
pass is a network of its own, whose numbers follow from the outcomes of all before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Outcomes
from qsac.families.program.feed_forward.network import (
    SLOPES,
    Dense,
    FeedForward,
    Passed,
    Training,
    descended,
    passed,
    squared_loss,
)
from qsac.families.program.feed_forward.readout import Echo, echoes, estimates_of, exact_echoes, likelihood, told_of

if TYPE_CHECKING:
    Real = NDArray[np.float64]


class Pass(NamedTuple):
    """One pass of a step: what its circuits' names begin with, the layers' place in the model from which its weights
    are, and the network that it is."""

    prefix: str
    first: int
    network: FeedForward

    def echoes(self, place: int) -> Iterator[tuple[str, Echo]]:
        """The circuits of one of its layers, by name."""
        for one in echoes(self.network, place):
            yield self.prefix + one.name, one

    def estimates_of(self, place: int) -> str:
        """What the classical step of one of its layers writes."""
        return self.prefix + estimates_of(place)


class Step(NamedTuple):
    """What is known of a step: the loss before it, and the layers that it leaves."""

    loss: float
    layers: tuple[Dense, ...]
    through: tuple[Passed, ...]


def passes(system: FeedForward, training: Training, seen: Mapping[str, Any]) -> Iterator[Pass | Step]:
    """All passes in order, and after those of each step what came of it: by the outcomes that are ``seen``, else
    exactly. The last step is one of a forward pass alone."""
    layers = system.layers
    for step in range(training.steps + 1):
        forward = _with_outcomes(Pass(f"step-{step}-", 0, _plain(system, layers, system.inputs)), seen)
        yield forward
        through = _told(forward, seen)
        missing = through[-1].output - training.targets
        if step < training.steps:
            deltas = [missing * SLOPES[layers[-1].activation](through[-1].z, through[-1].output)]
            for place in range(len(layers) - 1, 0, -1):
                turned = Dense(layers[place].weights.T, np.zeros(layers[place].weights.shape[1]), "identity")
                backward = Pass(f"step-{step}-back-{place}-", place, _plain(system, (turned,), deltas[0]))
                yield backward
                (products,), before = _told(backward, seen), through[place - 1]
                slope = SLOPES[layers[place - 1].activation](before.z, before.output)
                deltas.insert(0, products.z * slope)
            layers = descended(layers, through, deltas, training.rate)
        yield Step(squared_loss(missing), layers, tuple(through))


def exact_outcomes(system: FeedForward, training: Training) -> dict[str, Outcomes]:
    """The exact outcomes of all circuits, for what was measured before them."""
    found: dict[str, Outcomes] = {}
    for one in passes(system, training, system.outcomes):
        if isinstance(one, Pass):
            found |= {one.prefix + own.name: outcomes for own, outcomes in exact_echoes(one.network)}
    return found


def trained(system: FeedForward, training: Training, seen: Mapping[str, Any]) -> tuple[list[Passed], dict[str, Any]]:
    """The layers' values before training, and the losses and weights that came of it."""
    steps = [one for one in passes(system, training, seen) if isinstance(one, Step)]
    weights = [{"weights": layer.weights.tolist(), "bias": layer.bias.tolist()} for layer in steps[-1].layers]
    return list(steps[0].through), {"losses": [one.loss for one in steps], "layers": weights}


def estimated(one: Pass, place: int, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """The estimates of one layer of a pass, a classical step."""
    own = {echo.name: seen[name] for name, echo in one.echoes(place)}
    return {one.estimates_of(place): likelihood(one.network, place, own, options)[estimates_of(place)]}


def _plain(system: FeedForward, layers: Sequence[Dense], inputs: Real) -> FeedForward:
    return replace(system, layers=tuple(layers), inputs=inputs, training=None, outcomes={}, measured=())


def _with_outcomes(one: Pass, seen: Mapping[str, Any]) -> Pass:
    own = {
        echo.name: seen[name]
        for place in range(len(one.network.layers))
        for name, echo in one.echoes(place)
        if name in seen
    }
    return one._replace(network=one.network.fed(own)) if own else one


def _told(one: Pass, seen: Mapping[str, Any]) -> list[Passed]:
    """What a pass has given: by estimates as far as there are some, else exactly."""
    network, inputs = one.network, one.network.inputs
    found: list[Passed] = []
    around = np.zeros_like(inputs)
    for place, layer in enumerate(network.layers):
        name = one.estimates_of(place)
        if name in seen:
            told = seen[name]
        elif all(other in seen for other, _ in one.echoes(place)):
            told = estimated(one, place, seen, {})[name]
        else:
            return found + passed(network.layers[place:], inputs)
        found.append(told_of(layer, inputs, around, told)[0])
        inputs = found[-1].output
        around = np.zeros_like(inputs)
    return found

"""Feed-forward networks whose inner products are estimated: numbers, closed form, and what precision takes.

Layer l, input a: w~_o = (w_o, b_o), a~ = (a, 1), z_o = |w~_o| |a~| s_o with s_o their cosine, a' = f(z). Norms are
classical. So that no sign is left to find, both are extended by as much again: (x/|x|, 1)/sqrt(2), with the overlap
sigma = (1 + s)/2 in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.echo_estimation import echo, loads, planned

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.outcomes import Outcomes
    from qsac.families.program.model import Model

Real = NDArray[np.float64]


def _sigmoid(z: Real) -> Real:
    # tanh neither overflows nor loses digits where exp(-z) would.
    return np.asarray((1 + np.tanh(z / 2)) / 2)


ACTIVATIONS: Mapping[str, Callable[[Real], Real]] = {
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "sigmoid": _sigmoid,
    "identity": lambda z: z,
}

SLOPES: Mapping[str, Callable[[Real, Real], Real]] = {
    "tanh": lambda z, a: 1 - a**2,
    "relu": lambda z, a: (z > 0).astype(np.float64),
    "sigmoid": lambda z, a: a * (1 - a),
    "identity": lambda z, a: np.ones_like(z),
}
"""f'(z), of z and f(z)."""

LIPSCHITZ: Mapping[str, float] = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25, "identity": 1.0}


@dataclass(frozen=True, eq=False)
class Dense:
    """One layer: ``weights`` (outputs, inputs), ``bias`` (outputs,), and the name of f."""

    weights: Real = field(repr=False)
    bias: Real = field(repr=False)
    activation: str

    @property
    def extended(self) -> Real:
        """w~, (outputs, inputs + 1)."""
        return np.column_stack((self.weights, self.bias))

    def before(self, inputs: Real) -> Real:
        """z, (any number, outputs)."""
        return np.asarray(inputs @ self.weights.T + self.bias)

    def after(self, z: Real) -> Real:
        return np.asarray(ACTIVATIONS[self.activation](z))


class Passed(NamedTuple):
    """What one layer does to all inputs: z and f(z), (inputs, outputs), and the lengths of w~ and a~."""

    inputs: Real
    z: Real
    output: Real
    weight_norms: Real
    input_norms: Real

    @property
    def overlap(self) -> Real:
        """s, (inputs, outputs)."""
        return self.z / (self.input_norms[:, None] * self.weight_norms)


@dataclass(frozen=True)
class Training:
    """Full-batch descent: ``targets`` (inputs, outputs)."""

    targets: Real = field(repr=False)
    rate: float
    steps: int


def passed(layers: Sequence[Dense], inputs: Real) -> list[Passed]:
    """All layers, one after another, on inputs (any number, entries)."""
    found = []
    for layer in layers:
        z = layer.before(inputs)
        weight_norms = np.linalg.norm(layer.extended, axis=1)
        # |a~| is at least 1; a neuron whose weights and bias are all zero has no direction, and z is 0.
        input_norms = np.linalg.norm(np.column_stack((inputs, np.ones(len(inputs)))), axis=1)
        found.append(Passed(inputs, z, layer.after(z), np.where(weight_norms, weight_norms, 1.0), input_norms))
        inputs = found[-1].output
    return found


@dataclass(frozen=True, eq=False)
class FeedForward:
    """``inputs`` (number, entries). ``orders`` and ``shots`` of the echoes; ``automatic``: they follow from the
    precision."""

    layers: tuple[Dense, ...]
    inputs: Real = field(repr=False)
    orders: tuple[int, ...]
    shots: int
    automatic: bool
    precision: float
    failure: float
    training: Training | None
    refused: Mapping[str, str]
    measured: tuple[Real, ...] = field(default=(), repr=False)
    """Estimated activations that enter the second layer, the third one, .., as far as they are known."""
    outcomes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """In training the outcomes of passes, as far as there are some: the numbers of later ones follow from them."""

    @property
    def entries(self) -> int:
        return self.inputs.size + sum(layer.extended.size for layer in self.layers)

    @cached_property
    def passed(self) -> list[Passed]:
        return passed(self.layers, self.inputs)

    def entering(self, place: int) -> Real:
        """What the circuits of a layer load: the inputs, estimates where there are some, else what is exact."""
        if place == 0:
            return self.inputs
        return self.measured[place - 1] if place <= len(self.measured) else self.passed[place].inputs

    def overlaps(self, place: int) -> Real:
        """The cosines s that the circuits of a layer encode, (inputs, outputs)."""
        return passed(self.layers[place : place + 1], self.entering(place))[0].overlap

    @property
    def inner_products(self) -> int:
        return len(self.inputs) * sum(len(layer.weights) for layer in self.layers)

    @property
    def estimated_products(self) -> int:
        """Those that circuits estimate: of a training all of its steps, forwards and backwards."""
        if self.training is None:
            return self.inner_products
        backward = len(self.inputs) * sum(int(layer.weights.shape[1]) for layer in self.layers[1:])
        return (self.training.steps + 1) * self.inner_products + self.training.steps * backward

    @property
    def multiply_adds(self) -> int:
        """One for each weight and bias and input."""
        return len(self.inputs) * sum(layer.extended.size for layer in self.layers)

    @property
    def loads(self) -> int:
        """Uses of the walk by all shots of all echoes: one load and one inverse load each."""
        return self.estimated_products * loads(self.orders, self.shots)

    def trained(self) -> dict[str, Any] | None:
        """The losses, before training and after each step, and the layers that come out."""
        if self.training is None:
            return None
        layers, losses = list(self.layers), []
        for step in range(self.training.steps + 1):
            through = passed(layers, self.inputs)
            missing = through[-1].output - self.training.targets
            losses.append(squared_loss(missing))
            if step < self.training.steps:
                deltas = _deltas(layers, through, missing)
                layers = list(descended(layers, through, deltas, self.training.rate))
        found = [{"weights": layer.weights.tolist(), "bias": layer.bias.tolist()} for layer in layers]
        return {"losses": losses, "layers": found}

    def fed(self, seen: Mapping[str, Outcomes]) -> FeedForward:
        """The same with what the circuits of ``seen`` give for the inputs of later layers."""
        from qsac.families.program.feed_forward.circuits import fed

        return fed(self, seen)

    def plan(self, model: Model) -> Plan:
        from qsac.families.program.feed_forward.circuits import plan

        return plan(model, self)


def layer_facts(found: Passed, orders: Sequence[int]) -> dict[str, Any]:
    """What is said of a layer: exactly, or of what was estimated of it."""
    shifted = (1 + found.overlap) / 2
    return {
        "pre_activation": found.z.tolist(),
        "overlap": found.overlap.tolist(),
        "shifted": shifted.tolist(),
        "norms_of_weights": found.weight_norms.tolist(),
        "norms_of_inputs": found.input_norms.tolist(),
        "echo": {str(order): echo(shifted, order).tolist() for order in orders},
    }


def precisions(layers: Sequence[Dense], found: Sequence[Passed], precision: float) -> list[float]:
    """How precisely s has to be known in each layer, so that no output is further off than ``precision``, which is
    shared out equally: |dz_o| = |w~_o| |a~| ds, and each later layer passes on at most Lip(f) sum_h |w_oh| |da_h|."""
    asked, gain = [], 1.0
    for layer, one in zip(reversed(layers), reversed(found), strict=True):
        slope = LIPSCHITZ[layer.activation]
        largest = float((one.weight_norms * one.input_norms.max()).max())
        asked.append(precision / (len(layers) * gain * slope * largest))
        gain *= slope * float(np.abs(layer.weights).sum(axis=1).max())
        gain = max(gain, 1e-12)
    return asked[::-1]


def automatic(layers: Sequence[Dense], inputs: Real, precision: float, shots: int) -> tuple[tuple[int, ...], int]:
    """Orders and shots for a precision of the outputs, by the norms of the model."""
    return planned(min(1.0, *precisions(layers, passed(layers, inputs), precision)), shots)


def squared_loss(missing: Real) -> float:
    """The mean over the inputs of sum_o (out_o - y_o)^2 / 2, of their differences."""
    return float((missing**2).sum(axis=1).mean() / 2)


def _deltas(layers: Sequence[Dense], through: Sequence[Passed], missing: Real) -> list[Real]:
    """The gradients by z, (inputs, outputs) for each layer."""
    found: list[Real] = []
    for layer, one in zip(reversed(layers), reversed(through), strict=True):
        found.append(missing * SLOPES[layer.activation](one.z, one.output))
        missing = found[-1] @ layer.weights
    return found[::-1]


def descended(
    layers: Sequence[Dense], through: Sequence[Passed], deltas: Sequence[Real], rate: float
) -> tuple[Dense, ...]:
    """One step of descent: W -= rate times the mean over the inputs of delta a^T."""
    return tuple(
        Dense(
            layer.weights - rate * delta.T @ one.inputs / len(one.inputs),
            layer.bias - rate * delta.mean(axis=0),
            layer.activation,
        )
        for layer, one, delta in zip(layers, through, deltas, strict=True)
    )

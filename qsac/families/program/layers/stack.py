"""Layers of attention with tomography as numbers, and their closed form.

One layer: the rows X, of any length, are normalised to u; z_j = sum_i g(<u_j|W|u_i>) (V u_i, 1)/sqrt(2) over the keys
that j sees, so that A_j = z_j[:d] / z_j[d] is the attention divided by its row sum, exactly; Y = X + residual A; and
Y + F(Y_j / |Y_j|) with a feed-forward network F.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.kernel import kernel_values
from qsac.families.program.feed_forward.network import Dense, FeedForward, passed

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.outcomes import Outcomes
    from qsac.families.program.model import Model

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """``score`` and ``value`` (D, D) on padded rows; ``kernel`` c_0..c_k; ``feed_forward`` empty where there is
    none."""

    mask: Literal["causal", "full"]
    kernel: tuple[float, ...]
    score: Real = field(repr=False)
    value: Real = field(repr=False)
    by_row_sums: bool
    residual: float
    feed_forward: tuple[Dense, ...]

    @property
    def subnormalisation(self) -> float:
        """lambda, the sum of the kernel's absolute coefficients."""
        return float(np.abs(self.kernel).sum())


class Attended(NamedTuple):
    """What one layer's attention is: scores and kernel (T, T), states z (T, d + 1), and A (T, d)."""

    directions: Real
    scores: Real
    kernel: Real
    states: Real
    attention: Real


class Fed(NamedTuple):
    """What is made of it: the residual, the feed-forward and the output, (T, d) each."""

    after_residual: Real
    feed_forward: Real
    output: Real


def attended(layer: Layer, rows: Real) -> Attended:
    """The attention of a layer over rows (T, d), none of them zero."""
    tokens, dimension = rows.shape
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    padded = np.zeros((tokens, len(layer.score)))
    padded[:, :dimension] = directions
    scores = padded @ layer.score @ padded.T
    kernel = np.asarray(kernel_values(scores, np.array(layer.kernel)), dtype=np.float64)
    if layer.mask == "causal":
        kernel = np.tril(kernel)
    values = (padded @ layer.value.T)[:, :dimension]
    states = kernel @ np.column_stack((values, np.ones(tokens))) / np.sqrt(2)
    return Attended(directions, scores, kernel, states, attention_of(layer, states))


def attention_of(layer: Layer, states: Real) -> Real:
    """A of states z, (T, d)."""
    if layer.by_row_sums:
        return np.asarray(states[:, :-1] / states[:, -1:])
    return np.asarray(states[:, :-1] * np.sqrt(2))


def fed(layer: Layer, rows: Real, attention: Real) -> Fed:
    """The rest of a layer, which is classical: residual, normalisation, feed-forward."""
    after = rows + layer.residual * attention
    added = np.zeros_like(after)
    if layer.feed_forward:
        added = passed(layer.feed_forward, directed(after))[-1].output
    return Fed(after, added, after + added)


def directed(rows: Real) -> Real:
    """Rows of length 1, but for those that are zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths, lengths, 1.0))


def padded_row(row: Real, width: int) -> Real:
    """A row with zeros after it."""
    return np.append(row, np.zeros(width - len(row)))


def network_on(system: Layers, place: int, after_residual: Real) -> FeedForward:
    """The feed-forward network of a layer on rows after its residual."""
    orders, shots = system.estimates or ((1,), 1)
    return FeedForward(
        layers=system.layers[place].feed_forward,
        inputs=directed(after_residual),
        orders=orders,
        shots=shots,
        automatic=True,
        precision=system.precision,
        failure=system.failure,
        training=None,
        refused={},
    )


@dataclass(frozen=True, eq=False)
class Layers:
    """``rows``: (T, d), as given. ``precision`` and ``failure`` are the tomography's."""

    rows: Real = field(repr=False)
    layers: tuple[Layer, ...]
    mean: bool
    precision: float
    failure: float
    refused: Mapping[str, str]
    by_reference: bool = False
    """Signs are told by the interference with a reference state, in place of Hadamard gates."""
    estimates: tuple[tuple[int, ...], int] | None = None
    """Orders and shots of the echoes that the feed-forward networks are estimated by; None: they are classical."""
    measured: tuple[Real, ...] = field(default=(), repr=False)
    """Rows that were read and enter the second layer, the third one, .., as far as they are known."""
    references: Mapping[tuple[int, int], Real] = field(default_factory=dict, repr=False)
    """The magnitudes that were read of layers and rows, (D,) each: reference states of their interference."""
    networks: Mapping[int, FeedForward] = field(default_factory=dict, repr=False)
    """The networks of layers, with the inputs and activations that were measured."""

    @property
    def state_qubits(self) -> int:
        """Those of a row's state, which has d + 1 components."""
        return int(self.rows.shape[1]).bit_length()

    def entering(self, place: int) -> Real:
        """What the circuits of a layer load: the tokens, rows that were read where there are some, else exact ones."""
        if place == 0:
            return self.rows
        return self.measured[place - 1] if place <= len(self.measured) else self.steps[place - 1][1].output

    def estimates_network(self, place: int) -> bool:
        """Whether a layer has a network that is estimated by echoes."""
        return self.estimates is not None and bool(self.layers[place].feed_forward)

    def attention(self, place: int) -> Attended:
        """The attention of a layer over what its circuits load."""
        if 0 < place <= len(self.measured):
            return self._of_measured[place - 1]
        return self.steps[place][0]

    @cached_property
    def _of_measured(self) -> list[Attended]:
        """The attention over rows that were read, as far as there are layers after them."""
        return [attended(layer, rows) for layer, rows in zip(self.layers[1:], self.measured, strict=False)]

    def reference(self, place: int, row: int) -> Real:
        """The reference state of a row, (D,), positive and of unit norm: what was read, else what is exact."""
        if (place, row) in self.references:
            return self.references[place, row]
        state = np.abs(self.attention(place).states[row])
        return padded_row(state / np.linalg.norm(state), 1 << self.state_qubits)

    def network(self, place: int) -> FeedForward:
        """The feed-forward network of a layer, on its rows: those that were read, else exact ones."""
        if place in self.networks:
            return self.networks[place]
        made = fed(self.layers[place], self.entering(place), self.attention(place).attention)
        return network_on(self, place, made.after_residual)

    @property
    def tokens(self) -> int:
        return len(self.rows)

    @property
    def entries(self) -> int:
        return int(self.rows.size)

    def seen(self, layer: Layer, row: int) -> int:
        """How many keys a row sees."""
        return row + 1 if layer.mask == "causal" else self.tokens

    @cached_property
    def steps(self) -> list[tuple[Attended, Fed]]:
        """Every layer, exactly."""
        found, rows = [], self.rows
        for layer in self.layers:
            attention = attended(layer, rows)
            after = fed(layer, rows, attention.attention)
            found.append((attention, after))
            rows = after.output
        return found

    @property
    def multiply_adds(self) -> int:
        """Of attention and feed-forward, classically."""
        tokens, dimension = self.rows.shape
        pairs = sum(self.seen(layer, row) for layer in self.layers for row in range(int(tokens)))
        networks = sum(dense.extended.size for layer in self.layers for dense in layer.feed_forward)
        return int(2 * pairs * dimension + tokens * networks)

    def facts(self, place: int) -> dict[str, Any]:
        """What is said of a layer, exactly."""
        layer, (attention, after) = self.layers[place], self.steps[place]
        pairs = sum(self.seen(layer, row) for row in range(self.tokens))
        lam = layer.subnormalisation
        weight = float((attention.states**2).sum())
        return {
            "scores": attention.scores.tolist(),
            "kernel": attention.kernel.tolist(),
            "attention_state": attention.states.tolist(),
            "lam": lam,
            "pairs": pairs,
            "success_probability": weight / (lam**2 * self.tokens * pairs),
            "attention": attention.attention.tolist(),
            "after_residual": after.after_residual.tolist(),
            "feed_forward": after.feed_forward.tolist(),
            "output": after.output.tolist(),
        }

    def fed(self, seen: Mapping[str, Outcomes]) -> Layers:
        """The same with what the circuits of ``seen`` give for the rows of later layers."""
        from qsac.families.program.layers.circuits import fed as fed_layers

        return fed_layers(self, seen)

    def plan(self, model: Model) -> Plan:
        from qsac.families.program.layers.circuits import plan

        return plan(model, self)

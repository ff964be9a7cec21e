"""Circuits that learn an ensemble of states from samples of it (QuDDPM; Zhang and others 2023, arXiv 2310.05866).

The last step is a circuit; the qubits that it measures hold a state, all others are ancillas, those that were reset on
the way among them. Their outcomes are drawn, one for each sample, and what is left is conditional on them, without a
projection that could fail: derivatives go through the conditional state, with the outcome as it was drawn. That the
ancillas are measured in the end, and not on the way, changes nothing, as nothing depends on their outcomes.

With F = |<a|b>|^2, the cost is 1 - F, and the objective one of two distances between the B states g that are generated
and the B states t of the batch:

- ``mmd``: 2 r_gt - r_gg - r_tt, r the mean cost over all pairs, which is the squared distance |rho_g - rho_t|^2 of the
  mean states: it does not see more of ensembles than that;
- ``wasserstein``: the mean cost of the pairs of the best assignment of one to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact, Model
from qsac.families.learning import Batch, Samples, Trained
from qsac.families.steps.evaluation import kept_first
from qsac.families.steps.learning.metrics import LEAST
from qsac.families.steps.model import CircuitOf, Measured
from qsac.files.pointer import counted, join

if TYPE_CHECKING:
    import jax

    from qsac.families.steps.learning.learner import StepsLearner
    from qsac.families.steps.learning.traced_model import TracedModel

Distance: TypeAlias = Literal["mmd", "wasserstein"]


class Generated(NamedTuple):
    """``states`` (B, 2^k), of length 1; ``success`` (B,): of what is projected, not of outcomes that are drawn."""

    states: Any
    success: Any


@dataclass(frozen=True, eq=False)
class EnsembleLearner:
    """The learner ``steps``, of which no labels are known, with targets that are states: ``samples`` of the kind
    ``numbers``, 2^k real amplitudes, or as many real parts and then imaginary ones."""

    steps: StepsLearner
    samples: Samples
    distance: Distance

    def __post_init__(self) -> None:
        """Raises :class:`~qsac.errors.InvalidInputError` for a last step that leaves no states, or other ones."""
        place = len(self.steps.outline.model.steps) - 1
        last = self.steps.outline.model.steps[place]
        pointer = join("/steps", place)
        if not isinstance(last, CircuitOf) or last.measured.kind != "probabilities" or len(self.samples.shape) > 1:
            raise InvalidInputError(
                "the last step leaves no states that could be an ensemble",
                code="train.no-ensemble",
                pointer=pointer,
                wanted="a circuit of one vector that measures probabilities: the qubits that it names hold the state",
            )
        size = 1 << len(last.measured.qubits)
        if self.samples.kind != "numbers" or self.samples.width not in (size, 2 * size):
            raise InvalidInputError(
                "the targets are not states of the qubits that the circuit measures",
                code="train.no-ensemble",
                pointer=f"{pointer}/measure",
                found=f"targets of {counted(self.samples.width, 'number')}"
                if self.samples.kind == "numbers"
                else f'targets of the kind "{self.samples.kind}"',
                wanted=f"{size:,} amplitudes, or {size:,} real parts and {size:,} imaginary ones",
            )

    @property
    def objectives(self) -> tuple[str, ...]:
        return (self.distance,)

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return self.steps.size

    @property
    def angles(self) -> tuple[str, ...]:
        """As of the steps."""
        return self.steps.angles

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        return self.steps.initial(seed)

    def easier(self, when: bool | jax.Array = True) -> None:
        """No objective is known that would be easier to begin with."""

    # What is traced

    @property
    def _circuit(self) -> Measured:
        last = self.steps.outline.model.steps[-1]
        if not isinstance(last, CircuitOf):
            raise TypeError("the last step is no circuit")
        return last.measured

    @cached_property
    def _before(self) -> TracedModel:
        """All steps but the last one."""
        from qsac.families.steps.learning.traced_model import TracedModel

        return TracedModel(self.steps.outline.model.steps[:-1])

    def generated(self, trained: Trained, inputs: Any, key: Any) -> Generated:
        """The states that inputs (B, F) become, with outcomes that are drawn by a ``key`` of JAX. May be traced."""
        import jax
        import jax.numpy as jnp

        from qsac.families.steps.learning.arrays_of_model import in_circuit

        measured, arrays = self._circuit, self.steps.arrays(trained, inputs.dtype)
        before = self._before(arrays, inputs)
        nothing = jnp.zeros(0, inputs.dtype)
        parameters = in_circuit(measured.circuit, arrays, jnp, nothing)
        whole = self.steps.traced.circuits[id(measured.circuit)].states(before.outputs, parameters)
        # (B, 2^k, 2^a): the state for each outcome of the ancillas, not normalised.
        states = kept_first(whole, measured.qubits, measured.circuit.qubits)
        weights = jnp.sum(states.real**2 + states.imag**2, axis=1)
        drawn = jax.random.categorical(key, jnp.log(jax.lax.stop_gradient(weights) + LEAST), axis=-1)
        chosen = jnp.take_along_axis(states, drawn[:, None, None], axis=2)[..., 0]
        length = jnp.take_along_axis(weights, drawn[:, None], axis=1)
        success = before.success * (jnp.sum(weights, axis=1) if measured.circuit.projects else 1.0)
        return Generated(chosen / jnp.sqrt(jnp.maximum(length, LEAST)), success)

    def drawn_metrics(self, trained: Trained, batch: Batch, key: Any) -> dict[str, jax.Array]:
        """See :class:`qsac.families.learning.ComparesEnsembles`: the distance, and ``success_probability`` where
        something is post-selected."""
        import jax.numpy as jnp

        inputs, targets = self.samples.parted(jnp.asarray(batch))
        found = self.generated(trained, inputs, key)
        wanted = self._states(targets)
        cost = 1 - _fidelities(found.states, wanted)
        if self.distance == "mmd":
            own, theirs = (1 - _fidelities(one, one) for one in (found.states, wanted))
            value = 2 * jnp.mean(cost, axis=1) - jnp.mean(own, axis=1) - jnp.mean(theirs, axis=1)
        else:
            value = _assigned(cost)
        metrics = {self.distance: value, "ln_success": jnp.log(found.success + LEAST)}
        if self.steps.outline.model.projects:
            metrics["success_probability"] = found.success
        return metrics

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        """Those of outcomes that are the same ones each time."""
        import jax

        return self.drawn_metrics(trained, batch, jax.random.key(0))

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        """The states that are generated, real parts and then imaginary ones, (B, 2^(k+1)); outcomes as of the
        metrics."""
        import jax
        import jax.numpy as jnp

        inputs, _ = self.samples.parted(jnp.asarray(batch))
        found = self.generated(trained, inputs, jax.random.key(0)).states
        return jnp.concatenate([found.real, found.imag], axis=-1)

    def _states(self, targets: Any) -> Any:
        """Targets as states of length 1."""
        import jax
        import jax.numpy as jnp

        size = 1 << len(self._circuit.qubits)
        if self.samples.width == 2 * size:
            targets = jax.lax.complex(targets[:, :size], targets[:, size:])
        return targets / jnp.sqrt(jnp.maximum(jnp.sum(jnp.abs(targets) ** 2, axis=1, keepdims=True), LEAST))

    # Models

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        """See the protocol; ``sequence`` is one of the samples."""
        inputs, _ = self.samples.parted(np.asarray(sequence, dtype=np.float64))
        return self.steps.model(trained, inputs, name)

    def trained_of(self, model: Any) -> dict[str, NDArray[np.float64]]:
        """As of the steps."""
        return self.steps.trained_of(model)

    def facts(self) -> Sequence[Fact]:
        measured = self._circuit
        drawn = measured.circuit.qubits - len(measured.qubits)
        again = f", {measured.circuit.discarded:,} of them by resets" if measured.circuit.discarded else ""
        return [*self.steps.facts(), ("outcomes drawn", f"{counted(drawn, 'bit')} a sample{again}")]


def _fidelities(first: Any, second: Any) -> Any:
    """|<a|b>|^2 of all pairs, (A, B)."""
    found = first @ second.conj().T
    return found.real**2 + found.imag**2


def _assigned(cost: Any) -> Any:
    """(B,): the cost of each row in the best assignment of the columns to the rows. Its slopes are those of the costs,
    as the assignment does not change with them but where two are equally good."""
    import jax
    import jax.numpy as jnp

    from qsac.families.steps.learning.assignment import assigned_columns

    columns = assigned_columns(jax.lax.stop_gradient(cost))
    return jnp.take_along_axis(cost, columns[:, None], axis=1)[:, 0]

"""The phases of a seed's training: the continuation, if any, and the rest. Each has an objective, an optimiser and a
schedule of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.learning import Learner
from qsac.training.configuration import Config
from qsac.training.gradients import Gradient
from qsac.training.objectives import Objective
from qsac.training.optimisers.contract import Optimiser, Parameters, Place, Problem, ScheduledFields, State
from qsac.training.optimisers.making import kind_of

Shapes = Mapping[str, NDArray[Any]]


class Given(NamedTuple):
    """What an epoch is given: parameters and state, which it may overwrite; the sequences; ``order``, (steps, B), the
    places of the sequences of each batch; the epoch, counted from 0, and the seed, for what is random."""

    parameters: Parameters
    state: State
    sequences: Any
    order: NDArray[np.int32]
    epoch: int
    seed: int


class Done(NamedTuple):
    """An epoch that is done: new parameters and state, the value and the length of the gradient of each step. ``facts``
    of each step by name, where gradients came from circuits."""

    parameters: Parameters
    state: State
    values: Any
    norms: Any
    facts: Sequence[Mapping[str, float]] = ()


Run: TypeAlias = Callable[[Given], Done]
"""An epoch."""


@dataclass(frozen=True)
class Phase:
    """The epochs from ``first`` to before ``last``, of ``steps`` steps each."""

    first: int
    last: int
    steps: int
    learner: Learner
    objective: Objective
    optimiser: Optimiser
    rates: NDArray[np.float64]
    """The rate of each step of the phase."""
    eased: bool = False
    """Whether its objective is the easier one that the learner knows of."""

    def numbers(self, epoch: int) -> NDArray[np.int32]:
        """The numbers of an epoch's steps, counted from 0 in the phase."""
        start = (epoch - self.first) * self.steps
        return np.arange(start, start + self.steps, dtype=np.int32)

    def problem(self, words: bool, before: Any, eased: Any) -> Problem:
        """What is minimised, by the closed form; with ``words``, predictions are probabilities. ``before``: the number
        of steps before the phase; ``eased``: whether by the easier objective, if there is one; both may be traced."""
        import jax
        import jax.numpy as jnp

        learner = self.learner if eased is False else self.learner.easier(eased) or self.learner

        def value(trained: Parameters, batch: Any, number: Any) -> Any:
            return self.objective(learner, trained, batch, number + before)

        def predictions(trained: Parameters, batch: Any) -> Any:
            found = learner.predictions(trained, batch)
            if words:
                return jnp.sqrt(found + 1e-12)
            norm = jnp.sqrt(jnp.sum(jnp.square(jnp.abs(found)), axis=-1, keepdims=True) + 1e-20)
            return found / jax.lax.stop_gradient(norm)

        return Problem(jax.value_and_grad(value), value, predictions, angles_of(learner))


def angles_of(learner: Learner) -> tuple[str, ...]:
    """The names of the parameters of which each entry is the angle of one Pauli rotation, as far as the learner says
    so."""
    return tuple(getattr(learner, "angles", ()))


def phases_of(config: Config, learner: Learner, objective: Objective, parameters: Shapes, steps: int) -> list[Phase]:
    """The phases of a configuration, ``steps`` steps an epoch. Raises :class:`~qsac.errors.InvalidInputError` where the
    optimiser does not fit."""
    fields, epochs = config.optimiser, config.fields.epochs
    kind = kind_of(fields)
    angles = {name: int(parameters[name].size) for name in angles_of(learner)}
    optimiser = kind.make(fields, angles, epochs * steps, steps)
    ends = [fields.continuation, epochs] if fields.continuation else [epochs]
    found: list[Phase] = []
    for end in ends:
        start = found[-1].last if found else 0
        continuation = end < epochs
        rates = _rates(fields, (end - start) * steps, constant=continuation)
        found.append(Phase(start, end, steps, learner, objective, optimiser, rates, eased=continuation))
    if config.gradient is not None and optimiser.needs != "gradients":
        raise InvalidInputError(
            "this optimiser does not take gradients from circuits",
            code="train.optimiser-needs-closed-form",
            pointer="/optimiser/type",
            wanted='adam or sgd, or "gradient": "exact"',
        )
    return found


def _rates(fields: Any, steps: int, *, constant: bool) -> NDArray[np.float64]:
    """The rate of each step: a warm-up, which reaches the full rate in its last step, and then a cosine that would be 0
    in the step after the last one."""
    if not isinstance(fields, ScheduledFields):
        return np.zeros(steps)
    if constant:
        return np.full(steps, fields.rate)
    warm = round(fields.warm_up * steps)
    place = np.arange(steps)
    rising = (place + 1) / max(warm, 1)
    falling = np.ones(steps)
    if fields.schedule == "cosine":
        falling = (1 + np.cos(math.pi * (place - warm) / max(steps - warm, 1))) / 2
    return fields.rate * np.where(place < warm, rising, falling)


def traced(phases: Sequence[Phase], words: bool, double: bool) -> Callable[[Phase], Run]:
    """An epoch of each of the phases of a run; see :data:`Run`. They are one compiled function, which is told how many
    steps are before the phase and whether its objective is the easier one: compiling takes longer than many epochs."""
    import jax

    any_eased = any(phase.eased for phase in phases)

    def epoch(
        parameters: Any, state: Any, sequences: Any, order: Any, steps: Any, key: Any, before: Any, eased: Any
    ) -> Any:
        problem = phases[0].problem(words, before, eased if any_eased else False)
        chosen = jax.random.wrap_key_data(key, impl="threefry2x32")

        def step(carry: Any, given: Any) -> Any:
            places, number, rate = given
            place = Place(number, rate, jax.random.fold_in(chosen, number + before))
            done = phases[0].optimiser.step(problem, carry[0], carry[1], sequences[places], place)
            return (done.parameters, done.state), (done.value, done.gradient_norm)

        (parameters, state), (values, norms) = jax.lax.scan(step, (parameters, state), (order, *steps))
        return parameters, state, values, norms

    compiled = jax.jit(epoch, donate_argnums=(0, 1))

    def run(phase: Phase, given: Given) -> Done:
        numbers = phase.numbers(given.epoch)
        rates = phase.rates[numbers].astype(np.float64 if double else np.float32)
        key = np.random.SeedSequence((given.seed, 1)).generate_state(2, np.uint32)
        where = np.int32(phase.first * phase.steps), np.bool_(phase.eased)
        return Done(
            *compiled(given.parameters, given.state, given.sequences, given.order, (numbers, rates), key, *where)
        )

    return lambda phase: partial(run, phase)


def by_circuits(phase: Phase, gradient: Gradient, stop: Callable[[], bool]) -> Run:
    """An epoch by gradients from circuits; see :data:`Run`. Raises ``KeyboardInterrupt`` between two
    batches where ``stop`` says so: what was given is then as before."""
    import jax.numpy as jnp

    before = phase.first * phase.steps
    facts: list[Mapping[str, float]] = []

    def value_and_gradient(parameters: Parameters, batch: Any, number: Any) -> tuple[Any, Parameters]:
        trained = {name: np.asarray(values, dtype=np.float64) for name, values in parameters.items()}
        found = gradient.value_and_gradient(trained, batch, int(number) + before)
        facts.append(found.facts)
        return found.value, {name: jnp.asarray(part, parameters[name].dtype) for name, part in found.gradient.items()}

    def unknown(*_: Any) -> Any:
        raise RuntimeError("circuits give values with gradients alone")

    problem = Problem(value_and_gradient, unknown, unknown)

    def run(given: Given) -> Done:
        facts.clear()
        parameters, state, values, norms = given.parameters, given.state, [], []
        for places, step in zip(given.order, phase.numbers(given.epoch).tolist(), strict=True):
            if stop():
                raise KeyboardInterrupt
            place = Place(step, float(phase.rates[step]), None)
            done = phase.optimiser.step(problem, parameters, state, given.sequences[places], place)
            parameters, state = done.parameters, done.state
            values.append(float(done.value))
            norms.append(float(done.gradient_norm))
        return Done(parameters, state, np.array(values), np.array(norms), tuple(facts))

    return run

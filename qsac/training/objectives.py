"""What is minimised, as a function of parameters, a batch and the step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qsac.errors import InvalidInputError
from qsac.families.learning import Batch, ComparesEnsembles, Given, Learner, RollsOut, Trained
from qsac.files.pointer import counted, listed, nearest, quoted
from qsac.training.schema import ObjectiveFields, RollOutFields

if TYPE_CHECKING:
    import jax


@dataclass(frozen=True)
class Ahead:
    """Predictions that are fed back, up to ``steps`` steps ahead, count with ``weight`` from step ``begin`` on."""

    steps: int
    weight: float
    begin: int = 0


@dataclass(frozen=True)
class Objective:
    """The mean over a batch of ``metric`` - mu ``ln_success``, where mu grows evenly from 0 to ``success_weight`` over
    the first ``anneal`` steps. With ``ahead`` the metric is mixed with -ln fidelity of predictions that are fed back,
    the mean over the steps ahead."""

    metric: str
    success_weight: float = 0.0
    anneal: int = 0
    ahead: Ahead | None = None

    def __call__(self, learner: Learner, trained: Trained, batch: Batch, step: int | jax.Array) -> jax.Array:
        """The value at a step, counted from 0 over the whole run. May be traced."""
        import jax.numpy as jnp

        return jnp.mean(self.by_sequence(learner, trained, batch, step))

    def by_sequence(self, learner: Learner, trained: Trained, batch: Batch, step: int | jax.Array) -> jax.Array:
        """The value of each sequence of a batch, (B,). What a learner of ensembles draws depends on the step alone."""
        found = _metrics(learner, trained, batch, step)
        value = found[self.metric]
        if self.ahead is not None:
            value = _mixed(self.ahead, value, learner, trained, batch, step)
        return value - self.weight(step) * found["ln_success"] if self.success_weight else value

    def weight(self, step: int | jax.Array) -> float | jax.Array:
        """The weight mu of the success probability at a step."""
        import jax.numpy as jnp

        if not self.anneal:
            return self.success_weight
        return self.success_weight * jnp.minimum(1.0, step / self.anneal)

    @property
    def final(self) -> Objective:
        """The objective once mu has grown, and predictions are fed back: what validation is by."""
        return Objective(self.metric, self.success_weight, ahead=self.ahead and replace(self.ahead, begin=0))


def _metrics(learner: Learner, trained: Trained, batch: Batch, step: int | jax.Array) -> dict[str, jax.Array]:
    if not isinstance(learner, ComparesEnsembles):
        return learner.metrics(trained, batch)
    import jax

    comparing: ComparesEnsembles = learner
    return comparing.drawn_metrics(trained, batch, jax.random.fold_in(jax.random.key(0), step))


def _mixed(
    ahead: Ahead, value: jax.Array, learner: Learner, trained: Trained, batch: Batch, step: int | jax.Array
) -> jax.Array:
    """A metric of each sequence, mixed with what is predicted from predictions once that has begun."""
    import jax
    import jax.numpy as jnp

    if not isinstance(learner, RollsOut):
        raise TypeError("the learner does not feed its predictions back")
    rolls: RollsOut = learner

    def mixed() -> jax.Array:
        return (1 - ahead.weight) * value + ahead.weight * jnp.mean(rolls.roll_out(trained, batch, ahead.steps), -1)

    # A condition, not a weight of 0: what is not fed back yet takes no time.
    return jax.lax.cond(step >= ahead.begin, mixed, lambda: value) if ahead.begin else mixed()


def objective_of(fields: ObjectiveFields | None, learner: Learner, steps: int, given: Given | None = None) -> Objective:
    """The objective of a configuration, None for the first one that the learner has, in a run of so many ``steps``, for
    data as ``given`` says, which has to be known where predictions are fed back.

    Raises :class:`~qsac.errors.InvalidInputError` for one that the learner does not have.
    """
    if fields is None:
        return Objective(learner.objectives[0])
    if fields.type not in learner.objectives:
        raise InvalidInputError(
            "the model does not have this objective",
            code="train.unknown-objective",
            pointer="/objective",
            found=quoted(fields.type),
            wanted=listed(learner.objectives),
            help=f'did you mean "{guess}"?' if (guess := nearest(fields.type, learner.objectives)) else None,
        )
    ahead = None
    if fields.roll_out is not None:
        _check_roll_out(fields.roll_out, learner, given)
        ahead = Ahead(fields.roll_out.steps, fields.roll_out.weight, round(fields.roll_out.after * steps))
    return Objective(fields.type, fields.success_weight, round(fields.anneal * steps), ahead)


def _check_roll_out(fields: RollOutFields, learner: Learner, given: Given | None) -> None:
    """Whether a model's predictions can be fed back, so many steps ahead."""
    if not isinstance(learner, RollsOut) or given is None or given.labels is not None:
        raise InvalidInputError(
            "the model's predictions cannot be fed back in training",
            code="train.no-roll-out",
            pointer="/objective/roll_out",
            found="a model of words" if given is not None and given.labels is not None else "a model of another family",
            wanted="a model of quantum attention that predicts states",
            help="leave roll_out out",
        )
    if fields.steps >= given.length:
        raise InvalidInputError(
            "the sequences are shorter than the steps ahead",
            code="train.no-roll-out",
            pointer="/objective/roll_out/steps",
            found=f"{fields.steps:,} steps after a context of {counted(given.length - 1, 'token')}",
            wanted=f"at most {given.length - 1:,}",
        )

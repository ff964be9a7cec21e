"""The training of one seed: epoch after epoch, from a checkpoint where there is one.

An epoch is one compiled function, a scan over its batches. What is random depends on the seed and the epoch alone, and
a checkpoint holds all the rest: a run that is interrupted and resumed gives the same bytes as one that is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import CheckFailedError, present
from qsac.families.learning import Warns
from qsac.training import checkpoints
from qsac.training.checkpoints import Checkpoint
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.data.entropy import said_of_floor
from qsac.training.functions import Functions, Shared, functions_of
from qsac.training.gradients import Gradient
from qsac.training.measuring import means
from qsac.training.phases import Given, Phase, Run, by_circuits
from qsac.training.precision import fitted, precision
from qsac.training.run_folder import model_text, trained_of, write_seed
from qsac.training.trained import Epoch, Metrics, Stopped, Trained
from qsac.training.watching import Beginning, Unwatched, Watch, never

_GROWING = 5
"""Training has diverged where so many epochs in a row are worse than the first one, by more than a nat."""


def train_seed(
    config: Config,
    seed: int,
    folder: Path | None = None,
    *,
    watch: Watch | None = None,
    stop: Callable[[], bool] = never,
    restart: bool = False,
    shared: Shared | None = None,
    executor: Executor | None = None,
) -> Trained:
    """Train one seed. ``folder`` is where its checkpoint, model and history are; a checkpoint that is there is gone on
    from, unless ``restart``. None keeps nothing. Where ``stop`` says so, a checkpoint is written and
    ``KeyboardInterrupt`` raised. ``shared`` has what was compiled for earlier seeds of the run. Gradients from circuits
    run them on the ``executor``, where there is one.

    Raises :class:`~qsac.errors.CheckFailedError` where training diverges: the last checkpoint stays;
    :class:`~qsac.errors.InvalidInputError` for a model that does not fit the data, and for a checkpoint of another
    training.
    """
    data = config.data(seed)
    watch = Unwatched() if watch is None else watch
    with precision(config.double), closing(_Gradients(config, data, seed, executor)) as gradients:
        functions = functions_of(config, data, {} if shared is None else shared)
        seeded = _Seed(config, seed, data, functions, folder, watch, stop, gradients)
        kept = None if restart else seeded.found()
        state = seeded.start() if kept is None else seeded.restored(kept)
        watch.begun(seeded.beginning(state))
        stopped = (kept.stopped if kept is not None else None) or seeded.run(state)
        done = seeded.over(state, kept, present(stopped, "why training is over"))
    trained = present(trained_of(done, seed), "a seed whose training is over")
    if folder is not None:
        write_seed(model_text(config, functions.learner, trained, data), trained, folder)
    return trained


class Part(NamedTuple):
    """What a part of a seed's training comes to: ``beginning`` where it was asked for, the seed's checkpoint, and the
    text of its model file once training is over."""

    beginning: Beginning | None
    checkpoint: Checkpoint
    model: str | None


def train_part(
    config: Config,
    seed: int,
    kept: Checkpoint | None,
    *,
    begin: bool,
    pause: Callable[[], bool],
    shared: Shared,
    source: str,
) -> Part:
    """Train one seed from a checkpoint on, None for from the beginning: with ``begin`` no epoch, but what is known
    before; else at least one, until ``pause`` says so after an epoch. Many parts come to the same bytes as
    :func:`train_seed`. ``source`` names the checkpoint in errors. Raises what :func:`train_seed` raises.
    """
    data = config.data(seed)
    with precision(config.double), closing(_Gradients(config, data, seed, None)) as gradients:
        functions = functions_of(config, data, shared)
        seeded = _Seed(config, seed, data, functions, None, Unwatched(), never, gradients)
        if kept is not None:
            seeded.check(kept, source)
        state = seeded.start() if kept is None else seeded.restored(kept)
        beginning = seeded.beginning(state) if begin else None
        stopped = None if kept is None else kept.stopped
        if stopped is None and not begin:
            stopped = seeded.run(state, pause)
        if stopped is None:
            return Part(beginning, seeded.checkpoint(state), None)
        done = seeded.over(state, kept, stopped)
    trained = present(trained_of(done, seed), "a seed whose training is over")
    return Part(beginning, done, model_text(config, functions.learner, trained, data))


@dataclass
class _State:
    """How far a seed is. ``parameters`` and ``remembered`` are JAX's and belong to the next epoch's phase; ``best`` is
    NumPy's."""

    parameters: dict[str, Any]
    remembered: Any
    best: dict[str, NDArray[Any]]
    best_epoch: int
    history: list[Epoch]

    @property
    def epoch(self) -> int:
        return len(self.history)


class _Gradients:
    """The gradients from circuits of a seed, made when they are first asked for."""

    def __init__(self, config: Config, data: Data, seed: int, executor: Executor | None) -> None:
        self._asked, self._executor = (config, data, seed), executor
        self._made: Gradient | None = None

    def of(self, functions: Functions) -> Gradient:
        if self._made is None:
            from qsac.training.from_circuits.making import gradient_of

            config, data, seed = self._asked
            self._made = gradient_of(
                config, functions.learner, functions.objective, data, seed, executor=self._executor
            )
        return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made.close()


class _Seed:
    """What does not change while a seed is trained."""

    def __init__(
        self,
        config: Config,
        seed: int,
        data: Data,
        functions: Functions,
        folder: Path | None,
        watch: Watch,
        stop: Callable[[], bool],
        gradients: _Gradients,
    ) -> None:
        self.config, self.seed, self.data, self.functions = config, seed, data, functions
        self.watch, self.stop, self._gradients = watch, stop, gradients
        self.path = None if folder is None else folder / checkpoints.FILE
        double = functions.double
        self.initial = {name: fitted(values, double) for name, values in functions.learner.initial(seed).items()}
        self.train: Any = fitted(data.train, double)
        if config.gradient is None:
            self.train = _on_device(self.train)
        self.validating = None if data.validation is None else functions.chunks(data.validation)

    def beginning(self, state: _State) -> Beginning:
        """What is known before training goes on from a state."""
        learner = self.functions.learner
        facts, warnings = [*self.data.facts], [*self.data.warnings]
        dimension = getattr(learner, "dimension", None)  # of states whose Born probabilities are those of words
        if dimension is not None:
            of_floor = said_of_floor(self.data, dimension)
            facts += of_floor[0]
            warnings += of_floor[1]
        facts += learner.facts()
        if isinstance(learner, Warns):
            warnings += learner.warnings(state.best, self.data.train[: self.functions.batch])
        if self.config.gradient is not None:
            gradient = self._gradients.of(self.functions)
            facts += gradient.facts(state.best, self.data.train[: self.functions.batch])
        epochs = self.config.fields.epochs
        return Beginning(self.data.digest, tuple(facts), tuple(warnings), tuple(state.history), epochs)

    # From and to checkpoints

    def found(self) -> Checkpoint | None:
        """The checkpoint that is there, sure to be of this training."""
        if self.path is None or not self.path.exists():
            return None
        kept = checkpoints.read(self.path)
        self.check(kept, str(self.path))
        return kept

    def check(self, kept: Checkpoint, source: str) -> None:
        """Whether a checkpoint is of this training."""
        import jax

        state = jax.tree.leaves(self.start(kept.epoch).remembered)
        checkpoints.check(kept, source, self.config.digest, self.data.digest, self.initial, state)

    def start(self, epoch: int = 0) -> _State:
        """The state before anything is learned, of the phase of an epoch."""
        parameters = {name: _on_device(values) for name, values in self.initial.items()}
        remembered = self.functions.phase(epoch).optimiser.initial(parameters)
        return _State(parameters, remembered, dict(self.initial), 0, [])

    def restored(self, kept: Checkpoint) -> _State:
        import jax

        structure = jax.tree.structure(self.start(kept.epoch).remembered)
        return _State(
            parameters={name: _on_device(values) for name, values in kept.parameters.items()},
            remembered=jax.tree.unflatten(structure, [_on_device(one) for one in kept.state]),
            best=dict(kept.best),
            best_epoch=kept.best_epoch,
            history=list(kept.history),
        )

    def keep(self, state: _State) -> None:
        """Write a checkpoint."""
        if self.path is not None:
            self._write(self.checkpoint(state), self.path)

    def _write(self, checkpoint: Checkpoint, path: Path) -> None:
        checkpoints.write(checkpoint, path)
        self.watch.kept(checkpoint.epoch)

    def over(self, state: _State, kept: Checkpoint | None, stopped: Stopped) -> Checkpoint:
        """The checkpoint of a seed whose training is over, with its metrics: ``kept`` where that has them, else it is
        written."""
        if kept is not None and kept.metrics is not None:
            return kept
        measured = (("train", self.data.train), ("test", self.data.test))
        metrics = {part: means(self.functions.measure(state.best, sequences)) for part, sequences in measured}
        done = self.checkpoint(state, metrics, stopped)
        if self.path is not None:
            self._write(done, self.path)
        return done

    def checkpoint(
        self, state: _State, metrics: Mapping[str, Metrics] | None = None, stopped: Stopped | None = None
    ) -> Checkpoint:
        """The checkpoint of a state."""
        import jax

        return Checkpoint(
            config=self.config.digest,
            data=self.data.digest,
            seed=self.seed,
            parameters=_copied(state.parameters),
            best=state.best,
            best_epoch=state.best_epoch,
            state=[np.array(one) for one in jax.tree.leaves(state.remembered)],
            history=tuple(state.history),
            metrics=metrics,
            stopped=stopped,
        )

    # Epochs

    def run(self, state: _State, pause: Callable[[], bool] = never) -> Stopped | None:
        """All epochs that are left; or those until ``pause`` says so after one, then None."""
        fields = self.config.fields
        patience = None if fields.validation is None else fields.validation.patience
        while state.epoch < fields.epochs:
            if self.stop():
                self.keep(state)
                raise KeyboardInterrupt
            best = max(state.best_epoch, self.functions.phases[-1].first)
            if patience is not None and state.epoch - best >= patience:
                return "early"
            self._epoch(state)
            if state.epoch % fields.checkpoint.every == 0 and state.epoch < fields.epochs:
                self.keep(state)
            if state.epoch < fields.epochs and pause():
                return None
        return "finished"

    def _epoch(self, state: _State) -> None:
        functions, number = self.functions, state.epoch
        phase = functions.phase(number)
        order = np.random.default_rng((self.seed, number)).permutation(len(self.data.train))
        batches = order[: functions.steps * functions.batch].reshape(functions.steps, functions.batch).astype(np.int32)
        given = Given(state.parameters, state.remembered, self.train, batches, number, self.seed)
        try:
            parameters, remembered, values, norms, facts = self._run(phase)(given)
        except KeyboardInterrupt:
            if self.config.gradient is not None:  # nothing of the epoch is kept
                self.keep(state)
            raise
        validation = None
        if self.validating is not None:
            validation = float(functions.validation(parameters, *self.validating))
        record = Epoch(
            epoch=number + 1,
            train=float(np.mean(np.asarray(values, dtype=np.float64))),
            validation=validation,
            gradient_norm=_mean(np.asarray(norms, dtype=np.float64)),
            rate=float(phase.rates[phase.numbers(number)[-1]]),
            facts=_means(facts),
        )
        self._check(record, parameters, phase, state.history)
        state.parameters, state.remembered = parameters, remembered
        state.history.append(record)
        earlier = state.history[state.best_epoch - 1].validation if state.best_epoch else None
        if validation is None or earlier is None or validation < earlier:
            state.best, state.best_epoch = _copied(parameters), state.epoch
        if state.epoch == phase.last < self.config.fields.epochs:
            state.remembered = functions.phase(state.epoch).optimiser.initial(parameters)
        self.watch.epoch(record)

    def _run(self, phase: Phase) -> Run:
        if self.config.gradient is None:
            return self.functions.run(phase)
        return by_circuits(phase, self._gradients.of(self.functions), self.stop)

    def _check(self, record: Epoch, parameters: Any, phase: Phase, history: list[Epoch]) -> None:
        """Raise :class:`~qsac.errors.CheckFailedError` where training cannot go on."""
        objective = self.functions.objective
        kept = "nothing is kept" if self.path is None or not self.path.exists() else "the last checkpoint is kept"
        values = [record.train, record.validation or 0.0, record.gradient_norm or 0.0]
        whole = all(bool(np.isfinite(np.asarray(one)).all()) for one in parameters.values())
        if not whole or not all(map(math.isfinite, values)):
            raise CheckFailedError(
                f"training of seed {self.seed} ended in epoch {record.epoch}: a number is not finite any more",
                code="train.not-finite",
                found=f"a mean {objective.metric} of {record.train:g}",
                help=f"{kept}; try a smaller rate, a clip, or double precision",
            )
        anneal = math.ceil(objective.anneal / self.functions.steps)
        ahead = 0 if objective.ahead is None else math.ceil(objective.ahead.begin / self.functions.steps)
        since = history[max(phase.first, anneal, ahead if ahead <= len(history) else 0) :]
        if len(since) <= _GROWING:
            return
        worst = since[0].train + max(1.0, abs(since[0].train))
        if all(one.train > worst for one in (*since[1 - _GROWING :], record)):
            raise CheckFailedError(
                f"training of seed {self.seed} diverged: epoch {record.epoch} is worse than the first one",
                code="train.diverged",
                found=f"a mean {objective.metric} of {record.train:g}, at first {since[0].train:g}",
                help=f"{kept}; try a smaller rate, or a clip",
            )


def _mean(values: NDArray[np.float64]) -> float | None:
    """The mean, None where no step has a value: then the optimiser takes no gradients."""
    return None if np.isnan(values).all() else float(np.mean(values))


def _means(facts: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    """The means of facts over steps; without those that are not finite in some step."""
    if not facts:
        return None
    found = {name: float(np.mean([one[name] for one in facts])) for name in facts[0]}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _on_device(values: NDArray[Any]) -> Any:
    """A copy of an array as JAX's own: a compiled epoch overwrites what it is given."""
    import jax.numpy as jnp

    return jnp.array(values, copy=True)


def _copied(parameters: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """A copy in NumPy's hands, likewise."""
    return {name: np.array(values) for name, values in parameters.items()}

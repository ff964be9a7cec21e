"""Rolling forward what a run has learned, or a model file, on the trajectories of its data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.arguments import file_path, whole_number
from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.learning import Given, Learner
from qsac.families.reading import load_text
from qsac.families.registry import family_of
from qsac.files.limits import MODEL_FILE_BYTES
from qsac.files.pointer import counted
from qsac.files.source import read_file
from qsac.files.strict_json import parse
from qsac.progress import Announce, Progress
from qsac.runtime.request import Request
from qsac.training.configuration import Config, learns
from qsac.training.data.contract import Data
from qsac.training.data.making import data_of
from qsac.training.data.trajectories import observables
from qsac.training.next_states import Circuits, ClosedForm, States, normalised
from qsac.training.reading import load as load_config
from qsac.training.roll_out import Phase, RollOut, compared, rolled
from qsac.training.run_folder import Run
from qsac.training.tomography import bases

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

STEPS = 1_000
"""The most steps: each is a shape of its own."""


@dataclass(frozen=True, eq=False)
class Trajectories:
    """What is rolled forward: a model, and S trajectories whose first tokens it is given.

    ``context`` (S, T, d); ``true`` (S, L, d), what follows, or None; ``seed`` is the run's, None for a model file.
    """

    seed: int | None
    learner: Learner
    parameters: Mapping[str, NDArray[Any]]
    context: States
    true: States | None
    observables: Mapping[str, NDArray[Any]]

    @property
    def real(self) -> bool:
        """Whether the tokens are real, and so are all predictions."""
        return not np.iscomplexobj(self.context)


@dataclass(frozen=True, eq=False)
class Found:
    """The roll-out of one seed. ``exact``: the closed form's with the same phases, beside one from circuits."""

    seed: int | None
    context: int
    roll_out: RollOut
    exact: RollOut | None = None


@dataclass(frozen=True, eq=False)
class RolledOut:
    """What :func:`roll_out` returns. ``target`` is None for the closed form; ``circuits`` counts what was run."""

    name: str
    steps: int
    phase: Phase
    target: str | None
    shots: int | None
    noise: bool
    seeds: tuple[Found, ...]
    circuits: int = 0
    two_qubit_gates: int = 0
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints with ``--json``. Errors of observables are means over trajectories and steps."""
        kept = ("name", "steps", "phase", "target", "shots", "noise", "circuits", "two_qubit_gates")
        tables = [_table(one) for one in self.seeds]
        return {
            **{name: getattr(self, name) for name in kept},
            "seeds": tables,
            "mean": _over_seeds(tables, np.mean),
            "spread": _over_seeds(tables, _deviation),
            "warnings": list(self.warnings),
        }


def roll_out(
    source: Run | str | os.PathLike[str],
    steps: int = 8,
    *,
    data: Config | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    phase: Phase | None = None,
    sequences: int | None = None,
    target: AnyTarget | None = None,
    shots: int | None = None,
    noise: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> RolledOut:
    """Roll test trajectories ``steps`` tokens forward by a model, and compare them with the true ones.

    ``source`` is a run or its folder, or a model file. The trajectories are the test part of the run's data, or of the
    configuration ``data``; a model file without it goes on with its own tokens. What is true beyond them is known where
    the data are an evolution; of other data the last ``steps`` tokens of each sequence are predicted from those before.

    Without ``target`` predictions are those of the closed form, of all trajectories unless ``sequences`` says how many.
    With one, every prediction is read from circuits that are compiled for it (:class:`Circuits`), exactly or by
    ``shots`` each, with ``noise`` if asked for: of one trajectory unless ``sequences`` says otherwise, and of the run's
    first seed. ``phase``: see :mod:`qsac.training.roll_out`; from circuits it is that of the context. ``seed`` is that
    of the shots.

    Raises :class:`~qsac.errors.InvalidInputError` for a source that predicts no states, and whatever compiling and
    running raise.
    """
    steps = whole_number(steps, "number of steps", 1, STEPS)
    asked = Request(shots, seed, noise, mitigate=False, precision=None, emulator=False, progress=progress)
    if sequences is not None:
        sequences = whole_number(sequences, "number of sequences", 1)
    if target is None and (asked.shots is not None or asked.noise):
        raise InvalidInputError(
            "shots and noise are those of a target",
            code="roll-out.no-target",
            found="no target",
            wanted="the target whose circuits are to be run",
            help="leave them out for the closed form",
        )
    if target is not None and phase == "model":
        raise InvalidInputError(
            "a circuit does not show the phase of a prediction",
            code="roll-out.no-phase",
            found='the phase "model" and a target',
            wanted='the phase "context", which is taken from the known tokens',
        )
    name, found = _trajectories(source, data, steps)
    if target is None:
        chosen: Phase = phase or "model"
        forms = _ClosedForms()
        results = [_exact(one, steps, chosen, sequences, forms) for one in found]
        return RolledOut(name, steps, chosen, None, None, False, tuple(results))
    first = next(iter(found))
    circuits = Circuits(
        lambda tokens: first.learner.model(first.parameters, tokens, name[:80]),
        target,
        shots=asked.shots,
        noise=asked.noise,
        seed=seed,
        real=first.real,
        progress=progress,
    )
    result = _measured(first, circuits, steps, sequences or 1, announce)
    from qsac.machine.read import find_target

    return RolledOut(
        name,
        steps,
        "context",
        find_target(target).name,
        circuits.shots,
        asked.noise,
        (result,),
        circuits.circuits,
        circuits.two_qubit_gates,
        _doubts(circuits),
    )


class _ClosedForms:
    """Closed forms that are compiled once for the seeds of a run."""

    def __init__(self) -> None:
        self._made: dict[tuple[Learner, int], ClosedForm] = {}

    def of(self, learner: Learner, longest: int) -> ClosedForm:
        """That of a learner, for so many tokens."""
        return self._made.setdefault((learner, longest), ClosedForm(learner, longest))


def _exact(given: Trajectories, steps: int, phase: Phase, sequences: int | None, forms: _ClosedForms) -> Found:
    context, true = given.context[:sequences], None if given.true is None else given.true[:sequences]
    form = forms.of(given.learner, context.shape[1] + steps)
    states = rolled(context, steps, form.of(given.parameters), phase)
    return Found(given.seed, context.shape[1], compared(context, states, true, given.observables, phase))


def _measured(given: Trajectories, circuits: Circuits, steps: int, sequences: int, announce: Announce | None) -> Found:
    context = given.context[:sequences]
    number = len(context) * steps * len(bases((context.shape[2] - 1).bit_length(), real=given.real))
    if announce is not None:
        announce(f"{counted(number, 'circuit')} will be compiled and run")
    states = rolled(context, steps, circuits, "context")
    true = None if given.true is None else given.true[:sequences]
    exact = _exact(given, steps, "context", sequences, _ClosedForms())
    return Found(
        given.seed, context.shape[1], compared(context, states, true, given.observables, "context"), exact.roll_out
    )


def _doubts(circuits: Circuits) -> tuple[str, ...]:
    """What speaks against what was read from circuits: too few accepted shots."""
    if circuits.shots is None:
        return ()
    accepted = circuits.least_success * circuits.shots
    if accepted >= _FEW:
        return ()
    return (f"only about {accepted:.0f} shots of some circuit were accepted: take more than {circuits.shots:,}",)


_FEW = 100


# What is rolled forward


def _trajectories(source: Run | str | os.PathLike[str], data: Any, steps: int) -> tuple[str, Iterable[Trajectories]]:
    """The name of what is rolled forward, and its trajectories, one for each seed of a run."""
    if isinstance(source, Run) or Path(file_path(source, "source")).is_dir():
        run = source if isinstance(source, Run) else Run.load(source)
        config = run.config if data is None else load_config(data)
        learners: dict[Given, Learner] = {}
        return run.config.name, (_of_run(run, seed.seed, config, steps, learners) for seed in run.seeds)
    path = str(file_path(source, "model"))
    text = read_file(path, MODEL_FILE_BYTES, "model file")
    model = load_text(text, path, Path(path).parent)
    learner = learns(family_of(model), model.section, "").learner_of(model)
    parameters = learner.initial(0)
    if data is not None:
        config = load_config(data)
        context, true, known = _of_data(config, config.data(config.seeds[0]), config.seeds[0], steps)
        return model.name, [Trajectories(None, learner, parameters, context, true, known)]
    return model.name, [_own_tokens(model, text, path, learner, parameters, steps)]


def _of_run(run: Run, seed: int, config: Config, steps: int, learners: dict[Given, Learner]) -> Trajectories:
    own = run.data(seed)
    data = own if config is run.config else config.data(seed)
    context, true, known = _of_data(config, data, seed, steps)
    if own.given not in learners:
        learners[own.given] = run.config.learner(own)
    return Trajectories(seed, learners[own.given], run.trained(seed).parameters, context, true, known)


def _of_data(config: Config, data: Data, seed: int, steps: int) -> tuple[States, States, Mapping[str, NDArray[Any]]]:
    """The known tokens of the test trajectories, what follows, and the observables."""
    if data.given.labels is not None:
        raise InvalidInputError(
            "the data are words, and no trajectories",
            code="roll-out.no-states",
            found=counted(len(data.given.labels), "word"),
            wanted="data whose sequences are states",
            help="qsac generate continues a text, by the models that predict words",
        )
    fields: Any = config.data_fields
    if hasattr(fields, "dt"):  # an evolution goes on
        longer = data_of(fields.model_copy(update={"context": fields.context + steps - 1}), seed, config.folder).test
        return longer[:, :-steps], longer[:, -steps:], data.observables
    length = data.test.shape[1] - steps
    if length < 1:
        raise InvalidInputError(
            "the sequences are too short for so many steps",
            code="roll-out.too-short",
            found=f"{counted(data.test.shape[1], 'token')} and {counted(steps, 'step')}",
            wanted=f"at most {counted(data.test.shape[1] - 1, 'step')}: the last tokens are predicted from the first",
        )
    return data.test[:, :length], data.test[:, length:], data.observables


_EVOLUTIONS = ("tfim", "hamiltonian")


def _own_tokens(
    model: Model, text: bytes, path: str, learner: Learner, parameters: Mapping[str, NDArray[Any]], steps: int
) -> Trajectories:
    """The tokens of a model file: all that it has are known; an evolution goes on."""
    given: Any = parse(text, path)  # read before, as a model
    tokens = given["tokens"]
    context, true, seen = _tokens(model), None, {}
    if tokens.get("type") in _EVOLUTIONS:
        attention = {name: value for name, value in given["attention"].items() if name != "phases"}
        longer = {**given, "attention": attention, "tokens": {**tokens, "context": tokens["context"] + steps}}
        whole = _tokens(load_text(json.dumps(longer), path, Path(path).parent))
        context, true = whole[:, :-steps], whole[:, -steps:]
        qubits = context.shape[2].bit_length() - 1
        seen = observables(qubits, [(qubit, qubit + 1) for qubit in range(qubits - 1)])
    return Trajectories(None, learner, parameters, context, true, seen)


def _tokens(model: Model) -> States:
    """The tokens of a model as one sequence of states, (1, T+1, d), of length 1."""
    values = model.canonical["tokens"].get("values")
    if values is None:
        raise InvalidInputError(
            "the tokens of the model are no states",
            code="roll-out.no-states",
            pointer="/tokens",
            wanted="a model whose tokens are states",
            help="qsac generate continues a text, by the models that predict words",
        )
    array = np.array(values, dtype=np.float64)
    states: States = array[..., 0] + 1j * array[..., 1] if array.ndim == 3 else array
    return normalised(states)[None]


# What is said of it


def _table(found: Found) -> dict[str, Any]:
    """A seed's figures; predicted states, as [re, im] pairs, and observables are of its first trajectory."""
    result = found.roll_out
    table: dict[str, Any] = {
        "seed": found.seed,
        "context": found.context,
        "trajectories": len(result.states),
        "fidelity": _means(result.fidelity),
        "persistence": _means(result.persistence),
        "errors": {name: one.error("predicted") for name, one in result.observables.items()},
        "errors_of_persistence": {name: one.error("persistence") for name, one in result.observables.items()},
    }
    if found.exact is not None:
        table["fidelity_of_closed_form"] = _means(found.exact.fidelity)
        table["agreement"] = _means(np.abs(np.einsum("sld,sld->sl", found.exact.states.conj(), result.states)) ** 2)
    first = result.states[0]
    table["states"] = np.stack((first.real, first.imag), axis=-1).tolist()
    table["observables"] = {
        name: {
            "true": None if one.true is None else one.true[0].tolist(),
            "predicted": one.predicted[0].tolist(),
            "persistence": one.persistence[0].tolist(),
        }
        for name, one in result.observables.items()
    }
    return table


def _means(values: NDArray[np.float64] | None) -> list[float] | None:
    return None if values is None else [float(one) for one in values.mean(axis=0)]


_FIGURES = ("fidelity", "persistence", "errors", "errors_of_persistence")


def _over_seeds(tables: Sequence[Mapping[str, Any]], function: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _FIGURES:
        values = [table[name] for table in tables]
        if values[0] is None:
            found[name] = None
        elif isinstance(values[0], dict):
            found[name] = {key: _applied(function, [one[key] for one in values]) for key in values[0]}
        else:
            found[name] = [_applied(function, column) for column in zip(*values, strict=True)]
    return found


def _applied(function: Any, values: Sequence[float | None]) -> float | None:
    if any(value is None for value in values):
        return None
    found = function([value for value in values if value is not None])
    return None if found is None else float(found)


def _deviation(values: Sequence[float]) -> float | None:
    """The standard deviation over seeds, None of one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None

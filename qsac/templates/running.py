"""Running what a user has, also on many inputs: each input is a binding of one template.

A circuit may come after others, whose outcomes decide its numbers. It is then bound again for what was measured. What
they have made needless is not run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property, partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsac.arguments import callback, file_path, flag
from qsac.artifact.cache import key_of
from qsac.artifact.compiled import Compiled
from qsac.compiler.running import DEFAULT_TARGET, Program, compiled_of, program_of
from qsac.errors import InvalidInputError
from qsac.families.contract import Model, Result, TakesInputs
from qsac.families.outcome_texts import outcomes_to_json
from qsac.families.outcomes import Outcomes, counted, drawn, is_drawable
from qsac.families.registry import family_of
from qsac.files.pointer import counted as counted_noun
from qsac.files.pointer import quoted
from qsac.machine.read import find_target
from qsac.machine.target import ErrorRates, Target, describe
from qsac.native.circuit import NativeCircuit
from qsac.numerics.seeds import seed_at
from qsac.progress import Announce, Progress
from qsac.runtime.aer import sample
from qsac.runtime.bootstrap import bootstrapped, check_errors
from qsac.runtime.keeping import Keeper, Wanted
from qsac.runtime.request import Errors, Request
from qsac.runtime.run import DEFAULT_SHOTS
from qsac.runtime.run import run as run_compiled
from qsac.runtime.sampling import rates_of
from qsac.simulation.exact import simulator
from qsac.templates.journal import RunJournal, run_facts, run_journal
from qsac.templates.making import Maker, fed, takes_steps

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def run(
    program: Program,
    target: AnyTarget | None = None,
    *,
    inputs: Any = None,
    shots: int | None = None,
    seed: int | None = None,
    noise: bool = False,
    mitigate: bool = False,
    precision: float | None = None,
    emulator: bool = False,
    errors: Errors = "propagation",
    journal: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Result:
    """Run a compiled program, or compile a model for ``target`` and run it there, as ``qsac run`` does.

    ``program`` is a :class:`~qsac.artifact.compiled.Compiled`, a :class:`~qsac.families.contract.Model`, a dictionary
    of a model, or the path of a model or an artifact. ``target`` is whatever :func:`~qsac.compiler.compilation.compile`
    takes: for a model ``statevector`` if not given; for a compiled program a simulator, or its own target (the
    default). ``seed`` is that of the compilation too. A model compiled on the way is not verified. The other options
    are as for :func:`qsac.runtime.run.run`.

    ``inputs`` are the samples of a model that takes some (the section ``steps``): a list, an array with one sample for
    each row, or the path of a file of these. Entries of the result's ``values`` then have one item for each. Where
    shots are taken, ``shots`` are those of each circuit of each sample.

    ``journal`` is the folder of a journal: what each circuit gave is in it as soon as it is known, and is not taken
    again; the same run goes on from there, and gives the same numbers as one that was never interrupted. ``resume``
    keeps it in the user's data folder, until the run is over. ``announce`` is told how much was in it.

    Raises :class:`~qsac.errors.InvalidInputError` for an invalid program, target or option, or a journal of another
    run, :class:`~qsac.errors.DoesNotFitError` where the target or this machine is too small, and
    :class:`~qsac.errors.BackendError` where a simulator fails, or the journal cannot be used.
    """
    asked = Request(shots, seed, noise, mitigate, precision, emulator, progress, errors)
    callback(announce, "announce")
    folder = None if journal is None else Path(file_path(journal, "folder of the journal"))
    if flag(resume, "resume") and folder is not None:
        raise InvalidInputError("a journal is named, or is the run's own", code="usage.invalid", wanted="one of both")
    found = program_of(program)
    if inputs is None and not is_fed(found, target, asked):
        compiled = compiled_of(found, target, asked.seed, progress=progress)
        # A program that was compiled for the target runs there.
        where = target if found is compiled else None
        with _journal(folder, resume, asked, announce, partial(_facts_of_compiled, compiled, where)) as keeper:
            return run_compiled(
                compiled,
                where,
                shots=shots,
                seed=seed,
                noise=noise,
                mitigate=mitigate,
                precision=precision,
                emulator=emulator,
                errors=errors,
                progress=progress,
                keeper=keeper,
            )
    batch = _Batch(found, target, asked)
    models = [batch.model] if inputs is None else _samples(batch.model, inputs)
    with _journal(folder, resume, asked, announce, partial(batch.facts, models)) as keeper:
        return batch.run(models, keeper)


def _samples(model: Model, inputs: Any) -> list[Model]:
    """The model with each of some inputs."""
    family = family_of(model)
    if not isinstance(family, TakesInputs):
        raise InvalidInputError(
            "the model takes no inputs",
            code="run.no-inputs",
            found=f"the section {quoted(model.section)}",
            wanted="a model with the section steps",
        )
    return [family.with_sample(model, one) for one in family.samples(model, inputs)]


@contextmanager
def _journal(
    folder: Path | None,
    resume: bool,
    asked: Request,
    announce: Announce | None,
    facts: Callable[[], dict[str, Any]],
) -> Iterator[RunJournal | None]:
    """The journal that is asked for, of a run of these facts; None for none."""
    if folder is None and not resume:
        yield None
        return
    options = {field.name: getattr(asked, field.name) for field in fields(asked) if field.name != "progress"}
    with run_journal(folder, run_facts(**facts(), **options)) as keeper:
        yield keeper
        if announce is not None and keeper.found:
            announce(
                f"{counted_noun(keeper.found, 'result')} of circuits were in the journal, {keeper.taken:,} are new"
            )


def _facts_of_compiled(compiled: Compiled, target: AnyTarget | None) -> dict[str, Any]:
    """What is run where: a compiled program as it is."""
    program = hashlib.sha256()
    for part in compiled.parts():
        program.update(part.encode("ascii"))
    where = compiled.target["name"] if target is None else target
    return {"program": program.hexdigest(), "target": where if isinstance(where, str) else find_target(where).name}


def is_fed(program: Model | Compiled, target: AnyTarget | None, asked: Request) -> bool:
    """Whether shots are taken of circuits whose numbers measured outcomes decide: they are bound again for these."""
    # Until a precision is reached, and on emulators, circuits are run as they were compiled: the result says so.
    if asked.emulator or asked.mitigate or asked.precision is not None:
        return False
    model = program.model if isinstance(program, Compiled) else program
    if target is None:
        target = program.target["name"] if isinstance(program, Compiled) else DEFAULT_TARGET
    by_shots = asked.shots is not None or asked.noise
    return (by_shots or _kind(program, target) == "shots") and takes_steps(model)


def _kind(program: Model | Compiled, target: AnyTarget) -> str:
    """The kind of a target: exact, shots or device."""
    if isinstance(program, Compiled) and isinstance(target, str) and target == program.target["name"]:
        return str(program.target["kind"])
    return find_target(target).kind


@dataclass
class _Batch:
    """Runs models of the shapes of one, each a binding of a template of its shape."""

    program: Model | Compiled
    target: AnyTarget | None
    asked: Request

    @property
    def model(self) -> Model:
        """The one that is run, or takes inputs."""
        return self.program.model if isinstance(self.program, Compiled) else self.program

    def facts(self, models: Sequence[Model]) -> dict[str, Any]:
        """What is run where: the models, each compiled anew."""
        return {
            "model": self.model.sha256,
            "inputs": key_of(models=[model.sha256 for model in models]),
            "target": self.simulated,
            "machine": key_of(target=describe(self.machine)),
            "optimisation": self.optimisation,
        }

    def run(self, models: Sequence[Model], keeper: Keeper | None = None) -> Result:
        """The results of all models as one."""
        self._check()
        makers: dict[object, Maker] = {}
        results = []
        for place, model in enumerate(models):
            key = tuple((step.name, step.index) for step in family_of(model).plan(model).circuits)
            if key not in makers:
                makers[key] = Maker(model, self.machine, self.optimisation, self.asked.seed or 0)
            told = self.asked.progress if len(models) == 1 else None
            results.append(self._one(makers[key], model, place, keeper, told))
            if self.asked.progress is not None and told is None:
                self.asked.progress(place + 1, len(models), "samples")
        found = results[0] if len(results) == 1 else _together(results)
        return replace(
            found,
            target=self.simulated,
            shots=self.shots,
            seed=self.asked.seed or 0,
            noise=self.asked.noise,
        )

    @cached_property
    def machine(self) -> Target:
        """What circuits are compiled for."""
        if isinstance(self.program, Compiled):
            return find_target(self.program.target["name"])
        return find_target(DEFAULT_TARGET if self.target is None else self.target)

    @cached_property
    def simulated(self) -> str:
        """Where they are run."""
        if self.target is None:
            return self.machine.name
        return find_target(self.target).name

    @property
    def optimisation(self) -> int | None:
        """The level of an artifact."""
        return int(self.program.options["optimisation"]) if isinstance(self.program, Compiled) else None

    @cached_property
    def shots(self) -> int | None:
        """Those of each circuit, None for an exact run."""
        if self.asked.shots is None and (self.asked.noise or find_target(self.simulated).kind == "shots"):
            return DEFAULT_SHOTS
        return self.asked.shots

    def _check(self) -> None:
        asked = self.asked
        unfit = {"mitigate": asked.mitigate, "precision": asked.precision is not None, "emulator": asked.emulator}
        if any(unfit.values()):
            raise InvalidInputError(
                "this option does not go with many inputs, nor with circuits that come after others",
                code="run.unsupported-option",
                found=next(name for name, given in unfit.items() if given),
                wanted="shots, noise and a seed",
            )
        check_errors(asked, by_shots=self.shots is not None)
        other = find_target(self.simulated)
        if other.kind == "device" and other.name != self.machine.name:
            raise InvalidInputError(
                f"the program is compiled for {self.machine.name}, not for {other.name}",
                code="run.other-target",
                wanted=f"{self.machine.name}, or a simulator: statevector, qulacs, aer",
            )

    def _one(self, made: Maker, model: Model, place: int, keeper: Keeper | None, progress: Progress | None) -> Result:
        """The result of one model: circuits are bound as soon as those are run whose outcomes decide their numbers, and
        are not run where outcomes say that they are not needed."""
        family = family_of(model)
        plan = family.plan(model)
        steps = plan.circuits
        places = {step.name: number for number, step in enumerate(steps)}
        seen: dict[str, Outcomes] = {}
        circuits: list[NativeCircuit] = []
        current = model
        while (standing := plan.standing(seen)).ready:
            sources: dict[tuple[str, ...], str] = {}
            for name in standing.ready:
                number, step = places[name], steps[places[name]]
                bound = cache(partial(made.circuit, current, number))
                take = partial(self._outcomes, bound, place, number)
                if keeper is None:
                    found = take()
                else:
                    if step.after not in sources:
                        sources[step.after] = key_of(
                            after=[outcomes_to_json(seen[other]) for other in step.after if other in seen]
                        )
                    path = {"sample": place, "circuit": step.name, "after": sources[step.after]}
                    found = keeper.outcomes(path, Wanted.of(step, self.shots), take)
                seen[step.name] = found
                if self.asked.errors == "bootstrap":
                    circuits.append(bound()[0])
                if progress is not None:
                    progress(len(seen) + len(standing.spared), len(steps), "circuits")
            if len(seen) < len(steps) and self.shots is not None:
                current = fed(model, seen)
                plan = family.plan(current) if plan.may_spare else plan
        if self.asked.errors == "bootstrap":
            return bootstrapped(current, family.plan(current), circuits, seen, self.asked.seed or 0, place)
        # A readout asks for no circuit that was spared: what its plan says of them is known.
        told = plan.run(seen) if plan.may_spare else seen
        result: Result = current.readout.result(current, told)
        return result

    def _outcomes(self, bound: Callable[[], tuple[NativeCircuit, float]], sample_place: int, number: int) -> Outcomes:
        """What a circuit gives, by a seed of its own: of the sample and of its place in the plan."""
        circuit, scale = bound()
        take = simulator(self.simulated)
        if self.shots is None:
            return replace(take(circuit, None), subnormalisation=scale)
        chosen = seed_at(self.asked.seed or 0, sample_place, number)
        if self.asked.noise or find_target(self.simulated).kind == "shots" or not is_drawable(circuit):
            rates: ErrorRates | None = rates_of(describe(self.machine), circuit) if self.asked.noise else None
            return counted(circuit, sample(circuit, self.shots, chosen, rates), scale)
        return replace(drawn(circuit, take(circuit, None), self.shots, chosen), subnormalisation=scale)


def _together(results: Sequence[Result]) -> Result:
    """Results of one item each as one: lists are joined, metrics are means."""
    first = results[0]
    count = len(results)
    values = {name: [item for one in results for item in one.values[name]] for name in first.values}
    errors = {name: [item for one in results for item in one.value_errors[name]] for name in first.value_errors}
    metrics = {name: _mean([one.metrics[name] for one in results]) for name in first.metrics}
    spreads = {name: _spread([one.standard_errors[name] for one in results], count) for name in first.standard_errors}
    success = _mean([one.success_probability for one in results])
    warnings = tuple(dict.fromkeys(warning for one in results for warning in one.warnings))
    return Result(metrics, spreads, success, warnings, values, errors)


def _mean(found: Sequence[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return sum(known) / len(known) if known else None


def _spread(found: Sequence[float | None], count: int) -> float | None:
    return None if None in found else sqrt(sum((one or 0.0) ** 2 for one in found)) / count

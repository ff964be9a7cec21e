"""Running what a user has, also on many inputs: each input is a binding of one template.

A circuit may come after others, whose outcomes decide its numbers. It is then bound again for what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.compiler.running import DEFAULT_TARGET, Program, compiled_of, program_of
from qsac.errors import InvalidInputError
from qsac.families.contract import FeedsForward, Model, Result, TakesInputs
from qsac.families.outcomes import Outcomes, counted, drawn, is_drawable
from qsac.families.registry import family_of
from qsac.files.pointer import quoted
from qsac.machine.read import find_target
from qsac.machine.target import ErrorRates, Target, describe
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.aer import sample
from qsac.runtime.bootstrap import bootstrapped, check_errors
from qsac.runtime.request import Errors, Request
from qsac.runtime.run import DEFAULT_SHOTS
from qsac.runtime.run import run as run_compiled
from qsac.runtime.sampling import rates_of
from qsac.simulation.exact import simulator
from qsac.templates.template import Template, template

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
    progress: Progress | None = None,
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

    Raises :class:`~qsac.errors.InvalidInputError` for an invalid program, target or option,
    :class:`~qsac.errors.DoesNotFitError` where the target or this machine is too small, and
    :class:`~qsac.errors.BackendError` where a simulator fails.
    """
    asked = Request(shots, seed, noise, mitigate, precision, emulator, progress, errors)
    found = program_of(program)
    model = found.model if isinstance(found, Compiled) else found
    if inputs is None:
        if not is_fed(found, target, asked):
            compiled = compiled_of(found, target, asked.seed, progress=progress)
            return run_compiled(
                compiled,
                # A program that was compiled for the target runs there.
                target if found is compiled else None,
                shots=shots,
                seed=seed,
                noise=noise,
                mitigate=mitigate,
                precision=precision,
                emulator=emulator,
                errors=errors,
                progress=progress,
            )
        return _Batch(found, target, asked).run([model])
    family = family_of(model)
    if not isinstance(family, TakesInputs):
        raise InvalidInputError(
            "the model takes no inputs",
            code="run.no-inputs",
            found=f"the section {quoted(model.section)}",
            wanted="a model with the section steps",
        )
    samples = family.samples(model, inputs)
    batch = _Batch(found, target, asked)
    return batch.run([family.with_sample(model, one) for one in samples])


def is_fed(program: Model | Compiled, target: AnyTarget | None, asked: Request) -> bool:
    """Whether shots are taken of circuits whose numbers measured outcomes decide: they are bound again for these."""
    # Until a precision is reached, and on emulators, circuits are run as they were compiled: the result says so.
    if asked.emulator or asked.mitigate or asked.precision is not None:
        return False
    model = program.model if isinstance(program, Compiled) else program
    if target is None:
        target = program.target["name"] if isinstance(program, Compiled) else DEFAULT_TARGET
    by_shots = asked.shots is not None or asked.noise
    if not (by_shots or _kind(program, target) == "shots") or not isinstance(family_of(model), FeedsForward):
        return False
    return any(step.after for step in family_of(model).plan(model).circuits)


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

    def run(self, models: Sequence[Model]) -> Result:
        """The results of all models as one."""
        self._check()
        templates: dict[object, _Maker] = {}
        results = []
        for place, model in enumerate(models):
            key = tuple((step.name, step.index) for step in family_of(model).plan(model).circuits)
            if key not in templates:
                templates[key] = _Maker(model, self.machine, self.optimisation, self.asked.seed or 0)
            results.append(self._one(templates[key], model, place))
            if self.asked.progress is not None:
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

    def _one(self, made: _Maker, model: Model, place: int) -> Result:
        """The result of one model: circuits are bound as soon as those are run whose outcomes decide their numbers."""
        family = family_of(model)
        steps = family.plan(model).circuits
        seen: dict[str, Outcomes] = {}
        circuits: list[NativeCircuit] = []
        current = model
        while len(seen) < len(steps):
            ready = [
                number for number, step in enumerate(steps) if step.name not in seen and seen.keys() >= set(step.after)
            ]
            for number, (circuit, scale) in zip(ready, made.circuits(current, ready), strict=True):
                outcomes = self._outcomes(circuit, place, number, scale)
                seen[circuit.name] = replace(outcomes, subnormalisation=scale)
                circuits.append(circuit)
            if len(seen) < len(steps) and self.shots is not None and isinstance(family, FeedsForward):
                current = family.fed(model, seen)
        if self.asked.errors == "bootstrap":
            return bootstrapped(current, family.plan(current), circuits, seen, self.asked.seed or 0, place)
        result: Result = current.readout.result(current, seen)
        return result

    def _outcomes(self, circuit: NativeCircuit, sample_place: int, number: int, scale: float) -> Outcomes:
        take = simulator(self.simulated)
        if self.shots is None:
            return take(circuit, None)
        seed = np.random.SeedSequence(self.asked.seed or 0, spawn_key=(sample_place, number))
        chosen = int(seed.generate_state(1, np.uint64)[0] >> 1)
        if self.asked.noise or find_target(self.simulated).kind == "shots" or not is_drawable(circuit):
            rates: ErrorRates | None = rates_of(describe(self.machine), circuit) if self.asked.noise else None
            return counted(circuit, sample(circuit, self.shots, chosen, rates), scale)
        return drawn(circuit, take(circuit, None), self.shots, chosen)


class _Maker:
    """Circuits of models of one shape: of a template, or each compiled by itself where there can be none."""

    def __init__(self, model: Model, machine: Target, optimisation: int | None, seed: int) -> None:
        self._machine, self._optimisation, self._seed = machine, optimisation, seed
        self._template: Template | None = None
        try:
            self._template = template(model, machine, optimisation=optimisation, seed=seed)
        except InvalidInputError as error:
            if error.code != "template.unfolded-matrix":
                raise

    def circuits(self, model: Model, places: Sequence[int]) -> Iterable[tuple[NativeCircuit, float]]:
        """The circuits at these places of the plan, with the subnormalisations of their programs."""
        steps = family_of(model).plan(model).circuits
        if self._template is None:
            compiled = compile_model(
                model, self._machine, optimisation=self._optimisation, seed=self._seed, verify=False
            )
            return [(compiled.circuits[place], compiled.subnormalisations[place]) for place in places]
        made: list[tuple[NativeCircuit, float]] = []
        for place in places:
            program = self._template.shapes[place].with_tables(steps[place].program)
            circuit = replace(self._template.circuits.of(place, program), name=steps[place].name)
            made.append((circuit, program.subnormalisation))
        return made


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

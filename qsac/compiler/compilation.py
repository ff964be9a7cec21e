"""Compilation as a whole: from a model to a verified artifact for a target."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qsac.arguments import callback, flag
from qsac.artifact.cache import Cache, opened
from qsac.artifact.compiled import Compiled
from qsac.collecting import rarely_collecting
from qsac.compiler.alike import Kinds
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.fit import check_circuits
from qsac.compiler.options import Budget, Pipeline, asked_for
from qsac.errors import CheckFailedError, InvalidInputError
from qsac.families.contract import Model
from qsac.families.reading import model_of, naming_source
from qsac.families.registry import family_of
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, describe
from qsac.pipeline.contract import Preference
from qsac.pipeline.stages import Stage as Stage
from qsac.pipeline.stages import Watch as Watch
from qsac.pipeline.stages import naming_extensions
from qsac.progress import Announce, Progress

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


@rarely_collecting()
def compile(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: AnyTarget = DEFAULT_TARGET,
    *,
    optimisation: int | None = None,
    optimization_level: int | None = None,
    passes: Pipeline | None = None,
    seed: int = 0,
    error_budget: Budget = 0.0,
    qubits: int | None = None,
    prefer: Preference = "qubits",
    verify: bool | None = None,
    verify_each: bool = False,
    cache: Cache | str | os.PathLike[str] | None = None,
    after: Stage | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Compiled:
    """Compile a model for a target: one of those that ``qsac targets`` lists, a file that describes a machine, a
    :class:`~qsac.machine.target.Target`, or a machine as Qiskit or pytket describes it (:mod:`qsac.machine.backend`).

    ``optimisation`` (or ``optimization_level``) is 2 if not given: from 0 (plain structured lowering) to 3 (also
    approximating passes, within ``error_budget``, an infidelity of the final state; ``"auto"`` uses the one that the
    target's error rates suggest, see :func:`~qsac.compiler.budget.quality`). ``passes`` is a pipeline instead of the
    level's (``"fold-unitaries,..."``, or a list of names or of passes; routing, if the target needs it, always
    follows). ``qubits`` is the most to use, ``prefer`` what to minimise: qubits, or depth with more qubits. ``verify``
    simulates the compiled circuit and compares it with the closed form or, if a pass has spent some of the budget, with
    the final program (the statistics then include the actual error); None does so for at most 15 simultaneously live
    qubits. ``verify_each`` compares the result of each stage with the stage before
    (:func:`~qsac.compiler.stagewise.check_stages`); if the verification fails, this is done in any case, and the error
    names the stage. ``cache``, a :class:`~qsac.artifact.cache.Cache` or the path of its folder, is looked up first and
    filled afterwards; it is not looked up with ``verify_each`` or ``after``, which is called with each stage's name and
    result. ``announce`` is called before long searches.

    Raises :class:`~qsac.errors.InvalidInputError` for an invalid model, target or option,
    :class:`~qsac.errors.DoesNotFitError` where the target has too few qubits,
    :class:`~qsac.errors.CheckFailedError` where a verification does not hold, and
    :class:`~qsac.errors.ExtensionError` where a pass or target of another package fails.
    """
    callback(after, "after")
    callback(progress, "progress")
    callback(announce, "announce")
    watch = Watch(after, announce)
    verify = None if verify is None else flag(verify, "verify")
    verify_each = flag(verify_each, "verify_each")
    cache = None if cache is None else opened(cache)
    with watch.stage("load"):
        source = model_of(model)
        options = asked_for(optimisation, optimization_level, passes, seed, error_budget, qubits, prefer)
        compilation = Compilation(find_target(target), options, watch, progress)
        if options.error_budget == "auto" and all(step.optimisation < 3 for step in compilation.chosen):
            raise InvalidInputError(
                "the error budget has nothing to be chosen for: no pass of this pipeline approximates",
                code="error-budget.not-spendable",
                found=f"-O {options.optimisation} and the error budget auto",
                wanted="-O 3 with it, or the error budget 0",
            )
    key = None if cache is None else compilation.key(source)
    if cache is not None and key is not None and after is None and not verify_each:
        with watch.stage("cache"):
            found = cache.get(key, source, describe(compilation.context.target), compilation.described_options())
        if found is not None:
            return compilation.as_asked(replace(found, timings=watch.seconds), verify)

    machine = compilation.context.target
    with naming_source(source), naming_extensions(compilation.chosen):
        check_circuits(source)
        check_circuits(source, len(family_of(source).plan(source).circuits))
        kinds = Kinds(source, machine, options, watch, progress, verify_each)
        circuits = kinds.circuits()
        try:
            compiled = compilation.finished(source, circuits, verify)
        except CheckFailedError as error:
            errors = [trial.culprit(error) for trial in kinds.trials.values()]
            raise next((one for one in errors if one.title != error.title), errors[0]) from error
    if cache is not None and key is not None:
        with watch.stage("cache"):
            cache.put(key, compiled)
    return compiled

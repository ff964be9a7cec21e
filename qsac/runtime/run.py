"""Running compiled programs: exactly, or by shots on a simulator."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError, present
from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes, counted, drawn, is_drawable
from qsac.files.pointer import quoted
from qsac.machine.read import find_target, is_path
from qsac.machine.registry import target_names
from qsac.machine.target import ErrorRates
from qsac.machine.target import describe as describe_target
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.aer import sample
from qsac.runtime.as_compiled import of_later_circuits
from qsac.runtime.bootstrap import check_errors
from qsac.runtime.counts import Layout, read_counts
from qsac.runtime.emulator import emulate, emulated
from qsac.runtime.keeping import Keeper, Wanted, keeping
from qsac.runtime.mitigation import check_memory
from qsac.runtime.request import Errors, Request
from qsac.runtime.sampling import BATCH, PRECISION_LIMIT, Draw, Sampling, rates_of, take_until
from qsac.simulation.exact import simulator

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

DEFAULT_SHOTS = 10_000


def run(
    compiled: Compiled,
    target: AnyTarget | None = None,
    *,
    shots: int | None = None,
    seed: int | None = None,
    noise: bool = False,
    mitigate: bool = False,
    precision: float | None = None,
    emulator: bool = False,
    errors: Errors = "propagation",
    progress: Progress | None = None,
    keeper: Keeper | None = None,
) -> Result:
    """Run a compiled program's circuit on ``target``: a simulator, or the target it was compiled for (the default), as
    found by :func:`~qsac.machine.read.find_target`.

    ``statevector`` and ``qulacs`` are exact, and sample the exact probabilities if ``shots`` are given. ``aer`` takes
    shots, by default 10,000. A device is simulated on this computer: exactly without ``shots``, otherwise on Aer. With
    ``noise`` the shots are taken on Aer with the error rates of the target that the program is compiled for (see
    :mod:`qsac.runtime.noise`), and ``mitigate`` corrects the counts for readout errors. ``precision`` takes shots
    until the loss, the cross entropy, or every probability of a next word has that standard error, at most ``shots``
    (1,000,000 if not given). With ``emulator`` shots are
    taken on the vendor's own emulator of the target, if one runs on this computer (:mod:`qsac.runtime.emulator`);
    the result's ``target`` is then its name. ``errors``: standard errors are propagated, or found by resampling the
    shots (``bootstrap``, :mod:`qsac.runtime.bootstrap`), which takes a fixed number of them. ``seed`` defaults to 0;
    the same seed gives the same result. ``keeper`` keeps what circuits give, and is asked for it first.
    """
    asked = Request(shots, seed, noise, mitigate, precision, emulator, progress, errors)
    shots, noise, mitigate, precision = asked.shots, asked.noise, asked.mitigate, asked.precision
    chosen = asked.seed or 0
    name = compiled.target["name"] if target is None else _name(compiled, target)
    # An artifact stands alone: its own target need not be known here.
    kind = compiled.target["kind"] if name == compiled.target["name"] else find_target(name).kind
    if kind == "device" and name != compiled.target["name"]:
        raise InvalidInputError(
            f"the program is compiled for {compiled.target['name']}, not for {name}",
            code="run.other-target",
            wanted=f"{compiled.target['name']}, or a simulator: statevector, qulacs, aer",
            help=f"compile the model again with --target {name}",
        )
    rates = _rates(compiled, name, kind, precision, noise=noise, mitigate=mitigate)
    draws: dict[str, Draw] = {one.name: partial(sample, one, rates=rates) for one in compiled.circuits}
    if asked.emulator:
        if noise:
            raise InvalidInputError(
                "the emulator has no noise",
                code="run.no-noise",
                help="leave --emulator out: the target's noise is simulated on Aer",
            )
        emulators = {one.name: emulated(name, one) for one in compiled.circuits}
        draws = {one.name: partial(emulate, emulators[one.name], one) for one in compiled.circuits}
        kind, name = "shots", emulators[compiled.circuits[0].name]
    counted_run = shots is not None or precision is not None
    if not counted_run and (kind == "shots" or noise):
        shots, counted_run = DEFAULT_SHOTS, True
    check_errors(asked, by_shots=counted_run)
    if kind == "exact" or not counted_run:
        exact = _exact(compiled, name, progress, keeper)
        if not counted_run:
            return replace(exact_result(compiled, exact), target=name, seed=chosen)
        draws = {one.name: partial(drawn, one, exact[one.name]) for one in compiled.circuits if is_drawable(one)} | {
            one.name: draws[one.name] for one in compiled.circuits if not is_drawable(one)
        }
    if keeper is not None:
        draws = _kept(compiled, draws, keeper, strings=mitigate)
    sampling = Sampling(
        compiled, draws, chosen, rates if mitigate else None, BATCH if noise or asked.emulator else None
    )
    readout = compiled.model.readout
    if precision is not None:
        found = take_until(sampling, readout, precision, PRECISION_LIMIT if shots is None else shots, progress)
    else:
        sampling.take_to(present(shots, "the number of shots"), progress)
        found = sampling.result(asked.errors)
    warnings = (*found.warnings, *of_later_circuits(compiled.plan))
    return replace(
        found, target=name, shots=sampling.shots, seed=chosen, noise=noise, mitigated=mitigate, warnings=warnings
    )


def _exact(compiled: Compiled, simulated: str, progress: Progress | None, keeper: Keeper | None) -> dict[str, Outcomes]:
    """The exact outcomes of all circuits by name."""
    simulate, found = simulator(simulated), {}
    for step, circuit in zip(compiled.plan.circuits, compiled.circuits, strict=True):
        if keeper is None:
            found[circuit.name] = simulate(circuit, progress)
        else:
            take = partial(simulate, circuit, progress)
            found[circuit.name] = keeper.outcomes({"circuit": step.name}, Wanted.of(step, None), take)
    return found


def _kept(compiled: Compiled, draws: Mapping[str, Draw], keeper: Keeper, *, strings: bool) -> dict[str, Draw]:
    """Draws that are kept, of all circuits by name."""
    of_circuits = zip(compiled.plan.circuits, compiled.circuits, compiled.subnormalisations, strict=True)
    return {
        circuit.name: keeping(keeper, step, circuit, scale, draws[circuit.name], strings=strings)
        for step, circuit, scale in of_circuits
    }


def exact_result(compiled: Compiled, exact: Mapping[str, Outcomes]) -> Result:
    """What exact outcomes of the circuits, by name, amount to."""
    seen = {
        circuit.name: replace(exact[circuit.name], subnormalisation=subnormalisation)
        for circuit, subnormalisation in zip(compiled.circuits, compiled.subnormalisations, strict=True)
    }
    return compiled.model.readout.result(compiled.model, compiled.plan.run(seen))


def _rates(
    compiled: Compiled, target: str, kind: str, precision: float | None, *, noise: bool, mitigate: bool
) -> ErrorRates | None:
    """The error rates to simulate by, None without noise; raises for options that do not go together."""
    if mitigate and not noise:
        raise InvalidInputError(
            "there are no readout errors to correct",
            code="run.nothing-to-correct",
            found="a run without noise",
            help="run with noise too: --noise",
        )
    readout = compiled.model.readout
    if mitigate and not readout.corrected and readout.precise is not None:
        raise InvalidInputError(
            "the readout errors of these results are not corrected",
            code="run.unsupported-readout",
            found=f"the readout {quoted(readout.type)}",
            help="run with --noise alone",
        )
    if readout.precise is None and (mitigate or precision is not None):
        raise InvalidInputError(
            "the readout has no precision, and its readout errors are not corrected",
            code="run.unsupported-readout",
            found=f"the readout {quoted(readout.type)}",
            help="run with --shots, with or without --noise",
        )
    if not noise:
        return None
    if kind == "exact" and target != compiled.target["name"]:
        raise InvalidInputError(
            f"{target} has no noise",
            code="run.no-noise",
            wanted=f"{compiled.target['name']}, or aer, which simulate the noise of {compiled.target['name']}",
        )
    if mitigate:
        for circuit in compiled.circuits:
            check_memory(circuit)
    rates = [rates_of(compiled.target, circuit) for circuit in compiled.circuits]
    return rates[0]


def _name(compiled: Compiled, target: AnyTarget) -> str:
    """The name of a target, which must be a simulator or the program's own target if it is given as data."""
    if isinstance(target, str) and not is_path(target):
        return target
    machine = find_target(target)
    own = describe_target(machine) == compiled.target
    if own or (machine.kind != "device" and machine.name in target_names() and machine == find_target(machine.name)):
        return machine.name
    # Of a file the path is told, of an object its name.
    source = os.fspath(target) if isinstance(target, str | os.PathLike) else None
    raise InvalidInputError(
        f"the program is compiled for {compiled.target['name']}, and not for the machine of this "
        + ("file" if source else "object"),
        code="run.other-target",
        source=source,
        found=None if source else machine.name,
        wanted=f"the {'file' if source else 'target'} as it was when the program was compiled, or no "
        + ("--target" if source else "target"),
        help=f"compile the model again with --target {source}" if source else "compile the model again for this target",
    )


def outcomes_of(compiled: Compiled, taken: Mapping[str, Iterable[tuple[str, int]]]) -> dict[str, Outcomes]:
    """Counted outcomes of the circuits that were run, by name."""
    return {
        circuit.name: counted(circuit, taken[circuit.name], subnormalisation)
        for circuit, subnormalisation in zip(compiled.circuits, compiled.subnormalisations, strict=True)
        if circuit.name in taken
    }


def result_of(compiled: Compiled, seen: Mapping[str, Outcomes]) -> Result:
    """The result of counted outcomes, of at least one shot each, that were taken elsewhere."""
    found = compiled.model.readout.result(compiled.model, compiled.plan.run(seen))
    shots = sum(int(outcomes.total) for outcomes in seen.values()) // len(seen)
    return replace(found, target=str(compiled.target["name"]), shots=shots)


def interpret_counts(compiled: Compiled, counts: Mapping[str, dict[str, Any]], source: str) -> Result:
    """The result of counts that qsac itself has fetched, by circuit, with one character for each bit in its order;
    circuits that were not needed have none.

    Those that come from elsewhere are read by :func:`qsac.runtime.interpretation.interpret`.
    """
    taken = {name: checked_counts(compiled.circuit(name), given, source) for name, given in counts.items()}
    return result_of(compiled, outcomes_of(compiled, taken))


def checked_counts(circuit: NativeCircuit, counts: dict[str, Any], source: str) -> Iterable[tuple[str, int]]:
    """The outcomes of one circuit among the counts of :func:`interpret_counts`."""
    return read_counts(Layout(circuit.bits), counts, order="pytket", source=source, spelled=str).outcomes

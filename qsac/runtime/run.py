"""Running compiled programs: exactly, or by shots on a simulator."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError, present
from qsac.families.qsa.metrics import RESOLUTION, metrics_from_probabilities, prefix_loss
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Overlaps, Predict
from qsac.families.qsa.results import Distribution, as_result, fractions, impossible_index, possible_index
from qsac.files.pointer import counted as counted_word
from qsac.files.pointer import quoted
from qsac.machine.read import find_target, is_path
from qsac.machine.registry import target_names
from qsac.machine.target import ErrorRates
from qsac.machine.target import describe as describe_target
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.aer import sample
from qsac.runtime.counts import Layout, read_counts
from qsac.runtime.emulator import emulate, emulated
from qsac.runtime.estimates import (
    Estimates,
    IndexTally,
    Tally,
    estimate,
    index_estimates,
    index_tally,
    success_estimate,
    tally,
    upper_bound,
)
from qsac.runtime.mitigation import check_size
from qsac.runtime.request import Request
from qsac.runtime.sampling import BATCH, PRECISION_LIMIT, Draw, Sampling, rates_of, take_until
from qsac.simulation.exact import simulator
from qsac.simulation.statevector import Probabilities

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

DEFAULT_SHOTS = 10_000


@dataclass(frozen=True)
class Result:
    """What a run came to.

    ``shots`` is None for an exact run, and ``standard_errors`` then empty; ``seed`` is None for shots taken elsewhere.
    ``noise``: the machine's errors were simulated; ``mitigated``: those of readout were corrected again.
    A metric that does not exist, or that the shots did not resolve, is None, and a warning says why. ``predictions``
    and ``overlaps`` are what readouts other than the loss report (docs/readouts.md), their metrics hold the success
    probability only.
    """

    target: str
    shots: int | None
    seed: int | None
    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    success_probability: float | None
    warnings: tuple[str, ...]
    predictions: dict[str, Any] | None = None
    overlaps: dict[str, Any] | None = None
    noise: bool = False
    mitigated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result as the command line prints it with ``--json``."""
        listed = {"predictions": self.predictions, "overlaps": self.overlaps}
        return {
            "target": self.target,
            "shots": self.shots,
            "seed": self.seed,
            "noise": self.noise,
            "mitigated": self.mitigated,
            "metrics": self.metrics,
            "standard_errors": self.standard_errors,
            **{name: content for name, content in listed.items() if content is not None},
            "success_probability": self.success_probability,
            "warnings": list(self.warnings),
        }


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
    progress: Progress | None = None,
) -> Result:
    """Run a compiled program's circuit on ``target``: a simulator, or the target it was compiled for (the default), as
    :func:`~qsac.machine.read.find_target` finds it.

    ``statevector`` and ``qulacs`` are exact, and sample the exact probabilities if ``shots`` are given. ``aer`` takes
    shots, 10,000 unless told otherwise. A device is simulated on this machine: exactly without ``shots``, else on Aer.
    With ``noise`` the shots are taken on Aer with the error rates of the target that the program is compiled for (see
    :mod:`qsac.runtime.noise`), and ``mitigate`` corrects what is read for the readout errors. ``precision`` takes
    shots until the loss has that standard error, at most ``shots`` (1,000,000 if not given). With ``emulator`` shots
    are taken on the vendor's own emulator of the target, where one runs on this machine (:mod:`qsac.runtime.emulator`);
    the result's ``target`` is then its name. ``seed`` defaults to 0; the same seed gives the same result.
    """
    asked = Request(shots, seed, noise, mitigate, precision, emulator, progress)
    shots, noise, mitigate, precision = asked.shots, asked.noise, asked.mitigate, asked.precision
    chosen = asked.seed or 0
    circuit = compiled.circuits[0]
    name = compiled.target["name"] if target is None else _name(compiled, target)
    # An artifact stands alone: its own target need not be known here.
    kind = compiled.target["kind"] if name == compiled.target["name"] else find_target(name).kind
    if kind == "device" and name != compiled.target["name"]:
        raise InvalidInputError(
            f"the program is compiled for {compiled.target['name']}, not for {name}",
            wanted=f"{compiled.target['name']}, or a simulator: statevector, qulacs, aer",
            help=f"compile the model again with --target {name}",
        )
    rates = _rates(compiled, name, kind, precision, noise=noise, mitigate=mitigate)
    draw: Draw = partial(sample, circuit, rates=rates)
    if asked.emulator:
        if noise:
            raise InvalidInputError(
                "the emulator has no noise", help="leave --emulator out: the target's noise is simulated on Aer"
            )
        kind, name = "shots", emulated(name, circuit)
        draw = partial(emulate, name, circuit)
    if shots is None and precision is None and (kind == "shots" or noise):
        shots = DEFAULT_SHOTS
    if shots is None and precision is None:
        return _exact(compiled, name, chosen, simulator(name)(circuit, progress))
    exact = simulator(name)(circuit, progress) if kind == "exact" else None
    if compiled.model.readout.type != "loss":
        shots = present(shots, "the number of shots")
        if exact is None:
            return replace(result_of(compiled, name, chosen, taken(compiled, draw(shots, chosen))), noise=noise)
        shares = _index_sampled(_index_shares(circuit, exact), shots, chosen)
        return _index_counted(compiled, name, chosen, shares)
    if exact is not None:
        draw = partial(_sampled, circuit, exact)
    sampling = Sampling(compiled, draw, chosen, rates if mitigate else None, BATCH if noise or asked.emulator else None)
    if precision is not None:
        found = take_until(sampling, precision, PRECISION_LIMIT if shots is None else shots, progress)
    else:
        shots = present(shots, "the number of shots")
        sampling.take_to(shots, progress)
        found = sampling.estimates()
    made = _result(name, sampling.shots, chosen, found)
    return replace(made, noise=noise, mitigated=mitigate)


def _rates(
    compiled: Compiled, target: str, kind: str, precision: float | None, *, noise: bool, mitigate: bool
) -> ErrorRates | None:
    """The error rates to simulate by, None without noise; raises for options that do not go together."""
    if mitigate and not noise:
        raise InvalidInputError(
            "there are no readout errors to correct", found="a run without noise", help="run with noise too: --noise"
        )
    if compiled.model.readout.type != "loss" and (mitigate or precision is not None):
        raise InvalidInputError(
            "only a loss has a precision, or its readout errors corrected",
            found=f"the readout {quoted(compiled.model.readout.type)}",
            help="run with --shots, with or without --noise",
        )
    if not noise:
        return None
    if kind == "exact" and target != compiled.target["name"]:
        raise InvalidInputError(
            f"{target} has no noise",
            wanted=f"{compiled.target['name']}, or aer, which simulate the noise of {compiled.target['name']}",
        )
    if mitigate:
        check_size(compiled.circuits[0])
    return rates_of(compiled.target, compiled.circuits[0])


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
        source=source,
        found=None if source else machine.name,
        wanted=f"the {'file' if source else 'target'} as it was when the program was compiled, or no "
        + ("--target" if source else "target"),
        help=f"compile the model again with --target {source}" if source else "compile the model again for this target",
    )


def _exact(compiled: Compiled, target: str, seed: int, found: Probabilities) -> Result:
    model = compiled.model
    if model.readout.type != "loss":
        return _index_exact(compiled, target, seed, _index_shares(compiled.circuits[0], found))
    # A single position has no query register: its shares are the metrics themselves.
    weights = found.weights if len(found.weights) else np.ones(1)
    overlaps = found.overlaps if len(found.overlaps) else np.array([found.metrics["token_fidelity"]])
    metrics, warnings = metrics_from_probabilities(
        zeta=found.given * compiled.normalisation**2,
        fidelity=found.metrics["fidelity"],
        token_fidelity=found.metrics["token_fidelity"],
        weight_share=weights[: model.context],
        overlap_share=overlaps[: model.context],
        context=model.context,
        pairs=model.pairs,
        prefix=prefix_loss(model),
    )
    if metrics["success_probability"]:
        metrics["success_probability"] /= compiled.normalisation**2
    return Result(target, None, seed, metrics, {}, metrics["success_probability"], tuple(warnings))


def _sampled(circuit: NativeCircuit, found: Probabilities, shots: int, seed: int) -> Iterator[tuple[str, int]]:
    """Draw shots from the exact probabilities of the readouts' nested outcomes; an outcome stands for all of its kind.

    In turn: every bit zero; an empty value register only; every given bit zero only; none of these.
    """
    token, fidelity = found.metrics["token_fidelity"], found.metrics["fidelity"]
    nested = np.clip([fidelity, token - fidelity, 1 - token], 0, None) * found.given
    outcomes = np.append(nested, max(0.0, 1 - found.given))
    drawn = np.random.default_rng(seed).multinomial(shots, outcomes / outcomes.sum())
    success = {readout.metric: readout.success for readout in circuit.readouts}
    only_fidelity = tuple(set(success["fidelity"]) - set(success["token_fidelity"]))
    told = ((), only_fidelity, success["token_fidelity"], circuit.readouts[0].given)
    for ones, count in zip(told, drawn.tolist(), strict=True):
        yield "".join("1" if bit in ones else "0" for bit in range(len(circuit.bits))), count


def counted(compiled: Compiled, target: str, seed: int | None, found: Tally) -> Result:
    """The result of a tally of shots."""
    estimates = estimate(found, compiled.model.context, compiled.model.pairs, compiled.normalisation)
    return _result(target, int(found.shots), seed, estimates)


def _result(target: str, shots: int, seed: int | None, estimates: Estimates) -> Result:
    return Result(
        target=target,
        shots=shots,
        seed=seed,
        metrics=estimates.metrics,
        standard_errors=estimates.standard_errors,
        success_probability=estimates.metrics["success_probability"],
        warnings=estimates.warnings,
    )


def taken(compiled: Compiled, outcomes: Iterable[tuple[str, int]]) -> Tally | IndexTally:
    """What a model's readout has to know of outcomes."""
    count = tally if compiled.model.readout.type == "loss" else index_tally
    return count(compiled.circuits[0], outcomes)


def result_of(compiled: Compiled, target: str, seed: int | None, found: Tally | IndexTally) -> Result:
    """The result of a tally of at least one shot."""
    if isinstance(found, Tally):
        return counted(compiled, target, seed, found)
    return _index_counted(compiled, target, seed, found)


def _index_shares(circuit: NativeCircuit, found: Probabilities) -> Distribution:
    """The exact shares of a circuit's index; without one, of its only value."""
    if circuit.profile is not None:
        return Distribution(found.given, found.weights, found.overlaps)
    return Distribution(found.given, np.ones(1), np.array([found.metrics[circuit.readouts[0].metric]]))


def _index_exact(compiled: Compiled, target: str, seed: int, found: Distribution) -> Result:
    model = compiled.model
    given = 0.0 if found.given < RESOLUTION else min(found.given, 1.0)
    name, content = as_result(model, fractions(model, found), None)
    warnings = () if given else (f"the {name} do not exist: the prediction z is zero, so the circuit never succeeds",)
    listed: dict[str, Any] = {name: content}
    return Result(target, None, seed, {"success_probability": given}, {}, given, warnings, **listed)


def _index_sampled(found: Distribution, shots: int, seed: int) -> IndexTally:
    """Draw shots from the exact probabilities of every value of the index, with and without success."""
    joint = np.clip(found.joint, 0, None) * found.given
    failed = np.clip(found.marginal - found.joint, 0, None) * found.given
    outcomes = np.concatenate((joint, failed, [max(0.0, 1 - found.given)]))
    drawn = np.random.default_rng(seed).multinomial(shots, outcomes / outcomes.sum())
    passed, missed = drawn[: len(joint)], drawn[len(joint) : -1]
    return IndexTally(shots, int(passed.sum() + missed.sum()), passed + missed, passed)


def _index_counted(compiled: Compiled, target: str, seed: int | None, found: IndexTally) -> Result:
    """The result of a tally of shots by index."""
    model = compiled.model
    (readout,) = compiled.circuits[0].readouts
    conditional = bool(readout.success)
    name, content = as_result(model, *index_estimates(found, conditional))
    # Where nothing is given, every shot counts: that is no estimate.
    probability, error = success_estimate(found) if readout.given else (1.0, 0.0)
    warnings = []
    if not found.given:
        warnings.append(
            f"the {name} are not resolved: none of {found.shots:,} shots passed the given bits; with 95% confidence "
            f"success_probability is at most {upper_bound(found.shots):.3g}"
        )
    elif conditional and (missing := int(np.count_nonzero((found.marginal == 0) & possible_index(model)))):
        warnings.append(
            f"{missing:,} of the {name}' entries {'is' if missing == 1 else 'are'} not resolved: no shot fell there; "
            "take more shots"
        )
    warnings += _outside(model, found)
    metrics: dict[str, float | None] = {"success_probability": probability}
    errors: dict[str, float | None] = {"success_probability": error}
    listed: dict[str, Any] = {name: content}
    return Result(target, found.shots, seed, metrics, errors, probability, tuple(warnings), **listed)


def _outside(model: Model, found: IndexTally) -> list[str]:
    """A warning of shots on values of the index that stand for nothing."""
    number = int(found.marginal[impossible_index(model)].sum())
    if not number:
        return []
    if isinstance(model.readout, Overlaps):
        place, effect = "pairs outside the mask", "they are left out"
    elif isinstance(model.readout, Predict) and model.readout.at_once:
        place, effect = "values that stand for nothing", "they lower every probability"
    else:
        place, effect = "values that stand for no state", "they are left out"
    shots = counted_word(found.given, "shot")
    return [f"{number:,} of {shots} that count fell on {place}, as none does without noise: {effect}"]


def interpret_counts(compiled: Compiled, counts: dict[str, Any], source: str) -> Result:
    """The result of counts that qsac itself has fetched, with one character for each bit in the circuit's order.

    Those that come from elsewhere are read by :func:`qsac.runtime.interpretation.interpret`.
    """
    layout = Layout(compiled.circuits[0].bits)
    reading = read_counts(layout, counts, order="pytket", source=source, spelled=str)
    return result_of(compiled, str(compiled.target["name"]), None, taken(compiled, reading.outcomes))

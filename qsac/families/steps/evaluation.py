"""The closed form of a list of steps: a batch of samples of one shape at once, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.steps.model import (
    Activation,
    CircuitOf,
    Flatten,
    Linear,
    Measured,
    MeasuredAttention,
    Model,
    Pool,
    Softmax,
    Step,
    UnitaryMixture,
)
from qsac.families.steps.normal_form import Circuit, Real
from qsac.families.steps.statevector import States, expectation, lengths, probabilities, states
from qsac.files.pointer import counted, join

ROWS = 1 << 22
"""Most amplitudes that are held at once, unless one state has more."""

RESOLUTION = 1e-24
"""A success probability below this is zero: rounding leaves as much."""


@dataclass
class Trace:
    """What every step gives of a batch of B samples: ``inputs``, what each step was given, (B, F) or (B, T, F);
    ``output`` of the last one; ``success`` (B,): the probability of all projections together; ``projects``: whether
    there are any; ``weights``: of each attention of measured values, (B, T, T)."""

    inputs: list[Real] = field(default_factory=list)
    output: Real = field(default_factory=lambda: np.empty(0))
    success: Real = field(default_factory=lambda: np.empty(0))
    weights: list[Real] = field(default_factory=list)
    projects: bool = False


def traced(model: Model, batch: Real) -> Trace:
    """The steps of a model on a batch, (B, F) or (B, T, F).

    What a projection of probability 0 is asked for is NaN. Raises :class:`~qsac.errors.InvalidInputError` where a step
    cannot take what is before it.
    """
    trace = Trace(success=np.ones(len(batch)))
    current = batch
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for place, step in enumerate(model.steps):
            trace.inputs.append(current)
            try:
                current = _stepped(step, current, trace, join("/steps", place))
            except InvalidInputError as error:
                raise error if error.pointer else _placed(error, join("/steps", place)) from None
    trace.output = current
    return trace


def _placed(error: InvalidInputError, pointer: str) -> InvalidInputError:
    return InvalidInputError(
        error.title, code=error.code, pointer=pointer, found=error.found, wanted=error.wanted, help=error.help
    )


def traced_sample(model: Model) -> Trace:
    """The steps on the model's own sample, as a batch of one. Raises as :func:`traced`, and where there is none."""
    return traced(model, sample_of_model(model)[None])


def sample_of_model(model: Model) -> Real:
    """The sample that a model is bound to. Raises :class:`~qsac.errors.InvalidInputError` where there is none."""
    if model.sample is not None:
        return model.sample
    width = "" if model.shape.width is None else f" of {counted(model.shape.width, 'number')}"
    raise InvalidInputError(
        "the model has inputs, and no sample that its circuits could be made of",
        code="inputs.missing",
        pointer="/sample",
        wanted=f'"sample": {"a sequence of vectors" if model.shape.sequence else "a vector"}{width}',
        help="add it to the model file, or give samples with --inputs FILE",
    )


def batches(samples: Sequence[Real]) -> list[tuple[list[int], Real]]:
    """Samples of one shape together, each with its place."""
    found: dict[tuple[int, ...], list[int]] = {}
    for place, sample in enumerate(samples):
        found.setdefault(sample.shape, []).append(place)
    return [(places, np.stack([samples[place] for place in places])) for places in found.values()]


# Steps


def _stepped(step: Step, inputs: Real, trace: Trace, pointer: str) -> Real:
    if isinstance(step, CircuitOf):
        result, success = run(step.measured, inputs)
        _succeeded(trace, step.measured.circuit, success)
        return result
    if isinstance(step, MeasuredAttention):
        return _attention(step, inputs, trace)
    if isinstance(step, UnitaryMixture):
        return _mixture(step, inputs, trace, pointer)
    return classical(step, inputs, pointer)


def classical(step: Step, inputs: Real, pointer: str) -> Real:
    """A step without circuits, on (.., F) or (.., T, F)."""
    if isinstance(step, Linear):
        return step.applied(inputs)
    if isinstance(step, Activation):
        return step.factor * _FUNCTIONS[step.function](inputs)
    if isinstance(step, Softmax):
        return softmax(inputs)
    if isinstance(step, Pool):
        pooled: Real = inputs.mean(axis=-2) if step.over == "mean" else inputs[..., -1, :]
        return pooled
    if isinstance(step, Flatten):
        return inputs.reshape(*inputs.shape[:-2], -1)
    raise TypeError(f"{type(step).__name__} at {pointer} has circuits")


def _sigmoid(inputs: Real) -> Real:
    result: Real = np.where(inputs >= 0, 1.0, np.exp(-np.abs(inputs))) / (1 + np.exp(-np.abs(inputs)))
    return result


def _relu(inputs: Real) -> Real:
    result: Real = np.maximum(inputs, 0)
    return result


_FUNCTIONS: dict[str, Callable[[Real], Real]] = {"tanh": np.tanh, "relu": _relu, "sigmoid": _sigmoid}


def softmax(scores: Real) -> Real:
    """Over the last axis; -inf has no weight."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Real = powers / powers.sum(axis=-1, keepdims=True)
    return result


# Circuits


def prepared(circuit: Circuit, rows: Real, parameters: Real, initial: States | None = None) -> States:
    """The states (N, 2^n) of rows (N, F), as many at once as fit."""
    most = max(1, ROWS >> circuit.qubits)
    parts = [
        states(
            circuit, rows[first : first + most], parameters, None if initial is None else initial[first : first + most]
        )
        for first in range(0, len(rows), most)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _rows(inputs: Real) -> Real:
    """Vectors (N, F) of all that is in (.., F), also where F is 0."""
    return inputs.reshape(prod(inputs.shape[:-1]), inputs.shape[-1])


def run(measured: Measured, inputs: Real) -> tuple[Real, Real]:
    """What a circuit gives of inputs (B, .., F): the measured numbers (B, .., G), and the product of the success
    probabilities of each sample's vectors (B,)."""
    rows = _rows(inputs)
    most = max(1, ROWS >> measured.circuit.qubits)
    values, success = [np.empty((0, measured.width))], [np.empty(0)]
    for first in range(0, len(rows), most):
        state = states(measured.circuit, rows[first : first + most], measured.parameters)
        found, length = observed(measured, state)
        values.append(found)
        success.append(length)
    result = np.concatenate(values).reshape(*inputs.shape[:-1], measured.width)
    every: Real = np.concatenate(success).reshape(len(inputs), -1).prod(axis=1)
    return result, every


def observed(measured: Measured, state: States) -> tuple[Real, Real]:
    """The measured numbers of states (N, 2^n), NaN where nothing succeeds, and their success probabilities."""
    count = measured.circuit.qubits
    length = lengths(state)
    resolved = np.where(length > RESOLUTION, length, np.nan)[:, None]
    if measured.kind == "probabilities":
        return probabilities(state, measured.qubits, count) / resolved, length
    found = [expectation(state, observable, count) for observable in measured.observables]
    return np.stack(found, axis=-1) / resolved, length


def _succeeded(trace: Trace, circuit: Circuit, success: Real) -> None:
    if circuit.projects:
        trace.success = trace.success * success
        trace.projects = True


# Attention


def _attention(step: MeasuredAttention, tokens: Real, trace: Trace) -> Real:
    """``tokens``: (B, T, F)."""
    scores = _scores(step, tokens, trace)
    weights = mixed_weights(step, scores)
    trace.weights.append(weights)
    values = tokens
    if isinstance(step.value, Linear):
        values = step.value.applied(tokens)
    elif step.value is not None:
        values, success = run(step.value, tokens)
        _succeeded(trace, step.value.circuit, success)
    result: Real = weights @ values + (tokens if step.residual else 0)
    return result


def mixed_weights(step: MeasuredAttention, scores: Real) -> Real:
    """The weights (.., T, T) of scores, which are multiplied by ``scale`` first; NaN where scores sum to zero."""
    scores = step.scale * scores
    tokens = scores.shape[-1]
    seen = np.tri(tokens, dtype=bool) if step.mask == "causal" else np.ones((tokens, tokens), dtype=bool)
    if step.normaliser == "softmax":
        return softmax(np.where(seen, scores, -np.inf))
    kept = np.where(seen, scores, 0.0)
    result: Real = kept if step.normaliser == "none" else kept / kept.sum(axis=-1, keepdims=True)
    return result


def _scores(step: MeasuredAttention, tokens: Real, trace: Trace) -> Real:
    if step.score == "gaussian":
        found = []
        for one in (step.query,) if step.key is step.query else (step.query, step.key):
            values, success = run(one, tokens)
            _succeeded(trace, one.circuit, success)
            found.append(values[..., 0])
        result: Real = -((found[0][..., :, None] - found[-1][..., None, :]) ** 2)
        return result
    query, key = (_states(one, tokens) for one in (step.query, step.key))
    return overlaps(step, query, key)


def _states(measured: Measured, tokens: Real) -> States:
    """(B, T, 2^n)."""
    rows = prepared(measured.circuit, _rows(tokens), measured.parameters)
    return rows.reshape(*tokens.shape[:-1], -1)


def overlaps(step: MeasuredAttention, query: States, key: States) -> Real:
    """The scores (.., T, T) of states (.., T, 2^n), before ``scale``."""
    if step.score == "mixed-overlap":
        query, key = (kept_first(one, step.keep, step.query.circuit.qubits) for one in (query, key))
        found = np.einsum("...ike,...jkf->...jief", key.conj(), query)
        mixed: Real = (np.abs(found) ** 2).sum(axis=(-2, -1))
        return mixed
    pure = query @ np.swapaxes(key.conj(), -1, -2)
    result: Real = pure.real if step.score == "overlap-real" else np.abs(pure) ** 2
    return result


def kept_first(state: States, keep: tuple[int, ...], qubits: int) -> States:
    """(.., 2^k, 2^(n-k)): the kept qubits apart from the others."""
    lead = state.shape[:-1]
    tensor = state.reshape(*lead, *(2,) * qubits)
    rest = [qubit for qubit in range(qubits) if qubit not in keep]
    axes = [*range(len(lead)), *(len(lead) + qubit for qubit in (*keep, *rest))]
    result: States = tensor.transpose(axes).reshape(*lead, 1 << len(keep), -1)
    return result


def _mixture(step: UnitaryMixture, tokens: Real, trace: Trace, pointer: str) -> Real:
    count, length, _ = tokens.shape
    check_mixed(step, length, pointer)
    mixed = mixture_states(step, tokens)
    squared = lengths(mixed)
    trace.success = trace.success * squared / step.subnormalisation**2
    trace.projects = True
    unit = mixed / np.sqrt(np.where(squared > RESOLUTION * step.subnormalisation**2, squared, np.nan))[:, None]
    then = prepared(step.then.circuit, np.empty((count, 0)), step.then.parameters, unit)
    result, success = observed(step.then, then)
    _succeeded(trace, step.then.circuit, success)
    return result


def check_mixed(step: UnitaryMixture, tokens: int, pointer: str) -> None:
    """Whether there is one coefficient for each token."""
    if tokens == len(step.mixing):
        return
    raise InvalidInputError(
        "the sample has another number of tokens than are mixed",
        code="inputs.wrong-shape",
        pointer=f"{pointer}/attention/mixing",
        found=counted(tokens, "token"),
        wanted=f"{counted(len(step.mixing), 'token')}: one for each number of the mixing",
    )


def mixture_states(step: UnitaryMixture, tokens: Real) -> States:
    """P(M)|0> (B, 2^n) of tokens (B, T, F), not normalised."""
    count, length, _ = tokens.shape
    power = np.zeros((count, 1 << step.token.qubits), dtype=np.complex128)
    power[:, 0] = 1
    result: States = step.polynomial[0] * power
    for factor in step.polynomial[1:]:
        initial = np.repeat(power, length, axis=0)
        selected = prepared(step.token, _rows(tokens), np.empty(0), initial)
        power = np.einsum("t,bti->bi", step.mixing, selected.reshape(count, length, -1))
        result = result + factor * power
    return result

"""Models as pure functions for JAX: reached as ``qsac.jax``.

Nothing here changes JAX's configuration, its threads, or the precision of what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.learning import MapsInputs, Measuring
from qsac.frameworks.backends import EXACT, Backend, backend_of
from qsac.frameworks.learners import AnyModel, in_double, learner_of, mapping_of

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

Parameters: TypeAlias = dict[str, jax.Array]


class Layer(NamedTuple):
    """A layer of :func:`layer`: two functions."""

    apply: Callable[..., jax.Array]
    init: Callable[..., Parameters]


def layer(
    model: AnyModel,
    *,
    dimension: int | None = None,
    length: int | None = None,
    real: bool = False,
    normalise: bool = False,
    backend: AnyTarget = "exact",
    shots: int | None = None,
    noise: bool = False,
    gradient: Literal["exact", "parameter-shift"] | None = None,
) -> Layer:
    """A model as a layer: ``apply(parameters, tokens)`` and ``init(seed=0)``.

    ``model``: a model, its file or dictionary, all of whose numbers are parameters; or the dictionary of a sketch, for
    tokens of ``dimension`` entries (and sequences of ``length`` tokens, where its parameters depend on that), ``real``
    or complex.

    ``init`` gives the model's numbers, or draws those of a sketch, in JAX's default precision: a dictionary of real
    arrays. ``apply`` takes tokens (.., T, d), real or complex, of any lengths where the family normalises them, and
    gives what the model predicts after each, (.., T, d): z_j, or z_j at length 1 with ``normalise``. For words by their
    numbers, (.., L), it gives the probabilities of those that follow each, (.., L, M). It is pure, and can be compiled,
    batched and differentiated.

    ``model`` may also be a list of steps, or the dictionary of one step, such as a circuit: ``apply`` then takes inputs
    (.., F), or (.., T, F) where steps read sequences, and gives outputs (.., G); parameters are named after their
    places, such as ``blocks.1.parameters`` of one step. ``init`` takes a key of JAX as well. Circuits of steps are
    evaluated on a ``backend``: ``exact``, or a target that they are compiled for, exactly or by ``shots`` of each, with
    its ``noise`` if that is asked for; derivatives are then by the parameter-shift rule. ``apply`` takes a third
    argument where there are shots: a key of JAX, by which they are drawn.

    Raises :class:`~qsac.errors.QsacError` for a model that cannot be trained, and for a backend of anything but steps.
    """
    mapping = mapping_of(model, dimension, length)
    chosen = backend_of(backend, shots, noise=noise, gradient=gradient)
    if chosen.gradient == "spsa":
        raise InvalidInputError(
            "a pure function has no gradient by perturbations",
            code="option.unknown-choice",
            found='gradient="spsa"',
            wanted='"exact" or "parameter-shift"',
            help="qsac.torch.QuantumLayer has one; in JAX, evaluate the layer on both sides yourself",
        )
    if mapping is not None:
        return _mapping_layer(*mapping, chosen)
    if chosen != EXACT:
        raise InvalidInputError(
            "only circuits of steps are evaluated on a backend",
            code="option.unknown-choice",
            found="a model that is no list of steps, with a backend, shots or a gradient of its own",
            wanted='a step, or a model with the section "steps"',
        )
    learner = learner_of(model, dimension, length, real=real)

    def init(seed: Any = 0) -> Parameters:
        return {name: jnp.asarray(values) for name, values in learner.initial(_number(seed)).items()}

    def apply(parameters: Mapping[str, Any], tokens: Any) -> jax.Array:
        tokens = jnp.asarray(tokens)
        words = jnp.issubdtype(tokens.dtype, jnp.integer)
        axes = 1 if words else 2
        batch = tokens.reshape(-1, *tokens.shape[-axes:])
        # What is predicted after the last token is asked for too: one more stands behind it, and is not looked at.
        batch = jnp.concatenate([batch, batch[:, -1:]], axis=1)
        found = learner.predictions(parameters, batch)
        found = found.reshape(*tokens.shape[:-axes], *found.shape[1:])
        return _unit(found) if normalise and not words else found

    return Layer(apply, init)


def _mapping_layer(learner: MapsInputs, prefix: str, backend: Backend) -> Layer:
    """The layer of a step or a list of steps."""
    sequences = learner.takes_sequences()

    def init(seed: Any = 0) -> Parameters:
        initial = learner.initial(_number(seed))
        return {name.removeprefix(prefix): jnp.asarray(values) for name, values in initial.items()}

    def apply(parameters: Mapping[str, Any], inputs: Any, key: Any = None) -> jax.Array:
        if key is None and backend.is_drawn:
            raise InvalidInputError(
                "shots are drawn by a key",
                code="option.wrong-type",
                found="apply(parameters, inputs)",
                wanted="apply(parameters, inputs, key), with a key of JAX",
            )
        measuring = backend.measuring(key)
        return mapped(learner, prefix, sequences, parameters, jnp.asarray(inputs), measuring)[0]

    return Layer(apply, init)


def mapped(
    learner: MapsInputs,
    prefix: str,
    sequences: bool,
    parameters: Mapping[str, Any],
    inputs: jax.Array,
    measuring: Measuring | None = None,
) -> tuple[jax.Array, jax.Array]:
    """The outputs of inputs with any axes before their own, and the success probabilities."""
    axes = 2 if sequences else 1
    if not jnp.issubdtype(inputs.dtype, jnp.floating):
        inputs = inputs.astype(jnp.result_type(float))
    lead = inputs.shape[:-axes]
    batch = inputs.reshape(prod(lead), *inputs.shape[-axes:])
    trained = {prefix + name: values for name, values in parameters.items()}
    outputs, success = learner.mapped(trained, batch, measuring)
    return outputs.reshape(*lead, *outputs.shape[1:]), success.reshape(lead)


def _number(seed: Any) -> int:
    """A seed, or what a key of JAX says of one."""
    if isinstance(seed, jax.Array):
        key = seed if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(seed)
        return int(jax.random.bits(key))
    return int(seed)


def to_model(
    model: AnyModel,
    parameters: Mapping[str, Any],
    tokens: Any = None,
    *,
    dimension: int | None = None,
    length: int | None = None,
    real: bool = False,
    name: str = "model",
) -> Model:
    """The model of trained parameters, to be compiled. ``model`` and the options are those that the layer was made of;
    ``tokens`` (T+1, d), the last of which is the last target, or words (L,); of steps a sample (F,) or (T, F), or
    none."""
    mapping = mapping_of(model, dimension, length)
    if mapping is not None:
        own, prefix = mapping
        sample = np.empty(0) if tokens is None else np.asarray(tokens)
        return own.model(in_double({prefix + key: value for key, value in parameters.items()}), sample, name)
    learner = learner_of(model, dimension, length, real=real)
    return learner.model(in_double(parameters), np.asarray(tokens), name)


def _unit(rows: jax.Array) -> jax.Array:
    """Rows at length 1; those of zeros stay as they are."""
    squares = jnp.sum((jnp.conj(rows) * rows).real, axis=-1, keepdims=True)
    return rows / jnp.sqrt(jnp.where(squares > 0, squares, 1))

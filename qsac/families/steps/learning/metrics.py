"""What is measured of a model's outputs beside the targets of labelled samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qsac.errors import InvalidInputError
from qsac.families.learning import Samples
from qsac.families.steps.model import Activation, CircuitOf, Pool, Softmax, Step, UnitaryMixture
from qsac.files.pointer import counted, join

if TYPE_CHECKING:
    import jax

    from qsac.families.steps.learning.traced_model import Outcome

Head: TypeAlias = Literal["probabilities", "sigmoid", "numbers"]
"""What outputs are: probabilities, the probability of the second of two classes, or numbers."""

LEAST = 1e-20
"""What is added to probabilities before logarithms."""


def head_of(steps: Sequence[Step], samples: Samples, shape: tuple[int, ...]) -> Head:
    """What the outputs, of ``shape`` for one sample, are for such samples. Raises
    :class:`~qsac.errors.InvalidInputError` where they do not go with the targets."""
    pointer = join("/steps", len(steps) - 1)
    last = steps[-1]
    wanted = samples.outcomes or samples.width
    if samples.kind == "numbers":
        _check(shape, wanted, "number", pointer)
        return "numbers"
    if isinstance(last, Activation) and last.function == "sigmoid" and last.factor == 1 and shape == (1,):
        _check((2,), wanted, "class", pointer)
        return "sigmoid"
    if not _gives_probabilities(steps):
        raise InvalidInputError(
            "the last step gives no probabilities",
            code="train.no-probabilities",
            pointer=pointer,
            wanted='{"type": "softmax"} as the last step, a circuit that measures probabilities, or, for two classes, '
            "one sigmoid",
        )
    _check(shape, wanted, "class", pointer)
    return "probabilities"


def _gives_probabilities(steps: Sequence[Step]) -> bool:
    last = steps[-1]
    if isinstance(last, Pool):
        return len(steps) > 1 and _gives_probabilities(steps[:-1])
    if isinstance(last, CircuitOf):
        return last.measured.kind == "probabilities"
    return isinstance(last, Softmax) or (isinstance(last, UnitaryMixture) and last.then.kind == "probabilities")


def _check(shape: tuple[int, ...], wanted: int, noun: str, pointer: str) -> None:
    if shape == (wanted,):
        return
    found = "a sequence of vectors" if len(shape) > 1 else counted(shape[0], "number")
    plural = counted(wanted, noun) if noun != "class" else f"{wanted:,} classes"
    raise InvalidInputError(
        "the last step gives other outputs than the samples have targets",
        code="train.other-outputs",
        pointer=pointer,
        found=found,
        wanted=f"{plural}, as the data have",
        help='{"type": "pool", "over": "mean"} makes one vector of a sequence' if len(shape) > 1 else None,
    )


def probabilities(head: Head, outcome: Outcome) -> Any:
    """The probabilities (B, M) of the classes."""
    import jax.numpy as jnp

    found = outcome.outputs
    return jnp.concatenate([1 - found, found], axis=-1) if head == "sigmoid" else found


def measured(head: Head, outcome: Outcome, targets: Any, *, projects: bool) -> dict[str, jax.Array]:
    """The metrics of each sample, (B,), beside targets (B,), or (B, width) of numbers."""
    import jax.numpy as jnp

    success = outcome.success
    found: dict[str, Any] = {"ln_success": jnp.log(success + LEAST)}
    if projects:
        found["success_probability"] = success
    if head == "numbers":
        errors = outcome.outputs - targets
        return {
            "squared_error": jnp.mean(errors**2, axis=-1),
            "absolute_error": jnp.mean(jnp.abs(errors), axis=-1),
            **found,
        }
    shares = probabilities(head, outcome)
    classes = targets.astype(jnp.int32)
    logarithms = jnp.log(shares + LEAST) if outcome.logarithms is None else outcome.logarithms
    own = jnp.take_along_axis(logarithms, classes[:, None], axis=-1)[:, 0]
    right = jnp.argmax(shares, axis=-1) == classes
    return {"cross_entropy": -own, "accuracy": right.astype(own.dtype), **found}

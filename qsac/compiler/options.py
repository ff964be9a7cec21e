"""What a compilation is asked for, and the passes of an optimisation level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

from qsac.arguments import SEED_LIMIT, real_number, shown, whole_number, word
from qsac.errors import InvalidInputError
from qsac.pipeline.contract import CircuitPass, Pass, Preference
from qsac.pipeline.registry import default_pipeline, parse_pipeline, pass_class, print_pipeline

Budget = float | Literal["auto"]

Pipeline: TypeAlias = str | Sequence[str | Pass | CircuitPass]
"""Passes as a user names them: as text, or one by one, each by its name (with options) or as an object."""

LEVEL = 2
"""The optimisation level where none is asked for."""


@dataclass(frozen=True)
class Options:
    """What a compilation is asked for; see :func:`~qsac.compiler.compilation.compile`. Raises
    :class:`~qsac.errors.InvalidInputError` for invalid values; NumPy's numbers are kept as Python's."""

    optimisation: int = LEVEL
    passes: str | None = None
    seed: int = 0
    error_budget: Budget = 0.0
    qubits: int | None = None
    prefer: Preference = "qubits"

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "optimisation": whole_number(self.optimisation, "optimisation level", 0, 3),
            "seed": whole_number(self.seed, "seed", 0, SEED_LIMIT),
            "error_budget": _budget(self.error_budget),
            "qubits": None if self.qubits is None else whole_number(self.qubits, "number of qubits", 1),
            "prefer": word(self.prefer, "option prefer", get_args(Preference)),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def pipeline(self) -> Sequence[Pass | CircuitPass]:
        """The passes asked for."""
        default = partial(default_pipeline, self.optimisation)
        return default() if self.passes is None else parse_pipeline(self.passes, default)


def asked_for(
    optimisation: int | None,
    optimization_level: int | None,
    passes: Pipeline | None,
    seed: int,
    error_budget: Budget,
    qubits: int | None,
    prefer: Preference,
) -> Options:
    """The options as :func:`~qsac.compiler.compilation.compile` is given them, ``optimisation`` under either of its
    names."""
    text = None if passes is None else pipeline_text(passes)
    return Options(level(optimisation, optimization_level), text, seed, error_budget, qubits, prefer)


def level(optimisation: int | None, optimization_level: int | None) -> int:
    """The optimisation level, which may be given under either name, or under none."""
    names = {"optimisation": optimisation, "optimization_level": optimization_level}
    given = {
        name: whole_number(value, "optimisation level", 0, 3) for name, value in names.items() if value is not None
    }
    if len(set(given.values())) > 1:
        raise InvalidInputError(
            "the optimisation level is given twice",
            code="option.repeated",
            found=" and ".join(f"{name}={value}" for name, value in given.items()),
            wanted="one of the two, which are names of the same option",
        )
    return next(iter(given.values()), LEVEL)


def pipeline_text(passes: object) -> str:
    """A pipeline as text, from text or from passes one by one."""
    if isinstance(passes, str):
        return passes
    if isinstance(passes, list | tuple):
        return ",".join(_step_text(step) for step in passes)
    raise InvalidInputError(
        "the passes are invalid",
        code="option.wrong-type",
        found=shown(passes),
        wanted='a text such as "fold-unitaries,stage-degree", or a list of names or of passes',
    )


def _step_text(step: object) -> str:
    if isinstance(step, str) and step.strip():
        return step
    if isinstance(step, Pass | CircuitPass):
        if pass_class(step.name) is not type(step):
            raise InvalidInputError(
                "a pass is known by its name alone, and this one's name is another pass's",
                code="pass.name-taken",
                found=shown(step),
                wanted=f"{step.name}, as `qsac passes` lists it",
            )
        return print_pipeline([step])
    raise InvalidInputError(
        "the passes are invalid",
        code="option.wrong-type",
        found=shown(step),
        wanted='names such as "fold-unitaries", or passes',
    )


def _budget(value: object) -> Budget:
    if isinstance(value, str) and value == "auto":
        return "auto"
    wanted = "a number from 0 (exact) to below 1, or auto"
    number = real_number(value, "error budget", wanted)
    if not 0 <= number < 1:
        raise InvalidInputError(
            "the error budget is out of range",
            code="option.out-of-range",
            found=shown(value),
            wanted=wanted,
        )
    return number or 0.0  # never -0.0

"""Where the circuits of a layer of steps are evaluated, and how they are differentiated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qsac.errors import InvalidInputError, QsacError
from qsac.families.learning import Machine, Measuring
from qsac.machine.read import find_target
from qsac.training.from_circuits.machine import CompiledCircuits

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

Gradient: TypeAlias = Literal["exact", "parameter-shift", "spsa"]

GRADIENTS = ("exact", "parameter-shift", "spsa")
SIMULATED = ("exact", "statevector")
"""What JAX simulates."""


@dataclass(frozen=True)
class Backend:
    """``shots`` of each circuit, None for exact numbers; a ``machine`` where circuits are compiled; the gradient."""

    shots: int | None
    machine: Machine | None
    gradient: Gradient

    @property
    def is_drawn(self) -> bool:
        """Whether each call has shots of its own."""
        return self.shots is not None

    def measuring(self, key: Any, machine: Machine | None = None) -> Measuring | None:
        """How circuits are measured, with a ``key`` of JAX for shots; None for the closed form. ``machine`` stands for
        that of the backend."""
        if self.machine is None and self.shots is None and self.gradient != "parameter-shift":
            return None
        return Measuring(self.shots if self.machine is None else None, key, machine or self.machine)


EXACT = Backend(None, None, "exact")
"""The closed form, by JAX."""


def backend_of(
    backend: AnyTarget, shots: int | None = None, *, noise: bool = False, gradient: str | None = None
) -> Backend:
    """The backend of a layer: ``exact`` or ``statevector``, which JAX simulates, or any target that circuits are
    compiled for, with its ``noise`` if that is asked for. ``gradient``: by default ``exact`` of exact numbers that JAX
    simulates, else ``parameter-shift``.

    Raises :class:`~qsac.errors.InvalidInputError` for a target that there is not, or that has no noise, for a gradient
    that there is not, and for an exact one of what is counted or compiled.
    """
    machine = None
    if backend not in SIMULATED or noise:
        try:
            target = find_target("statevector" if backend == "exact" else backend)
            machine = CompiledCircuits(target, shots, noise=noise)
        except QsacError as error:
            error.pointer = None
            raise
        shots = machine.shots
    measured = shots is not None or machine is not None
    chosen = gradient or ("parameter-shift" if measured else "exact")
    _check(chosen, GRADIENTS if not measured else GRADIENTS[1:])
    found: dict[str, Gradient] = {"exact": "exact", "parameter-shift": "parameter-shift", "spsa": "spsa"}
    return Backend(shots, machine, found[chosen])


def _check(gradient: str, known: tuple[str, ...]) -> None:
    if gradient not in known:
        raise InvalidInputError(
            "the gradient is not known"
            if gradient not in GRADIENTS
            else "circuits that are counted or compiled have no exact gradient",
            code="option.unknown-choice",
            found=repr(gradient),
            wanted=" or ".join(f'"{one}"' for one in known),
        )

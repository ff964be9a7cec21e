"""What an optimiser is. One is a module of this package, whose name, with dashes for underscores, is its ``type`` in a
training configuration; it has ``fields``, a class, and ``make``, as :class:`KindOfOptimiser` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import Field

from qsac.files.fields import Fields

Parameters: TypeAlias = dict[str, Any]
"""Real arrays by name: JAX's, or tracers."""

State: TypeAlias = Any
"""What an optimiser remembers: arrays in dictionaries, lists and tuples. None of it is anything else."""

Rate = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1000)]
ShareBelow1 = Annotated[float, Field(allow_inf_nan=False, ge=0, lt=1)]


class OptimiserFields(Fields):
    """What all optimisers have: the first ``continuation`` epochs are by the easier objective that the model's family
    knows of, a kernel of degree 1 in place of a higher one."""

    continuation: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class ScheduledFields(OptimiserFields):
    """What optimisers with a rate have: it grows over the share ``warm_up`` of the steps, and then falls to 0 as a
    cosine, or stays. During the continuation it stays. Gradients longer than ``clip`` are shortened to it."""

    rate: Rate
    warm_up: ShareBelow1 = 0.0
    schedule: Literal["cosine", "constant"] = "cosine"
    clip: Annotated[float, Field(allow_inf_nan=False, gt=0)] | None = None


@dataclass(frozen=True)
class Problem:
    """What is minimised, as an optimiser sees it. Its functions are traced where the gradient is exact; otherwise they
    run circuits, and :attr:`value` and :attr:`predictions` are not asked for.

    ``value_and_gradient(parameters, batch, step)``: the value, and its derivatives by name. ``value``: the value alone.
    ``predictions(parameters, batch)``: what the model says, vectors on the last axis, complex or real; their length is
    1, and changes with the parameters in proportion to what the model says.
    ``angles``: the names of parameters of which each entry is the angle of one Pauli rotation.
    """

    value_and_gradient: Callable[[Parameters, Any, Any], tuple[Any, Parameters]]
    value: Callable[[Parameters, Any, Any], Any]
    predictions: Callable[[Parameters, Any], Any]
    angles: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a step is: its number from 0 on in its phase (the continuation is a phase of its own), the rate there, and
    a key for what is random in it (JAX's)."""

    number: Any
    rate: Any
    key: Any


class Step(NamedTuple):
    """A step done: new parameters and state, the value before it, and the length of the gradient (None where none was
    taken)."""

    parameters: Parameters
    state: State
    value: Any
    gradient_norm: Any


class Optimiser(Protocol):
    """An optimiser of one run."""

    @property
    def needs(self) -> Literal["gradients", "closed form"]:
        """Whether gradients are all that it asks for, or also other functions of a :class:`Problem`."""

    def initial(self, parameters: Parameters) -> State:
        """What it remembers before the first step."""

    def step(self, problem: Problem, parameters: Parameters, state: State, batch: Any, place: Place) -> Step:
        """One step. Pure; may be traced."""


class KindOfOptimiser(Protocol):
    """The module of an optimiser."""

    @property
    def fields(self) -> type[OptimiserFields]:
        """Its fields in a configuration."""

    def make(self, fields: Any, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
        """The optimiser for so many ``steps``, ``epoch`` of them in an epoch. ``angles`` are the numbers of entries of
        the parameters in :attr:`Problem.angles`. Raises :class:`~qsac.errors.InvalidInputError` with pointers that
        begin with ``/optimiser``."""

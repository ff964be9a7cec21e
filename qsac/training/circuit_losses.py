"""The metrics of a trained model as its compiled circuits give them, sequence by sequence, beside the closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError, present
from qsac.families.contract import Model, Result
from qsac.families.learning import Learner
from qsac.progress import Progress
from qsac.runtime.run import run
from qsac.templates.template import Template, template

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


@dataclass(frozen=True)
class Measured:
    """What the circuits of one test sequence give: the ``number`` of the sequence, from 0; ``value``, None where no
    shot resolved it, with its standard error, None for exact runs; and ``expected``, by the closed form."""

    number: int
    value: float | None
    standard_error: float | None
    expected: float | None
    success_probability: float | None
    two_qubit_gates: int
    qubits: int


@dataclass(frozen=True)
class CircuitLosses:
    """The ``metric`` of some sequences from circuits that were compiled for ``target``; ``templates``: how many shapes
    were compiled for them."""

    metric: str
    target: str
    shots: int | None
    noise: bool
    templates: int
    rows: tuple[Measured, ...]
    warnings: tuple[str, ...] = ()

    @property
    def mean(self) -> float | None:
        """The mean over the sequences; None where one is not resolved."""
        return _mean([one.value for one in self.rows])

    @property
    def expected(self) -> float | None:
        """The same by the closed form."""
        return _mean([one.expected for one in self.rows])

    @property
    def standard_error(self) -> float | None:
        """The standard error of :attr:`mean` from the shots; None for exact runs."""
        errors = [one.standard_error for one in self.rows]
        known = [error for error in errors if error is not None]
        return sqrt(sum(error**2 for error in known)) / len(known) if known and len(known) == len(errors) else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        kept = ("metric", "target", "shots", "noise", "templates", "mean", "standard_error", "expected")
        rows = [dict(vars(row)) for row in self.rows]
        return {name: getattr(self, name) for name in kept} | {"sequences": rows}


def circuit_losses(
    learner: Learner,
    parameters: Mapping[str, NDArray[Any]],
    sequences: NDArray[Any],
    target: AnyTarget,
    *,
    shots: int | None = None,
    noise: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> CircuitLosses:
    """What the model's readout reports of each of some sequences, from circuits compiled for a target: exactly, or by
    so many shots of each circuit. All sequences are bindings of one template where the model can be one.

    Raises what compiling and running raise.
    """
    shape = _Shape(target)
    rows: list[Measured] = []
    warnings: dict[str, None] = {}
    metric = ""
    for number, sequence in enumerate(sequences):
        if progress is not None:
            progress(number, len(sequences), "running circuits")
        model = learner.model(parameters, sequence, f"sequence-{number}")
        compiled = shape.compiled(model, sequence)
        drawn = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
        result = run(compiled, shots=shots, seed=drawn, noise=noise)
        metric = _metric(model, result)
        warnings |= dict.fromkeys(result.warnings)
        expected = model.readout.closed_form(model)
        rows.append(
            Measured(
                number=number,
                value=result.metrics[metric],
                standard_error=result.standard_errors.get(metric),
                expected=expected.metrics[metric],
                success_probability=result.success_probability,
                two_qubit_gates=sum(one.two_qubit_gates for one in compiled.circuits),
                qubits=max(len(one.qubits) for one in compiled.circuits),
            )
        )
        name, taken = str(result.target), result.shots
    return CircuitLosses(metric, name, taken, noise, shape.made, tuple(rows), tuple(warnings))


def _metric(model: Model, result: Result) -> str:
    """The metric that the readout is about."""
    if model.readout.precise in result.metrics:
        return present(model.readout.precise, "a metric with an error")
    return next(iter(result.metrics))


class _Shape:
    """A template for the sequences of a model, if there can be one; ``made`` counts what was compiled."""

    def __init__(self, target: AnyTarget) -> None:
        self.target = target
        self.made = 0
        self._template: Template | None = None
        self._possible = True

    def compiled(self, model: Model, sequence: NDArray[Any]) -> Compiled:
        """The compiled model of a sequence: bound, or compiled by itself."""
        if self._possible:
            try:
                return self._bound(model, sequence)
            except InvalidInputError:
                self._possible = False
        self.made += 1
        return compile_model(model, self.target, verify=False)

    def _bound(self, model: Model, sequence: NDArray[Any]) -> Compiled:
        if self._template is None:
            made = template(model, self.target)
            bound = made.bind(verify=False)
            self._template, self.made = made, self.made + 1
            return bound
        tokens: Any = sequence if sequence.ndim == 2 else [int(word) for word in sequence]
        return self._template.bind(tokens, verify=False)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None

"""Data: trajectories of qubits under any sum of Pauli strings, its coefficients fixed or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, SkipValidation

from qsac.errors import InvalidInputError
from qsac.families.schema import Bounded, Count, HamiltonianTokens, Pair, PauliTerm
from qsac.families.tokens.evolution import Evolution, hamiltonian_evolution, hamiltonian_matrix, product_state
from qsac.families.tokens.tfim import initial_state
from qsac.files import limits
from qsac.files.diagnosis import Location
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.pointer import counted, join, listed, nearest, quoted
from qsac.training.data.contract import Data
from qsac.training.data.drawing import DrawnFields, Range, Split, generator, uniform
from qsac.training.data.trajectories import States, data_of_trajectories, observables, product_states

_RANDOM = {"haar": "Haar-random states", "product": "random product states"}


class DrawnTerm(Fields):
    """A Pauli string, and what it is multiplied by: a number or a range, times the parameter of that name, if any."""

    paulis: Annotated[str, Field(min_length=1)]
    coefficient: Range = 1.0
    parameter: Annotated[str, Field(min_length=1)] = Field(
        default=None,  # type: ignore[assignment]  # none
        json_schema_extra=without_default,
    )


class HamiltonianFields(DrawnFields):
    """States of qubits under a Hamiltonian at the times 0, dt, .., T dt.

    Each trajectory draws its own coefficients and ``parameters``, by name, which several terms may share. ``initial``:
    "haar", "product" (a random one), or a product state as in the model file, the same for all.
    """

    type: Literal["hamiltonian"]
    terms: Annotated[list[DrawnTerm], Field(min_length=1), ONE_COMPLAINT]
    parameters: Annotated[dict[str, Range], Field(max_length=100)] = Field({})
    context: Count
    dt: Bounded
    initial: SkipValidation[Annotated[str, Field(min_length=1)] | Annotated[list[Pair], Field(min_length=1)]] = "haar"


fields = HamiltonianFields
classes: Mapping[Location, type[BaseModel]] = {("terms",): DrawnTerm}
examples: Mapping[str, str] = {
    "terms": '"terms": [{"paulis": "ZZ", "coefficient": [-2, -0.2]}, {"paulis": "XI"}, {"paulis": "IX"}]',
    "parameters": '"parameters": {"h": [0.2, 2]}',
}


def make(fields: HamiltonianFields, seed: int, folder: Path) -> Data:
    """Exact trajectories."""
    evolution = _evolution(fields)
    qubits = len(evolution.terms[0])
    dimension = 2**qubits
    limits.check_sequences(fields.total(), fields.context + 1, dimension, "/data")
    limits.check_diagonalisations(fields.total() if _is_drawn(fields) else 1, dimension, "/data")
    _check_names(fields)
    starts = _RANDOM.get(str(fields.initial), "a product state")
    return data_of_trajectories(
        f"{counted(qubits, 'qubit')} under {counted(len(evolution.terms), 'Pauli term')} from {starts}",
        fields.numbers(),
        (fields.context + 1, dimension),
        lambda split, number: _trajectories(fields, evolution, seed, split, number),
        observables(qubits, [(qubit, qubit + 1) for qubit in range(qubits - 1)]),
    )


def _evolution(fields: HamiltonianFields) -> Evolution:
    """The evolution with all coefficients 1, its strings checked."""
    terms = [PauliTerm(paulis=term.paulis, coefficient=1) for term in fields.terms]
    tokens = HamiltonianTokens(
        type="hamiltonian", terms=terms, initial=fields.initial, context=fields.context, dt=fields.dt
    )
    return hamiltonian_evolution(tokens, "/data")


def _is_drawn(fields: HamiltonianFields) -> bool:
    """Whether trajectories may have different Hamiltonians."""
    ranges = [term.coefficient for term in fields.terms]
    return any(isinstance(given, list) for given in (*ranges, *fields.parameters.values()))


def _check_names(fields: HamiltonianFields) -> None:
    """Terms name parameters that there are, and every parameter is named."""
    named = [term.parameter for term in fields.terms]
    for place, name in enumerate(named):
        if name is not None and name not in fields.parameters:
            guess = nearest(name, fields.parameters)
            raise InvalidInputError(
                "a term names a parameter that there is not",
                code="data.unknown-parameter",
                pointer=join("/data/terms", place, "parameter"),
                found=quoted(name),
                wanted=f"one of {listed(fields.parameters)}" if fields.parameters else 'a parameter of "parameters"',
                help=f"did you mean {quoted(guess)}?" if guess else 'add it to "parameters", with a number or a range',
            )
    unused = next((name for name in fields.parameters if name not in named), None)
    if unused is not None:
        raise InvalidInputError(
            "no term names this parameter",
            code="data.unused-parameter",
            pointer=join("/data/parameters", unused),
            found=quoted(unused),
            wanted="parameters that terms name",
            help='name it as "parameter" in a term, or remove it',
        )


def _trajectories(
    fields: HamiltonianFields, evolution: Evolution, seed: int, split: Split, number: int
) -> Iterator[States]:
    """The trajectories (T+1, 2^n) of one part."""
    qubits = len(evolution.terms[0])
    rng = generator(seed, split, 0)
    parameters = {
        name: np.array(uniform(given, join("/data/parameters", name), rng, number))
        for name, given in sorted(fields.parameters.items())
    }
    coefficients = np.empty((number, len(fields.terms)))
    for place, term in enumerate(fields.terms):
        coefficients[:, place] = uniform(term.coefficient, join("/data/terms", place, "coefficient"), rng, number)
        if term.parameter is not None:
            coefficients[:, place] *= parameters[term.parameter]

    @lru_cache(maxsize=1)
    def eigensystem(of: tuple[float, ...]) -> tuple[NDArray[np.float64], States]:
        return np.linalg.eigh(hamiltonian_matrix(evolution.terms, of))

    times = fields.dt * np.arange(fields.context + 1)
    for row, start in zip(coefficients, _starts(fields, qubits, seed, split, number), strict=True):
        energies, vectors = eigensystem(tuple(row.tolist()))
        yield ((vectors.conj().T @ start) * np.exp(-1j * np.outer(times, energies))) @ vectors.T


def _starts(fields: HamiltonianFields, qubits: int, seed: int, split: Split, number: int) -> Iterator[States]:
    """The initial states (2^n,), one a trajectory."""
    if fields.initial == "haar":
        seeds = generator(seed, split, 2).integers(2**53, size=number).tolist()
        return (initial_state("haar", qubits, own) for own in seeds)
    if fields.initial == "product":
        return iter(product_states(generator(seed, split, 3), number, qubits))
    state = product_state(fields.initial, qubits, "/data/initial")
    return (state for _ in range(number))

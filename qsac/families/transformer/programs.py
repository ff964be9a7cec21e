"""The attention programs of a transformer's readouts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.contract import CircuitStep
from qsac.families.transformer.construction.affine import Affine, At
from qsac.families.transformer.construction.composing import Composition, Names
from qsac.families.transformer.construction.states import States
from qsac.families.transformer.model import Model
from qsac.families.transformer.normalisers import fidelity_normaliser, next_token_normaliser
from qsac.families.transformer.widths import position_qubits, word_qubits
from qsac.ir.attention import PrepareIndex, Project
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities

if TYPE_CHECKING:
    from qsac.families.transformer.readouts.next_token import NextToken
    from qsac.families.transformer.readouts.state_fidelity import StateFidelity

PREDICTIONS, FIDELITY, TOKEN_FIDELITY = "predictions", "fidelity", "token_fidelity"
"""What readouts of circuits are called."""


def position_name(position: int) -> str:
    """The name of the circuit of a position, from 1."""
    return f"position-{position}"


def next_token_steps(model: Model, readout: NextToken) -> list[CircuitStep]:
    """One circuit for each position: the word after it is what the register ``word`` is measured as."""
    return [
        CircuitStep(
            position_name(position),
            partial(next_token_program, model, readout, position),
            (PREDICTIONS,),
            word_qubits(model),
        )
        for position in readout.positions
    ]


def next_token_program(model: Model, readout: NextToken, position: int) -> Program:
    """The program of the words after a position, from 1."""
    composition = Composition()
    words = Affine.linear(readout.vocabulary.conj())
    state = States(model, composition).state(len(model.layers), At((), position - 1), [words])
    out = composition.register("word", state.size)
    state.emit(out, ())
    length = float(state.lengths[0])
    if not length:
        _refuse(composition)
    given = _given(composition)
    read = composition.parts(out)
    for quantity in ("weights", "overlaps"):
        composition.ops.append(SaveProbabilities(read, quantity, origin="/readout"))
    composition.project(out, origin="/readout")
    asked = Readout(PREDICTIONS, given, (), read)
    normaliser = next_token_normaliser(model, position)
    return composition.program(model.name, [asked], length / normaliser if length and normaliser else 1.0)


def fidelity_step(model: Model, readout: StateFidelity) -> CircuitStep:
    """The one circuit of all positions."""
    build = partial(fidelity_program, model, readout)
    return CircuitStep(FIDELITY, build, (FIDELITY, TOKEN_FIDELITY), position_qubits(model))


def fidelity_program(model: Model, readout: StateFidelity) -> Program:
    """The program of the overlap of all positions' states with those that are wanted, the position in a register."""
    composition = Composition()
    query: Names = composition.register("query", position_qubits(model))
    if query:
        composition.ops.append(PrepareIndex(query[0], model.tokens, origin="/readout"))
    at = At((), query or 0, model.tokens)
    state = States(model, composition).state(len(model.layers), at, [Affine.linear(np.eye(model.dimension))])
    out = composition.register("value", state.size)
    state.emit(out, ())
    most = float(state.lengths.max())
    if most:
        composition.attenuate(query, state.lengths / most, origin="/readout")
    else:
        _refuse(composition)
    given = _given(composition)
    if query:
        composition.ops.append(SaveProbabilities(query, "weights", origin="/readout"))
    composition.load(out, query, "targets", readout.targets, inverse=True, origin="/readout")
    value = composition.parts(out)
    if query:
        composition.ops.append(SaveProbabilities(query, "overlaps", origin="/readout"))
        composition.ops.append(Project(query, "uniform", model.tokens, origin="/readout"))
    asked = (Readout(FIDELITY, given, (*value, *query)), Readout(TOKEN_FIDELITY, given, value))
    normaliser = fidelity_normaliser(model)
    return composition.program(model.name, asked, most / normaliser if most and normaliser else 1.0)


def _given(composition: Composition) -> Names:
    """All that has been projected so far."""
    return tuple(outcome for op in composition.ops for outcome in op.outcomes)


def _refuse(composition: Composition) -> None:
    """Accept nothing: the state is zero."""
    flag = composition.register("flag", 1)
    composition.load(flag, (), "ratios", np.array([[0.0, 1.0]]), origin="/readout")
    composition.project(flag, origin="/readout")

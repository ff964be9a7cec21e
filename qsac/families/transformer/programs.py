"""The attention programs of a transformer's readouts."""

from __future__ import annotations

from functools import partial

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.transformer.affine import Affine, outward
from qsac.families.transformer.closed_form import check_finite
from qsac.families.transformer.construction.composing import Composition, Names
from qsac.families.transformer.construction.planned import At, qubits
from qsac.families.transformer.construction.states import States
from qsac.families.transformer.lengths import Real, scale_of
from qsac.families.transformer.model import Model
from qsac.families.transformer.normalisers import fidelity_normaliser, next_token_normaliser
from qsac.families.transformer.plan_size import check_plan
from qsac.families.transformer.readouts.cross_entropy import NAME as PREDICTIONS
from qsac.families.transformer.readouts.cross_entropy import VERSION, cross_entropy
from qsac.families.transformer.readouts.next_token import NextToken, circuit_of
from qsac.families.transformer.readouts.state_fidelity import NAME as FIDELITY
from qsac.families.transformer.readouts.state_fidelity import StateFidelity
from qsac.ir.attention import PrepareIndex, Project
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities

_SMALLEST = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)
"""Lengths below have lost digits."""

TOKEN_FIDELITY = "token_fidelity"
"""The second readout of the circuit of all positions."""


def plan(model: Model) -> Plan:
    """A circuit for each position whose next word is asked for, and where targets are known a step that makes their
    cross entropy; or one circuit for all positions. Raises :class:`~qsac.errors.QsacError` for more than is built."""
    check_plan(model)
    readout = model.readout
    if isinstance(readout, StateFidelity):
        return Plan((fidelity_step(model, readout),))
    steps = next_token_steps(model, readout)
    if readout.targets is None:
        return Plan(tuple(steps))
    names = tuple(step.name for step in steps)
    written = ClassicalStep("cross-entropy", cross_entropy, VERSION, names, ("cross_entropy",), readout.options)
    return Plan((*steps, written))


def next_token_steps(model: Model, readout: NextToken) -> list[CircuitStep]:
    """One circuit for each position: the word after it is what the register ``word`` is measured as."""
    return [
        CircuitStep(
            circuit_of(position),
            partial(next_token_program, model, readout, position),
            (PREDICTIONS,),
            qubits(readout.words),
        )
        for position in readout.positions
    ]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def next_token_program(model: Model, readout: NextToken, position: int) -> Program:
    """The program of the words after a position, from 1. Raises :class:`~qsac.errors.InvalidInputError` where the
    model's numbers are beyond double precision."""
    composition = Composition()
    words = Affine.linear(word_signs(model, readout)[:, None] * readout.vocabulary.conj())
    state = States(model, composition).state(len(model.layers), At((), position - 1), [words])
    _check_scale(state.lengths)
    out = composition.register("word", state.size)
    state.emit(out, ())
    length = float(state.lengths[0])
    if not length:
        _accept_nothing(composition)
    given = _given(composition)
    read = composition.parts(out)
    for quantity in ("weights", "overlaps"):
        composition.ops.append(SaveProbabilities(read, quantity, origin="/readout"))
    composition.project(out, origin="/readout")
    asked = Readout(PREDICTIONS, given, (), read)
    return composition.program(model.name, [asked], _share(length, next_token_normaliser(model, position)))


def word_signs(model: Model, readout: NextToken) -> Real:
    """The signs (words,) that a circuit's amplitudes of the words have beside the model's.

    That of the first one is chosen so that words before the last matrix are a rotation and not a reflection, if they
    are square and real: it then takes fewer gates, and no probability depends on it.
    """
    matrix, words = outward(model.layers[-1]), readout.vocabulary.conj()
    product = words if matrix is None else words @ matrix
    signs = np.ones(len(words))
    if np.iscomplexobj(product) or product.shape[0] != product.shape[1]:
        return signs
    if np.linalg.slogdet(product / scale_of(np.abs(product).max()))[0] < 0:
        signs[0] = -1.0
    return signs


def fidelity_step(model: Model, readout: StateFidelity) -> CircuitStep:
    """The one circuit of all positions."""
    build = partial(fidelity_program, model, readout)
    return CircuitStep(FIDELITY, build, (FIDELITY, TOKEN_FIDELITY), model.index_qubits)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def fidelity_program(model: Model, readout: StateFidelity) -> Program:
    """The program of the overlap of all positions' states with those that are wanted, the position in a register.
    Raises :class:`~qsac.errors.InvalidInputError` where the model's numbers are beyond double precision."""
    composition = Composition()
    query: Names = composition.register("query", model.index_qubits)
    if query:
        composition.ops.append(PrepareIndex(query[0], model.tokens, origin="/readout"))
    at = At((), query or 0, model.tokens)
    state = States(model, composition).state(len(model.layers), at, [Affine.linear(np.eye(model.dimension))])
    _check_scale(state.lengths)
    out = composition.register("value", state.size)
    state.emit(out, ())
    most = float(state.lengths.max())
    if most:
        composition.attenuate(query, state.lengths / most, origin="/readout")
    else:
        _accept_nothing(composition)
    given = _given(composition)
    if query:
        composition.ops.append(SaveProbabilities(query, "weights", origin="/readout"))
    composition.load(out, query, "targets", readout.targets, inverse=True, origin="/readout")
    value = composition.parts(out)
    if query:
        composition.ops.append(SaveProbabilities(query, "overlaps", origin="/readout"))
        composition.ops.append(Project(query, "uniform", model.tokens, origin="/readout"))
    asked = (Readout(FIDELITY, given, (*value, *query)), Readout(TOKEN_FIDELITY, given, value))
    return composition.program(model.name, asked, _share(most, fidelity_normaliser(model)))


def _given(composition: Composition) -> Names:
    """All that has been projected so far."""
    return tuple(outcome for op in composition.ops for outcome in op.outcomes)


def _share(length: float, normaliser: float) -> float:
    """The program's subnormalisation over the model's; 1 where nothing is ever accepted."""
    _check_scale(np.array([normaliser]))
    return length / normaliser if length and normaliser else 1.0


def _check_scale(lengths: Real) -> None:
    """Refuse what is beyond double precision, at either end."""
    check_finite(lengths, "/transformer")
    largest = float(lengths.max())
    if 0 < largest < _SMALLEST:
        raise InvalidInputError(
            "the numbers of the model are too small to be computed with",
            code="model.out-of-scale",
            pointer="/transformer",
            found=f"states of length {largest:.2g}",
            wanted="tokens and matrices whose entries are about 1",
            help='"normalise" divides the tokens by their lengths',
        )


def _accept_nothing(composition: Composition) -> None:
    """For a state that is zero."""
    flag = composition.register("flag", 1)
    composition.load(flag, (), "ratios", np.array([[0.0, 1.0]]), origin="/readout")
    composition.project(flag, origin="/readout")

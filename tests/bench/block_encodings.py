"""Steps of block-encoded transformers (arXiv 2403.09418, 2402.16714) as circuits, on the models that qsac compiles.

No circuit of either paper is public. These are re-derived from what they say, with the loaders of
:mod:`tests.bench.hand_written`, in the cheapest way that is known here: what a user would build who follows the papers.
Qubits are numbered least significant first in each register.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import StatePreparation, UnitaryGate

from qsac.families.reading import load as load_model
from qsac.families.transformer.closed_form import shares
from qsac.families.transformer.model import Model
from qsac.families.transformer.programs import word_signs
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.families.transformer.readouts.state_fidelity import StateFidelity
from tests.bench.hand_written import Wanted, Written, multiplexed_load, uniform, written

Real = NDArray[np.float64]


class Qubits:
    """Registers one after the other."""

    def __init__(self) -> None:
        self.count = 0

    def take(self, size: int) -> list[int]:
        """A fresh register."""
        self.count += size
        return list(range(self.count - size, self.count))


def _rows(values: Real) -> Real:
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))


def _amplitudes(weights: list[float]) -> Real:
    return np.sqrt(np.array(weights) / sum(weights))


def _next_words(model: Model, normaliser: float, given: list[int], word: list[int]) -> tuple[Wanted, ...]:
    """What a circuit has to give whose words have the amplitudes <e_l|o> / ``normaliser``."""
    readout = model.readout
    assert isinstance(readout, NextToken)
    overlaps = readout.vocabulary @ model.outputs[readout.positions[0] - 1]
    zero, bits = tuple(given), tuple(word)
    parts = (np.abs(overlaps) / normaliser) ** 2
    words = [Wanted(f"word {value}", zero, bits, value, float(part)) for value, part in enumerate(parts)]
    return (Wanted("success", zero, (), 0, float(parts.sum())), *words)


# The masked scores as a matrix (2403.09418)


def dilated_scores(model: Model) -> Written:
    """All positions at once: sum_j |j> o_j from sum_i |i>|u_i> by a block encoding of the masked matrix of scores,
    which is computed classically, as U diag V* with a flag that is turned by the singular values. The residual is an
    LCU branch.

    One head, a linear kernel, no feed-forward. Whatever mixes tokens is in the matrix: the circuit computes no score.
    """
    (layer,) = model.layers
    (head,) = layer.heads
    readout = model.readout
    assert isinstance(readout, StateFidelity)
    inputs, count = model.inputs, model.tokens
    scores = (inputs @ head.query.T) @ (inputs @ head.key.T).T
    scores = np.tril(scores) * shares(layer, count)[:, None]
    left, values, right = np.linalg.svd(scores)
    alpha = float(values[0])
    moved = inputs @ (head.output @ head.value).T
    rho, sigma = layer.residual
    lengths = [float(np.linalg.norm(rows, axis=1).max()) for rows in (inputs, moved)]
    weights = [rho * lengths[0], sigma * alpha * lengths[1]]

    qubits = Qubits()
    index, data, branch, flag = (qubits.take(size) for size in (3, 2, 1, 1))
    circuit = QuantumCircuit(qubits.count, name="dilated scores")
    row = _amplitudes(weights)[None]
    multiplexed_load(circuit, row, [], branch, [], False)
    uniform(circuit, index, count)
    multiplexed_load(circuit, np.concatenate([_rows(inputs), _rows(moved)]), [*index, *branch], data, [], False)
    circuit.append(UnitaryGate(right).control(1, annotated=False), [*branch, *index])
    ratios = values / alpha
    turned = np.stack([ratios, np.sqrt(np.clip(1 - ratios**2, 0, None))], axis=1)
    multiplexed_load(circuit, turned, index, flag, branch, False)
    circuit.append(UnitaryGate(left).control(1, annotated=False), [*branch, *index])
    multiplexed_load(circuit, row, [], branch, [], True)
    multiplexed_load(circuit, readout.targets, index, data, [], True)
    uniform(circuit, index, count, inverse=True)

    (exact,) = readout.expected(model).values()
    success = float((np.abs(model.outputs) ** 2).sum()) / (count * sum(weights) ** 2)
    given = (*branch, *flag)
    token, fidelity = (exact.success[name] / exact.given * success for name in ("token_fidelity", "fidelity"))
    wanted = (
        Wanted("success", given, (), 0, success),
        Wanted("token_fidelity", (*given, *data), (), 0, token),
        Wanted("fidelity", (*given, *data, *index), (), 0, fidelity),
    )
    return Written(circuit, given, wanted, success)


# Scores by block encodings, powers by Hadamard products (2402.16714)


@dataclass(frozen=True)
class _Encoded:
    """One copy of the scores of a position: sum_i s_i |i> / sqrt(N) on ``index`` where the gate is 1, or / N where the
    row is encoded too."""

    index: list[int]
    data: list[int]
    row: list[int]


def encoded_scores(model: Model, *, row_is_known: bool) -> Written:
    """The words after the last position of one head with a polynomial kernel of degree 1 or more, all tokens seen.

    Keys are block-encoded: an index in the state of their lengths, keys un-loaded by it, 1/sqrt(N) for each copy. So
    are queries, which a register holds the position for, another 1/sqrt(N), unless ``row_is_known``. Powers of scores
    are Hadamard products of copies that have indices of their own, values a block encoding once more; the sum over
    powers and the residual are an LCU.
    """
    (layer,) = model.layers
    (head,) = layer.heads
    readout = model.readout
    assert isinstance(readout, NextToken)
    count, place = model.tokens, readout.positions[0] - 1
    size = (count - 1).bit_length()
    queries, keys = model.inputs @ head.query.T, model.inputs @ head.key.T
    values = model.inputs @ (readout.vocabulary @ head.output @ head.value).T
    own = readout.vocabulary @ model.inputs[place]
    lengths = [np.linalg.norm(rows, axis=1) for rows in (queries, keys, values)]
    if any(np.abs(one - one[0]).max() > 1e-9 for one in lengths):
        raise ValueError("queries, keys and values of one length each are meant here")
    score, length = float(lengths[0][0] * lengths[1][0]), float(lengths[2][0])
    loss = sqrt(count) * (1 if row_is_known else sqrt(count))
    rho, sigma = layer.residual
    scale = sigma * float(shares(layer, count)[place])
    # The first copy's index is the one that values are un-loaded by: 1/sqrt(N) there is every power's.
    weights = [rho * float(np.linalg.norm(own))]
    for power, c in enumerate(layer.kernel):
        lost = loss**power / (sqrt(count) if power else 1)
        weights.append(scale * count * c * score**power * length * lost)

    qubits = Qubits()
    word, terms = qubits.take(readout.words.bit_length() - 1), qubits.take(len(layer.kernel))
    copies = [
        _Encoded(
            qubits.take(size),
            qubits.take((queries.shape[1] - 1).bit_length()),
            qubits.take(0 if row_is_known else size),
        )
        for _ in layer.kernel[1:]
    ]
    circuit = QuantumCircuit(qubits.count, name="encoded scores")
    branch, degrees = terms[0], terms[1:]
    # Branch 0 is the residual; powers are counted in unary.
    row = np.zeros(1 << len(terms))
    row[[(1 << number) - 1 for number in range(len(terms) + 1)]] = _amplitudes(weights)
    circuit.append(StatePreparation(row), terms)
    for number, (copy, gate) in enumerate(zip(copies, degrees, strict=True)):
        _uniform_where(circuit, copy.index, [gate] if number else [branch])
        if row_is_known:
            multiplexed_load(circuit, _rows(queries[place : place + 1]), [], copy.data, [gate], False)
        else:
            for bit, qubit in enumerate(copy.row):
                if place >> bit & 1:
                    circuit.cx(gate, qubit)
            multiplexed_load(circuit, _rows(queries), copy.row, copy.data, [gate], False)
            _uniform_where(circuit, copy.row, [gate], inverse=True)
        multiplexed_load(circuit, _rows(keys), copy.index, copy.data, [gate], True)
        if number:
            for target, source in zip(copy.index, copies[0].index, strict=True):
                circuit.ccx(gate, source, target)
    first = copies[0].index
    table = np.concatenate([np.repeat(_rows(own[None]), count, axis=0), _rows(values)])
    multiplexed_load(circuit, table, [*first, branch], word, [], False)
    _uniform_where(circuit, first, [branch], inverse=True)
    circuit.append(StatePreparation(row).inverse(), terms)
    given = [qubit for qubit in range(qubits.count) if qubit not in word]
    wanted = _next_words(model, sum(weights), given, word)
    return Written(circuit, tuple(given), wanted, wanted[0].probability)


def _uniform_where(circuit: QuantumCircuit, register: list[int], when: list[int], *, inverse: bool = False) -> None:
    """The uniform state where all of ``when`` are 1."""
    row = np.array([[sqrt(0.5), sqrt(0.5)]])
    for qubit in register:
        multiplexed_load(circuit, row, [], [qubit], when, inverse)


def score_iterate(model: Model) -> QuantumCircuit:
    """One iterate of amplitude estimation of the score <q_j|k_i> of a model of one head, j and i in registers,
    controlled by a qubit of the estimate: both reflections are, the loads are not. It is counted; the oracle of 2^b - 1
    controlled iterates for b bits is not built."""
    (layer,) = model.layers
    (head,) = layer.heads
    size = (model.tokens - 1).bit_length()
    qubits = Qubits()
    position, key, data, estimate = (
        qubits.take(count) for count in (size, size, (len(head.query) - 1).bit_length(), 1)
    )
    circuit = QuantumCircuit(qubits.count, name="score iterate")
    steps = [(model.inputs @ head.key.T, key, False), (model.inputs @ head.query.T, position, True)]
    _reflect(circuit, data, estimate)
    for rows, index, inverse in reversed(steps):
        multiplexed_load(circuit, _rows(rows), index, data, [], not inverse)
    _reflect(circuit, data, estimate)
    for rows, index, inverse in steps:
        multiplexed_load(circuit, _rows(rows), index, data, [], inverse)
    return circuit


# Feed-forwards by quantum singular value transformation of diag(psi)


@dataclass(frozen=True)
class _State:
    """The circuit of the state psi that the feed-forward of a model is made of, the qubits of psi's entry, by what
    factor psi is W_in a, and the signs of psi's entries beside those of W_in a."""

    made: Written
    word: list[int]
    scale: float
    signs: Real


def _attention(model: Model) -> _State:
    bare = deepcopy(model.canonical)
    inward = np.array(bare["transformer"]["layers"][0].pop("feed_forward")["input"])
    readout = model.readout
    assert isinstance(readout, NextToken)
    state = load_model(bare)
    length = float(np.linalg.norm(inward @ state.outputs[readout.positions[0] - 1]))
    bare["readout"]["vocabulary"] = inward.tolist()
    state = load_model(bare)
    assert isinstance(state.readout, NextToken)
    made = written(state)
    return _State(made, list(made.wanted[1].word), sqrt(made.success) / length, word_signs(state, state.readout))


def chebyshev(model: Model) -> tuple[Model, Written]:
    """T_3 of the entries of W_in a_J over its normaliser as a feed-forward, by QSVT: the model, and the circuit
    W R W* R W on all entries at once, W the circuit of psi and CNOTs, R the reflection on its ancillas.

    The index of the entry starts in the uniform state, which loses 1/sqrt(D).
    """
    state = _attention(model)
    made, word, scale = state.made, state.word, state.scale
    fields = deepcopy(model.canonical)
    fields["name"] = "chebyshev"
    fields["transformer"]["layers"][0]["feed_forward"]["coefficients"] = [0.0, -3 * scale, 0.0, 4 * scale**3]
    asked = load_model(fields)
    size, width = made.circuit.num_qubits, len(word)
    circuit = QuantumCircuit(size + width, name="T_3 by QSVT")
    entry, ancillas = list(range(size, size + width)), list(range(size))
    circuit.h(entry)
    forward = _diagonal(made.circuit, word, width)
    for number, step in enumerate((forward, forward.inverse(), forward)):
        if number:
            _reflect(circuit, ancillas, [])
        circuit.compose(step, [*ancillas, *entry], inplace=True)
    return asked, _finished(circuit, asked, ancillas, entry, sqrt(1 << width), state.signs)


def even_factor(model: Model) -> Written:
    """(x + x^3)/2 of the entries of W_in a_J, normaliser 1: (3 + T_2)/4 by QSVT of diag(psi) on the state psi itself,
    of which it multiplies every amplitude by (1 + x^2)/2. No phases and no loss: W* R W is T_2, and LCU of it and 1."""
    state = _attention(model)
    made, word, scale = state.made, state.word, state.scale
    (layer,) = model.layers
    coefficients = np.array(getattr(layer.feed_forward, "coefficients"))  # noqa: B009
    # c_1 x + c_3 x^3 is y (a + b y^2) of the amplitude y = scale x, and y^2 = (1 + T_2(y))/2.
    first, third = coefficients[1] / scale, coefficients[3] / scale**3
    weights = [float(first + third / 2), float(third / 2)]
    size, width = made.circuit.num_qubits, len(word)
    ancillas, branch = list(range(size, 2 * size)), 2 * size
    circuit = QuantumCircuit(2 * size + 1, name="(3 + T_2)/4 by QSVT")
    circuit.compose(made.circuit, list(range(size)), inplace=True)
    row = _amplitudes(weights)[None]
    multiplexed_load(circuit, row, [], [branch], [], False)
    step = _diagonal(made.circuit, word, width)
    circuit.compose(step, [*ancillas, *word], inplace=True)
    _reflect(circuit, ancillas, [branch])
    circuit.compose(step.inverse(), [*ancillas, *word], inplace=True)
    multiplexed_load(circuit, row, [], [branch], [], True)
    rest = [qubit for qubit in range(size) if qubit not in word]
    return _finished(circuit, model, [*rest, *ancillas, branch], word, sum(weights), state.signs)


def _diagonal(psi: QuantumCircuit, word: list[int], width: int) -> QuantumCircuit:
    """A block encoding of diag(psi): psi on ancillas, their entry taken out of it by CNOTs."""
    size = psi.num_qubits
    circuit = QuantumCircuit(size + width)
    circuit.compose(psi, list(range(size)), inplace=True)
    for source, target in zip(range(size, size + width), word, strict=True):
        circuit.cx(source, target)
    return circuit


def _reflect(circuit: QuantumCircuit, register: list[int], when: list[int]) -> None:
    """2|0><0| - 1 on a register where all of ``when`` are 1, up to a sign of all of it."""
    circuit.x(register)
    *controls, target = register
    circuit.h(target)
    circuit.mcx([*when, *controls], target)
    circuit.h(target)
    circuit.x(register)
    if when:
        # The sign is not one of all of it here.
        circuit.z(when)


def _finished(
    circuit: QuantumCircuit, model: Model, given: list[int], entry: list[int], normaliser: float, signs: Real
) -> Written:
    """The words, by the unitary E* W_out on the entries, which have these signs beside the model's: what was done to
    them is odd."""
    (layer,) = model.layers
    readout = model.readout
    assert isinstance(readout, NextToken)
    output = np.array(getattr(layer.feed_forward, "output"))  # noqa: B009
    circuit.append(UnitaryGate(readout.vocabulary @ (output * signs)), entry)
    wanted = _next_words(model, normaliser, given, entry)
    return Written(circuit, tuple(given), wanted, wanted[0].probability)

"""The loss of one sequence and its gradient in PennyLane: `python pennylane_loss.py CASE.npz` prints one line of JSON.

It runs in an environment of its own, which has PennyLane and not qsac. What a case holds: `tokens` (T+1, d), complex,
T and d powers of two; `value` and `score`, angles (layers, n, 3) of RX, RY, RZ, each layer followed by a ring of CX;
`degree` k of the kernel s^k; `repeats`.

The circuit is kinder than the published one: what is not trained costs next to nothing. The state of index, keys and
loaded tokens is one StatePrep, each inverse load one unitary given as a matrix. The loss is loss_a = -ln(N / D), N and
D the probabilities that value, scores and key, or scores and key, are all zero.
"""

import json
import sys
import time

import numpy as np
import pennylane as qml
from pennylane import numpy as pnp


def main() -> None:
    case = np.load(sys.argv[1], allow_pickle=False)
    tokens, degree, repeats = case["tokens"], int(case["degree"]), int(case["repeats"])
    context, dimension = len(tokens) - 1, tokens.shape[1]
    index, data = context.bit_length() - 1, dimension.bit_length() - 1
    query, key = list(range(index)), list(range(index, 2 * index))
    copies = [list(range(2 * index + c * data, 2 * index + (c + 1) * data)) for c in range(degree + 1)]
    start = loaded(tokens[:-1], degree)
    undo_score, undo_value = inverse_loads(tokens[:-1]), inverse_loads(tokens[1:])
    wires = 2 * index + (degree + 1) * data
    scored = [wire for copy in copies[1:] for wire in copy] + key
    device = qml.device("lightning.qubit", wires=wires)

    @qml.qnode(device, diff_method="adjoint")
    def probabilities(value, score):
        qml.StatePrep(start, wires=range(wires))
        ansatz(value, copies[0])
        for copy in copies[1:]:
            ansatz(score, copy)
            qml.QubitUnitary(undo_score, wires=query + copy)
        qml.QubitUnitary(undo_value, wires=query + copies[0])
        for wire in key:
            qml.Hadamard(wire)
        return qml.expval(zeros(scored + copies[0])), qml.expval(zeros(scored))

    def loss(value, score):
        success, given = probabilities(value, score)
        return -pnp.log(success / given)

    value, score = (pnp.array(case[name], requires_grad=True) for name in ("value", "score"))
    gradient = qml.grad(loss)
    found, processor, wall = [], [], []
    for _ in range(repeats + 1):
        before = time.process_time(), time.perf_counter()
        parts = gradient(value, score)
        found = [gradient.forward, *parts]
        processor.append(time.process_time() - before[0])
        wall.append(time.perf_counter() - before[1])
    print(
        json.dumps(
            {
                "version": qml.version(),
                "wires": wires,
                "loss": float(found[0]),
                "gradient": [np.asarray(part).tolist() for part in found[1:]],
                "processor": sorted(processor[1:])[repeats // 2],
                "wall": sorted(wall[1:])[repeats // 2],
            }
        )
    )


def loaded(inputs, degree):
    """The sum over i <= j of |j>|i>|x_i>..|x_i>, degree + 1 times x_i, of length 1."""
    context = len(inputs)
    copies = inputs
    for _ in range(degree):
        copies = np.einsum("ta,tb->tab", copies, inputs).reshape(context, -1)
    state = np.einsum("ji,ia->jia", np.tri(context), copies).reshape(-1)
    return state / np.linalg.norm(state)


def inverse_loads(rows):
    """For each value j of the index the inverse of a unitary that prepares row j, as one block-diagonal matrix."""
    context, dimension = rows.shape
    matrix = np.zeros((context * dimension, context * dimension), dtype=complex)
    for place, row in enumerate(rows):
        unitary, _ = np.linalg.qr(np.column_stack([row, np.eye(dimension)]))
        unitary[:, 0] = row
        block = slice(place * dimension, (place + 1) * dimension)
        matrix[block, block] = unitary.conj().T
    return matrix


def ansatz(angles, wires):
    for layer in angles:
        for wire, (x, y, z) in zip(wires, layer, strict=True):
            qml.RX(x, wires=wire)
            qml.RY(y, wires=wire)
            qml.RZ(z, wires=wire)
        if len(wires) == 2:
            qml.CNOT(wires=wires)
        elif len(wires) > 2:
            for place, wire in enumerate(wires):
                qml.CNOT(wires=[wire, wires[(place + 1) % len(wires)]])


def zeros(wires):
    """The projector on zero of some wires."""
    return qml.Projector([0] * len(wires), wires=wires)


if __name__ == "__main__":
    main()

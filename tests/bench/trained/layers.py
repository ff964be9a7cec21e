"""Times of circuits as layers: the loss of a batch with its gradient beside PennyLane's simulators, in one process.

n qubits: RY by the inputs, L layers of RY, RZ and a ring of CX, Z on each qubit, one weighted sum, a squared error. The
gradient is by the angles of the layers. PennyLane differentiates ``lightning.qubit`` by the adjoint method, one sample
after the other, and ``default.qubit`` by backpropagation, the batch at once (broadcasting): as it is, and compiled by
JAX.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.bench.table import table
from tests.bench.trained.runs import Plan

BATCH = 16
CASES = ((4, 2), (6, 3), (8, 4))


class Case(NamedTuple):
    """n, L, and the numbers of a batch."""

    qubits: int
    layers: int
    inputs: Any
    angles: Any
    weights: Any
    targets: Any


def case(qubits: int, layers: int) -> Case:
    rng = np.random.default_rng([qubits, layers])
    return Case(
        qubits,
        layers,
        rng.normal(np.pi / 2, 0.3, (BATCH, qubits)),
        rng.normal(0, 0.3, (layers, qubits, 2)),
        rng.normal(size=qubits),
        rng.normal(size=BATCH),
    )


def section(plan: Plan) -> str:
    lines = []
    for qubits, layers in CASES[: 1 if plan.quick else None]:
        plan.say(f"layers: n = {qubits}, L = {layers}")
        given = case(qubits, layers)
        ours, gradient = _ours(given, np.float32)
        others = [_lightning(given), _default(given), _compiled(given)]
        deviation = max(float(np.abs(found - gradient).max()) for _, found in others)
        ratios = [seconds / ours for seconds, _ in others]
        shown = [
            f"{1e3 * seconds:.3g} ({ratio:,.{int(ratio < 10)}f})"
            for (seconds, _), ratio in zip(others, ratios, strict=True)
        ]
        lines.append([f"n = {qubits}, L = {layers}", f"{1e3 * ours:.3g}", *shown, f"{deviation:.0e}"])
    header = [
        f"batch of {BATCH}",
        "ours, single, ms",
        "lightning.qubit, adjoint, ms (ratio)",
        "default.qubit, broadcast, ms (ratio)",
        "default.qubit, compiled by JAX, ms (ratio)",
        "deviation",
    ]
    return table(header, lines)


def _timed(action: Callable[[], Any], least: float = 0.5) -> float:
    """Processor seconds of one call: the least mean of six rounds."""
    action()
    best = float("inf")
    for _ in range(6):
        calls, start = 0, time.process_time()
        while calls < 2 or time.process_time() - start < least / 6:
            action()
            calls += 1
        best = min(best, (time.process_time() - start) / calls)
    return best


def _ours(given: Case, kind: Any) -> tuple[float, Any]:
    import jax
    import jax.numpy as jnp

    import qsac

    apply, _ = qsac.jax.layer(
        {
            "type": "circuit",
            "qubits": given.qubits,
            "blocks": [
                {"type": "angle"},
                {"type": "hardware-efficient", "layers": given.layers, "rotations": ["ry", "rz"]},
            ],
            "measure": {"type": "pauli", "each": "Z"},
        }
    )

    def loss(angles: Any, inputs: Any, weights: Any, targets: Any) -> Any:
        found = apply({"blocks.1.parameters": angles}, inputs) @ weights
        return jnp.mean((found - targets) ** 2)

    function = jax.jit(jax.value_and_grad(loss))
    numbers = [jnp.asarray(array, kind) for array in (given.angles, given.inputs, given.weights, given.targets)]
    seconds = _timed(lambda: jax.block_until_ready(function(*numbers)))
    return seconds, np.asarray(function(*numbers)[1])


def _ansatz(angles: Any, layers: int, qubits: int) -> None:
    import pennylane as qml

    for layer in range(layers):
        for qubit in range(qubits):
            qml.RY(angles[layer, qubit, 0], wires=qubit)
            qml.RZ(angles[layer, qubit, 1], wires=qubit)
        for qubit in range(qubits):
            qml.CNOT(wires=[qubit, (qubit + 1) % qubits])


def _node(given: Case, name: str, method: str, interface: str) -> Any:
    import pennylane as qml

    @qml.qnode(qml.device(name, wires=given.qubits), diff_method=method, interface=interface)
    def circuit(angles: Any, inputs: Any) -> Any:
        for qubit in range(given.qubits):
            qml.RY(inputs[..., qubit], wires=qubit)
        _ansatz(angles, given.layers, given.qubits)
        return [qml.expval(qml.Z(qubit)) for qubit in range(given.qubits)]

    return circuit


def _lightning(given: Case) -> tuple[float, Any]:
    import pennylane as qml
    from pennylane import numpy as pnp

    circuit = _node(given, "lightning.qubit", "adjoint", "autograd")
    inputs = pnp.array(given.inputs, requires_grad=False)

    def loss(angles: Any) -> Any:
        found = pnp.stack([pnp.stack(circuit(angles, row)) @ given.weights for row in inputs])
        return pnp.mean((found - given.targets) ** 2)

    return _of_autograd(qml.grad(loss), given)


def _default(given: Case) -> tuple[float, Any]:
    import pennylane as qml
    from pennylane import numpy as pnp

    circuit = _node(given, "default.qubit", "backprop", "autograd")
    inputs = pnp.array(given.inputs, requires_grad=False)

    def loss(angles: Any) -> Any:
        found = given.weights @ pnp.stack(circuit(angles, inputs))
        return pnp.mean((found - given.targets) ** 2)

    return _of_autograd(qml.grad(loss), given)


def _of_autograd(gradient: Any, given: Case) -> tuple[float, Any]:
    from pennylane import numpy as pnp

    angles = pnp.array(given.angles, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _timed(lambda: gradient(angles)), np.asarray(gradient(angles))


def _compiled(given: Case) -> tuple[float, Any]:
    import jax
    import jax.numpy as jnp

    circuit = _node(given, "default.qubit", "backprop", "jax")

    def loss(angles: Any, inputs: Any) -> Any:
        found = jnp.asarray(given.weights, angles.dtype) @ jnp.stack(circuit(angles, inputs))
        return jnp.mean((found - jnp.asarray(given.targets, angles.dtype)) ** 2)

    function = jax.jit(jax.value_and_grad(loss))
    angles, inputs = jnp.asarray(given.angles, jnp.float32), jnp.asarray(given.inputs, jnp.float32)
    return _timed(lambda: jax.block_until_ready(function(angles, inputs))), np.asarray(function(angles, inputs)[1])

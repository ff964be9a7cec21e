"""``qsac.torch.QuantumLayer``. `make test-frameworks`."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from tests.families.steps.models import named

pytestmark = pytest.mark.frameworks

CIRCUIT: dict[str, Any] = {
    "type": "circuit",
    "qubits": 2,
    "blocks": [{"type": "angle"}, {"type": "hardware-efficient", "rotations": ["ry", "rz"]}],
    "measure": {"type": "pauli", "each": "Z"},
}


@pytest.fixture(name="torch")
def _torch() -> Any:
    return import_module("torch")


def test_outputs_are_those_of_the_vectors(torch: Any) -> None:
    fields, expected = named("hybrid-classifier")
    layer = qsac.torch.QuantumLayer(fields, dtype=torch.float64)
    found = layer(torch.tensor([one["input"] for one in expected], dtype=torch.float64)).detach().numpy()
    assert found == pytest.approx(np.array([one["output"] for one in expected]), abs=1e-10)
    assert layer.success.tolist() == pytest.approx([1.0] * len(expected))


@pytest.mark.parametrize("gradient", ["exact", "parameter-shift"])
def test_gradients_are_the_differences(gradient: Any, torch: Any) -> None:
    layer = qsac.torch.QuantumLayer(CIRCUIT, gradient=gradient, dtype=torch.float64)
    inputs = torch.tensor([[0.3, -0.7], [1.1, 0.2]], dtype=torch.float64, requires_grad=True)
    (weight,) = layer.parameters()
    assert torch.autograd.gradcheck(lambda rows, _: layer(rows), (inputs, weight))
    (slope,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(slope.sum(), inputs)


def test_it_learns_among_other_modules_and_becomes_a_model(tmp_path: Path, torch: Any) -> None:
    torch.manual_seed(0)
    layer = qsac.torch.QuantumLayer(CIRCUIT)
    assert sorted(layer.state_dict()) == ["blocks.1.parameters"]
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), layer, torch.nn.Linear(2, 1))
    rows = torch.randn(40, 3)
    targets = torch.tanh(rows[:, :1])
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = ((network(rows) - targets) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    model = layer.to_model(name="trained")
    again = qsac.torch.from_model(model)
    assert torch.allclose(again(rows[:, :2]), layer(rows[:, :2]), atol=1e-6)
    other = qsac.torch.QuantumLayer(CIRCUIT, seed=5)
    other.load_model(model)
    assert torch.allclose(other(rows[:, :2]), layer(rows[:, :2]), atol=1e-6)


def test_shots(torch: Any) -> None:
    inputs = torch.tensor([[0.3, -0.7]], dtype=torch.float64)
    exact = qsac.torch.QuantumLayer(CIRCUIT, dtype=torch.float64)
    counted = qsac.torch.QuantumLayer(CIRCUIT, shots=20_000, dtype=torch.float64)
    assert torch.allclose(counted(inputs), exact(inputs), atol=0.04)
    assert not torch.equal(counted(inputs), counted(inputs)), "each call has shots of its own"
    counted(inputs).sum().backward()
    exact(inputs).sum().backward()
    (one,), (other,) = counted.parameters(), exact.parameters()
    assert torch.allclose(one.grad, other.grad, atol=0.06)
    spsa = qsac.torch.QuantumLayer(CIRCUIT, gradient="spsa", dtype=torch.float64)
    (parameter,) = spsa.parameters()
    mean = torch.zeros_like(parameter)
    for _ in range(300):
        parameter.grad = None
        spsa(inputs).sum().backward()
        mean += parameter.grad / 300
    assert torch.allclose(mean, other.grad, atol=0.25)


def test_a_target_and_its_noise(torch: Any) -> None:
    inputs = torch.tensor([[0.3, -0.7], [1.1, 0.2]], dtype=torch.float64)
    exact, compiled, noisy, again = (
        qsac.torch.QuantumLayer(CIRCUIT, dtype=torch.float64, **options)
        for options in (
            {},
            {"backend": "h2"},
            {"backend": "h1", "shots": 2000, "noise": True},
            {"backend": "h1", "shots": 2000, "noise": True},
        )
    )
    outputs, slopes = [], []
    for layer in (exact, compiled, noisy, again):
        rows = inputs.clone().requires_grad_()
        found = layer(rows)
        found.sum().backward()
        (weight,) = layer.parameters()
        outputs.append(found.detach())
        slopes.append(torch.cat([rows.grad.reshape(-1), weight.grad.reshape(-1)]))
    assert torch.allclose(outputs[1], outputs[0], atol=1e-10)
    assert torch.allclose(slopes[1], slopes[0], atol=1e-9)
    # five standard errors, of sums of four numbers of two bindings each
    assert torch.allclose(outputs[2], outputs[0], atol=0.12)
    assert torch.allclose(slopes[2], slopes[0], atol=0.25)
    assert not torch.equal(outputs[2], outputs[0])
    assert torch.equal(outputs[3], outputs[2])
    assert torch.equal(slopes[3], slopes[2])
    matrix = (np.eye(4)[[0, 3, 1, 2], :, None] * [1, 0]).tolist()
    blocks = [{"type": "angle"}, {"type": "gates", "gates": [["unitary", [0, 1], matrix]]}]
    unfolded = qsac.torch.QuantumLayer({**CIRCUIT, "blocks": blocks}, backend="h1")
    with pytest.raises(InvalidInputError, match="no fixed gates"):
        unfolded(torch.zeros(1, 2))


def test_numbers_go_to_files_and_back(tmp_path: Path, torch: Any) -> None:
    fields, _ = named("hybrid-classifier")
    layer = qsac.torch.QuantumLayer(fields, dtype=torch.float64)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.1
    rows = torch.randn(5, _width(fields), dtype=torch.float64)
    wanted = layer(rows)
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    other = qsac.torch.QuantumLayer(fields, dtype=torch.float64)
    assert not torch.allclose(other(rows), wanted)
    other.load_state_dict(torch.load(tmp_path / "layer.pt", weights_only=True))
    assert torch.equal(other(rows), wanted)
    model = layer.to_model(rows[0], "kept")
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(model.canonical))
    assert torch.allclose(qsac.torch.from_model(path, dtype=torch.float64)(rows), wanted, atol=1e-12)
    (found,) = qsac.run(path, inputs=[rows[0].tolist()]).values["outputs"]
    assert found == pytest.approx(wanted[0].tolist(), abs=1e-10)
    assert layer(rows.float()).dtype == torch.float32


def _width(fields: dict[str, Any]) -> int:
    return len(fields["steps"][0]["weight"][0])


def test_what_is_refused(torch: Any) -> None:
    for step, options in (
        ({"attention": {"type": "overlap"}}, {}),
        (CIRCUIT, {"backend": "h9"}),
        (CIRCUIT, {"noise": True}),
        (CIRCUIT, {"backend": "h2", "gradient": "exact"}),
        (CIRCUIT, {"gradient": "adjoint"}),
        (CIRCUIT, {"shots": 10, "gradient": "exact"}),
    ):
        with pytest.raises(InvalidInputError):
            qsac.torch.QuantumLayer(step, **options)

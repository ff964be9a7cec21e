"""``qsac.torch``: models as modules. `make test-frameworks`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import qsac
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from tests.families.qsa import learners
from tests.families.qsa.learners import states
from tests.frameworks.layers import EXAMPLES, SKETCH, overlaps, small

pytestmark = pytest.mark.frameworks


@pytest.fixture(name="torch")
def _torch() -> Any:
    return import_module("torch")


@pytest.mark.parametrize("name", sorted(learners.SKETCHES))
def test_predictions_are_those_of_jax_and_gradients_are_the_differences(name: str, torch: Any) -> None:
    own, sequence = learners.learner(name), learners.sequence(name)
    trained = own.initial(3)
    with jax.enable_x64(True):
        wanted = np.asarray(own.predictions(trained, sequence[None]))[0]
    names = list(trained)
    numbers = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in trained.values()]
    batch = torch.tensor(sequence)

    def predicted(*given: Any) -> Any:
        return own.predictions_in_torch(dict(zip(names, given, strict=True)), batch)

    found = predicted(*numbers).detach().resolve_conj().numpy()
    assert found.dtype == wanted.dtype
    assert found == pytest.approx(wanted, abs=1e-9)
    assert torch.autograd.gradcheck(predicted, tuple(numbers))


@pytest.mark.parametrize("real", [True, False])
def test_a_layer_predicts_what_its_model_does(real: bool, torch: Any) -> None:
    model = load(small(real))
    layer = qsac.torch.AttentionLayer(model, dtype=torch.float64)
    tokens = states(3, 5, 4, real=real)
    predicted = layer(torch.tensor(tokens[:-1])).detach().resolve_conj().numpy()
    metrics = closed_form(model)
    assert overlaps(model, predicted) == pytest.approx(np.abs(metrics.overlaps) / metrics.norms, abs=1e-12)
    several = layer(torch.tensor(np.stack([[tokens[:-1]] * 2] * 3))).detach().resolve_conj().numpy()
    assert several.shape == (3, 2, 5, 4)
    assert several[2, 1] == pytest.approx(predicted, abs=1e-12)


def test_gradients_reach_the_tokens(torch: Any) -> None:
    layer = qsac.torch.AttentionLayer(SKETCH, dimension=3, dtype=torch.float64, normalise=True)
    tokens = torch.randn(4, 3, dtype=torch.complex128, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(layer, (tokens,))
    lengths = torch.linalg.vector_norm(layer(tokens), dim=-1)
    assert lengths[1:].detach().numpy() == pytest.approx(1, abs=1e-12)


def test_the_state_is_that_of_a_model_file(torch: Any, tmp_path: Path) -> None:
    layer = qsac.torch.AttentionLayer(SKETCH, dimension=4, dtype=torch.float64, seed=5)
    names = {"heads.0.value", "heads.0.score", "heads.0.kernel", "heads.1.value", "heads.1.score", "heads.1.weight"}
    assert set(layer.state_dict()) == names
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    other = qsac.torch.AttentionLayer(SKETCH, dimension=4, dtype=torch.float64, seed=6)
    tokens = states(1, 6, 4, real=False)
    wanted = layer(torch.tensor(tokens[:-1]))
    assert not torch.allclose(other(torch.tensor(tokens[:-1])), wanted)
    other.load_state_dict(torch.load(tmp_path / "layer.pt", weights_only=True))
    assert torch.equal(other(torch.tensor(tokens[:-1])), wanted)

    model = layer.to_model(torch.tensor(tokens), "exported")
    metrics = closed_form(model)
    found = overlaps(model, wanted.detach().resolve_conj().numpy())
    assert found == pytest.approx(np.abs(metrics.overlaps) / metrics.norms, abs=1e-10, nan_ok=True)
    for restored in (
        qsac.torch.AttentionLayer.from_model(model.canonical, dtype=torch.float64),
        qsac.torch.AttentionLayer(SKETCH, dimension=4, dtype=torch.float64),
    ):
        restored.load_model(model)
        assert torch.allclose(restored(torch.tensor(tokens[:-1])), wanted, atol=1e-10)
    with pytest.raises(qsac.InvalidInputError):
        layer.load_model(load(small()))


def test_a_layer_learns_within_a_network(torch: Any) -> None:
    torch.manual_seed(0)
    quadratic = {"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 2}}}
    attention = qsac.torch.AttentionLayer(quadratic, dimension=4, real=True)
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), attention, torch.nn.Linear(4, 3))
    turn = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])  # each row is the one before, turned
    first = torch.randn(8, 3)
    inputs = torch.stack([first @ torch.linalg.matrix_power(turn, step) for step in range(6)], 1)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = torch.mean((network(inputs[:, :-1]) - inputs[:, 1:]) ** 2)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    model = attention.to_model(network[0](inputs[0]).detach(), "trained")
    assert qsac.compile(model, "h2").circuits


def test_words_are_predicted_with_probabilities(torch: Any) -> None:
    own = learners.learner("words")
    sequence = learners.sequence("words")
    model = own.model(own.initial(0), sequence, "words")
    layer = qsac.torch.AttentionLayer(model)
    shares = layer(torch.tensor(np.stack([sequence, sequence[::-1]])))
    assert shares.shape == (2, len(sequence), len(learners.LABELS))
    assert shares.sum(-1).detach().numpy() == pytest.approx(1, abs=1e-5)
    assert layer.to_model(sequence).canonical["tokens"]["text"] == model.canonical["tokens"]["text"]


def test_precision_and_description(torch: Any) -> None:
    layer = qsac.torch.AttentionLayer(SKETCH, dimension=4)
    assert {parameter.dtype for parameter in layer.parameters()} == {torch.float32}
    assert layer(torch.randn(3, 4)).dtype == torch.complex64
    assert layer.double()(torch.randn(3, 4, dtype=torch.float64)).dtype == torch.complex128
    assert "real numbers of 2 heads" in repr(layer)
    with pytest.raises(qsac.InvalidInputError, match="no layers for PyTorch"):
        qsac.torch.AttentionLayer(EXAMPLES / "gpt-grammar.json")

"""State dicts of PyTorch's modules as models: what is read computes what the module does. `make test-frameworks`."""

from __future__ import annotations

from importlib import import_module
from math import sqrt
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.importing.collecting import collected
from qsac.importing.names import named_arrays, names_of
from qsac.importing.original import forward
from qsac.importing.weights import weights_of

pytestmark = pytest.mark.frameworks

SEQUENCE = [0, 3, 1, 4]
ALONE = {
    "like": "torch",
    "norms": "none",
    "arrays": {
        **{
            f"layers.{{l}}.{name}{bias}": {"array": f"in_proj_{kind}", "part": [place, 3]}
            for place, name in enumerate(("query", "key", "value"))
            for bias, kind in (("", "weight"), ("_bias", "bias"))
        },
        "layers.{l}.output": "out_proj.weight",
        "layers.{l}.output_bias": "out_proj.bias",
    },
}


@pytest.fixture(name="torch")
def _torch() -> Any:
    torch = import_module("torch")
    torch.manual_seed(1)
    return torch


def _outputs(state: Any, names: Any, heads: int, sequence: Any) -> Any:
    """Rows, and logits if there are any, of what was read from a state dict."""
    model = collected(named_arrays(weights_of(state), names_of(names)), heads)
    trace = forward(model, model.inputs(np.asarray(sequence)))
    return trace.outputs, trace.logits


def _gpt(torch: Any, words: int = 5, width: int = 4, heads: int = 2) -> Any:
    """One layer as nanoGPT and Hugging Face's GPT-2 have it, with their names."""
    nn = torch.nn

    class Conv1D(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, columns: int, rows: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(0.3 * torch.randn(rows, columns))
            self.bias = nn.Parameter(0.1 * torch.randn(columns))

        def forward(self, x: Any) -> Any:
            return x @ self.weight + self.bias

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attn = nn.ModuleDict({"c_attn": Conv1D(3 * width, width), "c_proj": Conv1D(width, width)})
            self.attn.register_buffer("bias", torch.tril(torch.ones(1, 1, 16, 16)))
            self.mlp = nn.ModuleDict({"c_fc": Conv1D(8, width), "c_proj": Conv1D(width, 8)})

        def forward(self, x: Any) -> Any:
            count, size = len(x), width // heads
            parts = self.attn["c_attn"](self.ln_1(x)).split(width, 1)
            query, key, value = (part.view(count, heads, size).transpose(0, 1) for part in parts)
            scores = (query @ key.transpose(1, 2) / sqrt(size)).masked_fill(
                self.attn.bias[0, 0, :count, :count] == 0, -torch.inf
            )
            x = x + self.attn["c_proj"]((scores.softmax(-1) @ value).transpose(0, 1).reshape(count, width))
            hidden = nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
            return x + self.mlp["c_proj"](hidden)

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            parts = {"wte": nn.Embedding(words, width), "wpe": nn.Embedding(16, width), "ln_f": nn.LayerNorm(width)}
            self.transformer = nn.ModuleDict({**parts, "h": nn.ModuleList([Block()])})
            self.lm_head = nn.Linear(width, words, bias=False)
            self.lm_head.weight = self.transformer["wte"].weight

        def forward(self, sequence: Any) -> Any:
            parts = self.transformer
            x = parts["wte"](sequence) + parts["wpe"](torch.arange(len(sequence)))
            return self.lm_head(parts["ln_f"](parts["h"][0](x)))

    return GPT()


@pytest.mark.parametrize("kind", ["float64", "float32", "bfloat16"])
def test_a_module_with_the_names_of_gpt2(kind: str, torch: Any) -> None:
    module = _gpt(torch).to(getattr(torch, kind))
    with torch.no_grad():
        wanted = module.double()(torch.tensor(SEQUENCE)).numpy()
    _, logits = _outputs(module.to(getattr(torch, kind)).state_dict(), "gpt2", 2, SEQUENCE)
    np.testing.assert_allclose(logits, wanted, atol=1e-6 if kind == "float32" else 1e-12)
    shares = np.exp(wanted - np.log(np.exp(wanted).sum(axis=1, keepdims=True)))
    entropy = -np.mean(np.log([shares[place, word] for place, word in enumerate(SEQUENCE[1:])]))
    found = qsac.from_arrays(module.state_dict(), heads=2, sequence=torch.tensor(SEQUENCE), positions="targets")
    assert found.distance.original_cross_entropy == pytest.approx(entropy, abs=1e-6)
    assert found.model.name == "imported"


@pytest.mark.parametrize("before", [False, True])
def test_an_encoder_of_two_layers(before: bool, torch: Any) -> None:
    layer = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, activation="relu", norm_first=before)
    module = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
        rows = torch.randn(5, 4, dtype=torch.float64)
        wanted = module(rows[None])[0].numpy()
    names = {"like": "torch", "norms": "before" if before else "after"}
    found, _ = _outputs(module.state_dict(), names, 2, rows)
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    imported = qsac.from_arrays(module.state_dict(), names=names, heads=2, sequence=rows)
    assert 0.3 < imported.distance.fidelity <= 1


def test_attention_alone_is_read_by_a_table_of_names(torch: Any) -> None:
    module = torch.nn.MultiheadAttention(4, 2, batch_first=True).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
        rows = torch.randn(5, 4, dtype=torch.float64)
        wanted = (rows + module(rows[None], rows[None], rows[None], need_weights=False)[0][0]).numpy()
    with pytest.raises(InvalidInputError, match="an array of the model is missing") as caught:
        qsac.from_arrays(module.state_dict(), names="torch", heads=2, sequence=rows)
    assert "attention alone" in str(caught.value.help)
    found, _ = _outputs(module.state_dict(), ALONE, 2, rows)
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert qsac.from_arrays(module.state_dict(), names=ALONE, heads=2, sequence=rows).distance.fidelity > 0.3

"""Small trained-looking models as arrays, with the names of GPT-2 and of PyTorch's encoder layers."""

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


def gpt2(
    *,
    layers: int = 1,
    width: int = 4,
    hidden: int = 8,
    words: int = 4,
    positions: int = 8,
    scale: float = 0.3,
    seed: int = 0,
) -> Arrays:
    """Weights as Hugging Face's GPT-2 saves them: Conv1D matrices (in, out), queries, keys and values side by side."""
    rng = np.random.default_rng([seed, layers, width, hidden])

    def normal(*shape: int, size: float = scale) -> np.ndarray[Any, Any]:
        return rng.normal(0, size, shape)

    arrays = {"wte.weight": normal(words, width, size=1.0), "wpe.weight": normal(positions, width, size=0.5)}
    for layer in range(layers):
        for name in ("ln_1", "ln_2"):
            arrays[f"h.{layer}.{name}.weight"] = 1 + normal(width, size=0.2)
            arrays[f"h.{layer}.{name}.bias"] = normal(width, size=0.2)
        for name, rows, columns in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, hidden),
            ("mlp.c_proj", hidden, width),
        ):
            arrays[f"h.{layer}.{name}.weight"] = normal(rows, columns)
            arrays[f"h.{layer}.{name}.bias"] = normal(columns, size=0.2)
    arrays["ln_f.weight"] = 1 + normal(width, size=0.2)
    arrays["ln_f.bias"] = normal(width, size=0.2)
    return arrays


def torch(*, layers: int | None = None, width: int = 4, hidden: int = 8, scale: float = 0.3, seed: int = 0) -> Arrays:
    """The state of nn.TransformerEncoder with so many layers, or, for None, of one nn.TransformerEncoderLayer."""
    rng = np.random.default_rng([seed, layers or 0, width, hidden])
    arrays: Arrays = {}
    for layer in range(layers or 1):
        prefix = "" if layers is None else f"layers.{layer}."
        for name, shape in (
            ("self_attn.in_proj_", (3 * width, width)),
            ("self_attn.out_proj.", (width, width)),
            ("linear1.", (hidden, width)),
            ("linear2.", (width, hidden)),
        ):
            arrays[f"{prefix}{name}weight"] = rng.normal(0, scale, shape)
            arrays[f"{prefix}{name}bias"] = rng.normal(0, 0.2, shape[0])
        for name in ("norm1", "norm2"):
            arrays[f"{prefix}{name}.weight"] = 1 + rng.normal(0, 0.2, width)
            arrays[f"{prefix}{name}.bias"] = rng.normal(0, 0.2, width)
    return arrays

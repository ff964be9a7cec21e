"""BERT (Devlin et al. 2018, arXiv:1810.04805) forward in NumPy: post-norm encoder layers, single precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats: TypeAlias = NDArray[np.float32]
Tensor: TypeAlias = Callable[[str, tuple[int | None, ...]], Floats]
"""Gives the tensor of a name, of a shape."""

_LIMITS = {
    "hidden_size": 2**12,
    "num_hidden_layers": 64,
    "num_attention_heads": 64,
    "intermediate_size": 2**12,
    "max_position_embeddings": 2**12,
    "vocab_size": 2**16,
}
"""Fields of config.json that say sizes, and the largest that are read."""


@dataclass(frozen=True)
class Affine:
    """x becomes matrix x + bias."""

    matrix: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        found: Floats = rows @ self.matrix.T + self.bias
        return found


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last axis."""

    scale: Floats
    bias: Floats
    epsilon: float

    def __call__(self, rows: Floats) -> Floats:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        found: Floats = centred / np.sqrt(variance + np.float32(self.epsilon)) * self.scale + self.bias
        return found


@dataclass(frozen=True)
class Layer:
    """One encoder layer."""

    query: Affine
    key: Affine
    value: Affine
    output: Affine
    attention_norm: Norm
    inner: Affine
    outer: Affine
    norm: Norm
    heads: int

    def __call__(self, rows: Floats) -> Floats:
        """(B, L, D) to (B, L, D)."""
        batch, length, width = rows.shape
        shape = (batch, length, self.heads, width // self.heads)
        query, key, value = (
            part(rows).reshape(shape).transpose(0, 2, 1, 3) for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // self.heads))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        rows = self.attention_norm(rows + self.output(mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)))
        inner = self.inner(rows)
        inner = inner * (1 + erf(inner / np.float32(np.sqrt(2)))) / 2
        return self.norm(rows + self.outer(inner.astype(np.float32)))


@dataclass(frozen=True)
class Bert:
    """The whole encoder. ``words``: (M, D); ``places``: (L, D), the position's vector with that of the only segment."""

    words: Floats
    places: Floats
    norm: Norm
    layers: tuple[Layer, ...]

    def __call__(self, tokens: NDArray[np.int64]) -> Floats:
        """The last hidden states, (B, L, D), of sequences of one length, (B, L)."""
        rows = self.norm(self.words[tokens] + self.places[: tokens.shape[1]])
        for layer in self.layers:
            rows = layer(rows)
        return rows


def unsuitable(config: Mapping[str, Any]) -> str | None:
    """What of a config.json is not a BERT that is known here; None for nothing."""
    for name, most in _LIMITS.items():
        value = config.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            return f"{name} is no whole number from 1 to {most:,}"
    for name, only in (("model_type", "bert"), ("hidden_act", "gelu")):
        if config.get(name) != only:
            return f"{name} is not {only}"
    epsilon = config.get("layer_norm_eps")
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        return "layer_norm_eps is no number above 0"
    if config["hidden_size"] % config["num_attention_heads"]:
        return "hidden_size is not divided by num_attention_heads"
    return None


def bert(config: Mapping[str, Any], tensor: Tensor) -> Bert:
    """The encoder of a config.json that is suitable, with the weights that ``tensor`` gives."""
    width, inner, epsilon = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]

    def affine(name: str, out: int, into: int) -> Affine:
        return Affine(tensor(f"{name}.weight", (out, into)), tensor(f"{name}.bias", (out,)))

    def norm(name: str) -> Norm:
        return Norm(tensor(f"{name}.weight", (width,)), tensor(f"{name}.bias", (width,)), epsilon)

    def layer(number: int) -> Layer:
        own = f"encoder.layer.{number}"
        return Layer(
            affine(f"{own}.attention.self.query", width, width),
            affine(f"{own}.attention.self.key", width, width),
            affine(f"{own}.attention.self.value", width, width),
            affine(f"{own}.attention.output.dense", width, width),
            norm(f"{own}.attention.output.LayerNorm"),
            affine(f"{own}.intermediate.dense", inner, width),
            affine(f"{own}.output.dense", width, inner),
            norm(f"{own}.output.LayerNorm"),
            config["num_attention_heads"],
        )

    segment = tensor("embeddings.token_type_embeddings.weight", (None, width))
    places = tensor("embeddings.position_embeddings.weight", (config["max_position_embeddings"], width))
    return Bert(
        tensor("embeddings.word_embeddings.weight", (config["vocab_size"], width)),
        places + segment[:1],
        norm("embeddings.LayerNorm"),
        tuple(layer(number) for number in range(config["num_hidden_layers"])),
    )

"""Train the two small GPT-2s of docs/examples: `python -m tests.bench.train_gpt2` writes them and prints figures.

Softmax attention, layer norms before each part, GELU, a tied head: what `qsac import` starts from. The task is a
second-order Markov source of four words; the arrays have the names and shapes that Hugging Face's GPT-2 has. One is
trained for its cross entropy alone, the other one to be imported: its loss has three parts more, which keep rows of one
length, and scores and the inputs of the GELU small.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from tests.bench.measure import ROOT

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Words: TypeAlias = NDArray[np.int64]
Arrays: TypeAlias = dict[str, Any]

WORDS, LENGTH, WIDTH, HEADS, HIDDEN = 4, 9, 4, 2, 8
SENTENCES, BATCH, STEPS, RATE = 512, 64, 2000, 0.02
EVEN = {"deviation": 10.0, "score": 0.1, "preactivation": 0.1}
"""Weights in the loss: of the variance of the logarithms of what layer norms divide by; of the mean squares of centred
scores, and of what the GELU is given."""


def source(seed: int = 0) -> NDArray[np.float64]:
    """P(next | last two), (4, 4, 4)."""
    return np.random.default_rng(seed).dirichlet(np.full(WORDS, 0.5), size=(WORDS, WORDS))


def sentences(count: int, seed: int) -> Words:
    """Sentences (count, LENGTH) of the source."""
    rng, table = np.random.default_rng(seed), source()
    rows = np.empty((count, LENGTH), dtype=np.int64)
    rows[:, :2] = rng.integers(WORDS, size=(count, 2))
    for place in range(2, LENGTH):
        chances = table[rows[:, place - 2], rows[:, place - 1]].cumsum(axis=1)
        rows[:, place] = (rng.random((count, 1)) < chances).argmax(axis=1)
    return rows


def initial(seed: int) -> Arrays:
    """Weights to begin with."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {
        "wte.weight": rng.normal(0, 0.5, (WORDS, WIDTH)),
        "wpe.weight": rng.normal(0, 0.2, (LENGTH - 1, WIDTH)),
        "ln_f.weight": np.ones(WIDTH),
        "ln_f.bias": np.zeros(WIDTH),
    }
    for name in ("ln_1", "ln_2"):
        arrays |= {f"h.0.{name}.weight": np.ones(WIDTH), f"h.0.{name}.bias": np.zeros(WIDTH)}
    shapes = {"attn.c_attn": (WIDTH, 3 * WIDTH), "attn.c_proj": (WIDTH, WIDTH)}
    shapes |= {"mlp.c_fc": (WIDTH, HIDDEN), "mlp.c_proj": (HIDDEN, WIDTH)}
    for name, shape in shapes.items():
        arrays |= {f"h.0.{name}.weight": rng.normal(0, 0.3, shape), f"h.0.{name}.bias": np.zeros(shape[1])}
    return arrays


def logits(arrays: Arrays, words: Any) -> tuple[Any, dict[str, Any]]:
    """(B, N, 4) of sentences (B, N), and what the parts of :data:`EVEN` are on them."""
    parts = dict.fromkeys(EVEN, jnp.zeros(()))

    def norm(rows: Any, name: str) -> Any:
        centred = rows - rows.mean(-1, keepdims=True)
        deviations = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        parts["deviation"] += jnp.log(deviations).var()
        scaled = centred / deviations
        return scaled * arrays[f"{name}.weight"] + arrays[f"{name}.bias"]

    def linear(rows: Any, name: str) -> Any:
        return rows @ arrays[f"h.0.{name}.weight"] + arrays[f"h.0.{name}.bias"]

    batch, count = words.shape
    rows = jnp.asarray(arrays["wte.weight"])[words] + arrays["wpe.weight"][:count]
    joint = linear(norm(rows, "h.0.ln_1"), "attn.c_attn").reshape(batch, count, 3, HEADS, WIDTH // HEADS)
    query, key, value = jnp.moveaxis(joint, 2, 0)
    scores = jnp.einsum("bjhe,bihe->bhji", query, key) / np.sqrt(WIDTH // HEADS)
    parts["score"] += ((scores - scores.mean(-1, keepdims=True)) ** 2).mean()
    scores = jnp.where(np.tril(np.ones((count, count), dtype=bool)), scores, -jnp.inf)
    mixed = jnp.einsum("bhji,bihf->bjhf", jax.nn.softmax(scores), value).reshape(batch, count, WIDTH)
    rows = rows + linear(mixed, "attn.c_proj")
    before = linear(norm(rows, "h.0.ln_2"), "mlp.c_fc")
    parts["preactivation"] += (before**2).mean()
    rows = rows + linear(jax.nn.gelu(before, approximate=True), "mlp.c_proj")
    return norm(rows, "ln_f") @ jnp.asarray(arrays["wte.weight"]).T, parts


def loss(arrays: Arrays, words: Any, *, even: bool = False) -> Any:
    """The cross entropy of the words after the first, in nats; with the parts of :data:`EVEN` if it is to be
    imported."""
    given, parts = logits(arrays, words[:, :-1])
    found = -jnp.take_along_axis(jax.nn.log_softmax(given), words[:, 1:, None], -1).mean()
    return found + sum(EVEN[name] * part for name, part in parts.items()) if even else found


def trained(seed: int, *, even: bool) -> Arrays:
    """Weights after Adam with a cosine decay."""

    @jax.jit
    def step(state: Any, words: Any, number: Any) -> Any:
        arrays, first, second = state
        slopes = jax.grad(partial(loss, even=even))(arrays, words)
        first = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, first, slopes)
        second = jax.tree.map(lambda old, new: 0.999 * old + 0.001 * new**2, second, slopes)
        rate = RATE * (1 + jnp.cos(jnp.pi * number / STEPS)) / 2

        def moved(value: Any, one: Any, two: Any) -> Any:
            ahead = jnp.sqrt(two / (1 - 0.999 ** (number + 1))) + 1e-8
            return value - rate * one / (1 - 0.9 ** (number + 1)) / ahead

        return jax.tree.map(moved, arrays, first, second), first, second

    words, rng = sentences(SENTENCES, 1), np.random.default_rng(seed)
    arrays = jax.tree.map(jnp.asarray, initial(seed))
    zeros = jax.tree.map(jnp.zeros_like, arrays)
    state = (arrays, zeros, zeros)
    for number in range(STEPS):
        state = step(state, words[rng.integers(len(words), size=BATCH)], number)
    return state[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "examples", metavar="FOLDER")
    folder = parser.parse_args().output
    for name, even in (("gpt2-markov", False), ("gpt2-markov-even", True)):
        found = trained(0, even=even)
        arrays = {part: np.asarray(values, dtype=np.float32) for part, values in found.items()}
        save_file(arrays, folder / f"{name}.safetensors")
        print(f"{name}: cross entropy {float(loss(arrays, sentences(512, 2))):.3f} nats on 512 other sentences")
    np.savetxt(folder / "markov.csv", sentences(20, 7)[:, :-1], fmt="%d", delimiter=",")


if __name__ == "__main__":
    main()

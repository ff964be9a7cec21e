"""Train the transformers of docs/examples: `python -m tests.bench.train_transformer` writes them and prints figures.

What is trained is the closed form of one layer (docs/transformer.md): words with learned positions, rows normalised,
heads with general matrices and a linear kernel, a residual, a polynomial feed-forward, next words by the Born rule. The
loss is the cross entropy less mu times the mean logarithm of the success probability: without the second part the
success of a model with a feed-forward falls below 1e-3. mu grows from 0, since a large one at the start ends in uniform
predictions, which nearly always succeed.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from tests.bench.measure import ROOT
from tests.bench.table import table

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Words = NDArray[np.int64]
"""Sentences (B, L): words by their number."""

Shares = NDArray[np.float64]
"""Probabilities (B, L - 1) of the words that follow in each sentence."""

BATCH = 64
RATE = 0.02
DECAY = (0.9, 0.999)
LONGEST = 1.0
"""Longer gradients are shortened to this: the logarithm of a probability near 0 has enormous ones."""

DIGITS = 8
"""Decimals of the model files. All figures are of the rounded numbers."""

FIGURES = 8
"""Predictions of a sentence that figures are of. One more is trained, so that the last learned position is of use too
when words are generated."""


# Tasks


@dataclass(frozen=True)
class Task:
    """What to learn, and the size of the model that learns it.

    ``training`` and ``test`` are sentences of :data:`FIGURES` + 2 words. ``source`` gives the probabilities of their
    words by what wrote them, which no model beats. ``coefficients`` are c_0, c_1, .. of the feed-forward. The weight of
    the success probability in the loss ends at ``mu``.
    """

    labels: tuple[str, ...]
    training: Words
    test: Words
    source: Callable[[Words], Shares]
    dimension: int
    hidden: int
    coefficients: tuple[float, ...]
    mu: float = 0.02


def copying() -> Task:
    """Four random letters of four, again and again. A quarter of the 256 sentences is seen in the test only."""
    letters = np.random.default_rng(0).permutation(np.array(list(product(range(4), repeat=4)), dtype=np.int64))
    sentences = np.tile(letters, 3)[:, : FIGURES + 2]

    def source(sentences: Words) -> Shares:
        return np.where(np.arange(1, sentences.shape[1]) < 4, 0.25, np.ones((len(sentences), 1)))

    return Task(("a", "b", "c", "d"), sentences[64:], sentences[:64], source, 8, 16, (0.0, 1.0, 0.0, 1.0))


SHE, THEY, OFTEN, SINGS, SING, AND = range(6)


def grammar() -> Task:
    """Clauses such as "they often often sing" with "and" between them: the verb agrees with the latest subject, and
    where the choice is free, each of two words comes as often as the other."""

    def following(sentence: Sequence[int]) -> tuple[int, ...]:
        if not sentence or sentence[-1] == AND:
            return SHE, THEY
        if sentence[-1] in (SINGS, SING):
            return (AND,)
        subject = next(word for word in reversed(sentence) if word in (SHE, THEY))
        return OFTEN, (SINGS if subject == SHE else SING)

    def sentence(random: np.random.Generator) -> list[int]:
        words: list[int] = []
        while len(words) < FIGURES + 2:
            words.append(int(random.choice(following(words))))
        return words

    def source(sentences: Words) -> Shares:
        return np.array(
            [[1 / len(following(row[:place])) for place in range(1, len(row))] for row in sentences.tolist()]
        )

    random = np.random.default_rng(0)
    sentences = np.array([sentence(random) for _ in range(2048)], dtype=np.int64)
    labels = ("she", "they", "often", "sings", "sing", "and")
    return Task(labels, sentences[1024:], sentences[:1024], source, 4, 4, (0.0, 0.5, 0.35))


TASKS: dict[str, Callable[[], Task]] = {"copy": copying, "grammar": grammar}


# The model


class Head(NamedTuple):
    """``query`` and ``key`` (e, d), ``value`` (f, d), ``output`` (d, f)."""

    query: jax.Array
    key: jax.Array
    value: jax.Array
    output: jax.Array


class Parameters(NamedTuple):
    """All that is trained: ``embedding`` and ``vocabulary`` (M, d), ``positions`` (N, d), ``residual`` (2,), the
    feed-forward's ``inward`` (D, d), ``bias`` (D,) and ``outward`` (d, D)."""

    embedding: jax.Array
    positions: jax.Array
    heads: tuple[Head, ...]
    residual: jax.Array
    inward: jax.Array
    bias: jax.Array
    outward: jax.Array
    vocabulary: jax.Array


def drawn(task: Task, seed: int) -> Parameters:
    """Parameters to start from: two heads of half the dimension."""
    random = np.random.default_rng(seed)
    d, D, M = task.dimension, task.hidden, len(task.labels)

    def matrix(rows: int, columns: int, scale: float = 1.0) -> jax.Array:
        return jnp.asarray(random.normal(size=(rows, columns)) * scale / np.sqrt(columns))

    heads = [Head(matrix(d // 2, d), matrix(d // 2, d), matrix(d // 2, d), matrix(d, d // 2)) for _ in range(2)]
    return Parameters(
        embedding=matrix(M, d, 0.5 * np.sqrt(d)),
        positions=matrix(FIGURES + 1, d, 0.5 * np.sqrt(d)),
        heads=tuple(heads),
        residual=jnp.array([0.5, 0.5]),
        inward=matrix(D, d, 0.5),
        bias=matrix(D, 1, 0.1)[:, 0],
        outward=matrix(d, D),
        vocabulary=matrix(M, d),
    )


def predictions(parameters: Parameters, sentences: jax.Array, coefficients: Sequence[float]) -> tuple[jax.Array, ...]:
    """The probabilities (B, L - 1) of the words that follow, and the success probabilities (B, L - 1) of the circuits
    that read them, one at each position."""
    seen = sentences[:, :-1]
    rows = parameters.embedding[seen] + parameters.positions[: seen.shape[1]]
    rows = rows / jnp.linalg.norm(rows, axis=-1, keepdims=True)
    length = seen.shape[1]
    mean = jnp.tril(jnp.ones((length, length))) / jnp.arange(1, length + 1)[:, None]
    rho, sigma = parameters.residual
    attended = rho * rows
    normaliser = jnp.linalg.norm(rho * rows @ parameters.inward.T + parameters.bias, axis=-1)
    for head in parameters.heads:
        query, key = rows @ head.query.T, rows @ head.key.T
        value = rows @ head.value.T @ head.output.T
        attended += sigma * jnp.einsum("bje,bie,ji,bif->bjf", query, key, mean, value)
        weights = jnp.linalg.norm(key, axis=-1) * jnp.linalg.norm(value @ parameters.inward.T, axis=-1)
        normaliser += jnp.abs(sigma) * jnp.linalg.norm(query, axis=-1) * (weights @ mean.T)
    hidden = attended @ parameters.inward.T + parameters.bias
    bent = sum(c * hidden**power for power, c in enumerate(coefficients) if c)
    largest = sum(abs(c) * normaliser**power for power, c in enumerate(coefficients) if c)
    readout = parameters.vocabulary @ parameters.outward
    weights = (bent @ readout.T) ** 2
    total = weights.sum(-1)
    following = jnp.take_along_axis(weights, sentences[:, 1:, None], -1)[..., 0] / total
    return following, total / (jnp.linalg.norm(readout, 2) * largest) ** 2


# Training

State: TypeAlias = tuple[Parameters, Parameters, Parameters]
"""Parameters, and the means of their gradients and of the gradients' squares."""


def trained(task: Task, seeds: int, steps: int) -> list[tuple[float, Parameters]]:
    """The loss over all training sentences, and the parameters, of each seed, trained side by side: Adam with a rate
    that falls as a cosine. The same each time on the same kind of machine; elsewhere sums are rounded in another order,
    and another seed may be the best one."""
    sentences = jnp.asarray(task.training)

    def loss(parameters: Parameters, batch: jax.Array, mu: jax.Array | float) -> jax.Array:
        following, success = predictions(parameters, batch, task.coefficients)
        return -jnp.log(following).mean() - mu * jnp.log(success).mean()

    def step(state: State, now: tuple[jax.Array, jax.Array]) -> tuple[State, None]:
        place, batch = now
        parameters, means, squares = state
        gradient = jax.grad(loss)(parameters, sentences[batch], task.mu * jnp.minimum(1.0, 4 * place / steps))
        length = jnp.sqrt(sum(jnp.vdot(part, part) for part in jax.tree.leaves(gradient)))
        gradient = jax.tree.map(lambda part: part * jnp.minimum(1.0, LONGEST / length), gradient)
        means = jax.tree.map(lambda old, new: DECAY[0] * old + (1 - DECAY[0]) * new, means, gradient)
        squares = jax.tree.map(lambda old, new: DECAY[1] * old + (1 - DECAY[1]) * new**2, squares, gradient)
        rate = RATE * (1 + jnp.cos(jnp.pi * place / steps)) / 2

        def moved(parameter: jax.Array, mean: jax.Array, square: jax.Array) -> jax.Array:
            first, second = (1 - decay ** (place + 1) for decay in DECAY)
            return parameter - rate * (mean / first) / (jnp.sqrt(square / second) + 1e-8)

        return (jax.tree.map(moved, parameters, means, squares), means, squares), None

    def trained_once(start: Parameters, batches: jax.Array) -> tuple[jax.Array, Parameters]:
        nothing = jax.tree.map(jnp.zeros_like, start)
        parameters = jax.lax.scan(step, (start, nothing, nothing), (jnp.arange(steps), batches))[0][0]
        return loss(parameters, sentences, task.mu), parameters

    starts = jax.tree.map(lambda *parts: jnp.stack(parts), *(drawn(task, seed) for seed in range(seeds)))
    batches = [np.random.default_rng(seed).integers(len(sentences), size=(steps, BATCH)) for seed in range(seeds)]
    losses, parameters = jax.jit(jax.vmap(trained_once))(starts, jnp.asarray(np.array(batches)))
    return [(float(losses[seed]), at(parameters, seed)) for seed in range(seeds)]


def at(parameters: Parameters, seed: int) -> Parameters:
    """One seed's parameters among those of all seeds."""
    one: Parameters = jax.tree.map(lambda part: part[seed], parameters)
    return one


def best(task: Task, seeds: int, steps: int) -> Parameters:
    """The parameters with the least training loss, rounded as the model file has them."""
    found = trained(task, seeds, steps)
    print("training losses, by seed: " + ", ".join(f"{loss:.3f}" for loss, _ in found))
    parameters: Parameters = jax.tree.map(lambda part: jnp.round(part, DIGITS), min(found, key=lambda one: one[0])[1])
    return parameters


# What it is worth


def counted(task: Task) -> tuple[Shares, Shares]:
    """The probabilities of the test sentences' words by how often each word, and each pair of words, is in the training
    sentences; each counted once more than it is there."""
    size = len(task.labels)
    pairs = np.ones((size, size))
    np.add.at(pairs, (task.training[:, :-1], task.training[:, 1:]), 1)
    single = pairs.sum(0) / pairs.sum()
    return single[task.test[:, 1:]], (pairs / pairs.sum(1, keepdims=True))[task.test[:, :-1], task.test[:, 1:]]


def figures(task: Task, parameters: Parameters) -> str:
    """Cross entropies on the test sentences, in nats: of all :data:`FIGURES` predictions, and from the fourth on."""
    following, success = (
        np.asarray(part) for part in predictions(parameters, jnp.asarray(task.test), task.coefficients)
    )
    unigram, bigram = counted(task)
    rows = []
    for name, shares in {
        "unigram": unigram,
        "bigram": bigram,
        "the model": following,
        "the source (optimum)": task.source(task.test),
    }.items():
        nats = -np.log(shares[:, :FIGURES])
        rows.append([name, f"{nats.mean():.4f}", f"{nats[:, 3:].mean():.4f}"])
    means = success[:, :FIGURES].mean(0)
    return "\n".join(
        [
            table(["test cross entropy", "all positions", "from the fourth on"], rows),
            f"{sum(values.size for values in jax.tree.leaves(parameters))} parameters",
            f"mean success probability {means.mean():.4f}; by position " + ", ".join(f"{value:.4f}" for value in means),
        ]
    )


# The model file


def model_file(name: str, task: Task, parameters: Parameters) -> dict[str, Any]:
    """The model file of a trained model, with the first of the test sentences that have the most different words."""

    def listed(values: jax.Array) -> Any:
        return np.round(np.asarray(values), DIGITS).tolist()

    shown = max(task.test[:, : FIGURES + 1].tolist(), key=lambda sentence: len(set(sentence)))
    heads = [{field: listed(matrix) for field, matrix in head._asdict().items()} for head in parameters.heads]
    return {
        "qsac": 1,
        "name": f"gpt-{name}",
        "tokens": {
            "type": "words",
            "embedding": listed(parameters.embedding),
            "sequence": shown,
            "labels": list(task.labels),
        },
        "transformer": {
            "position": {"type": "add", "values": listed(parameters.positions)},
            "normalise": True,
            "layers": [
                {
                    "attention": {
                        "mask": "causal",
                        "scale": "mean",
                        "kernel": {"type": "linear"},
                        "heads": heads,
                    },
                    "residual": listed(parameters.residual),
                    "feed_forward": {
                        "type": "polynomial",
                        "input": listed(parameters.inward),
                        "bias": listed(parameters.bias),
                        "coefficients": list(task.coefficients),
                        "output": listed(parameters.outward),
                    },
                }
            ],
        },
        "readout": {"type": "next-token", "vocabulary": listed(parameters.vocabulary), "positions": "targets"},
    }


def text(document: dict[str, Any]) -> str:
    """JSON with a row of numbers or labels in each line."""
    indented = json.dumps(document, indent=1)
    return re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda row: "[" + re.sub(r"\s*\n\s*", " ", row[1]) + "]", indented) + "\n"


def main() -> None:
    """Train, print the figures, write the files."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.train_transformer", description=__doc__)
    parser.add_argument("task", nargs="*", choices=[*TASKS, []], help="copy or grammar (default: both)")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=24, help="the best of so many seeds, by training loss, is taken")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "examples", help="the folder to write to")
    options = parser.parse_args()
    for name in options.task or TASKS:
        task = TASKS[name]()
        print(f"{name}: {len(task.training)} sentences to train with, {len(task.test)} to test with")
        parameters = best(task, options.seeds, options.steps)
        print(figures(task, parameters))
        file = options.output / f"gpt-{name}.json"
        file.write_text(text(model_file(name, task, parameters)), encoding="utf-8")
        print(f"wrote {file}")


if __name__ == "__main__":
    main()

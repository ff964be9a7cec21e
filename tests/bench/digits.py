"""Handwritten digits by layers with tomography, beside a classical twin: `python -m tests.bench.digits` writes a table.

The images are those that come with scikit-learn (`load_digits`: 1,797 of 8 x 8 pixels, of ten digits), which is in the
development lock: nothing is fetched. An image is four patches of 4 x 4 pixels; a learned linear map makes tokens of
dimension 7 of them, to which a learned position is added. A layer of the section `program` follows, or two: attention
divided by its row sums, residual, feed-forward network; then the mean of the rows, and a linear read-out. All numbers
are learned classically, on the closed form. The twin is the same network with the exponential in place of its
polynomial of degree 2, learned in the same way from the same initial numbers; so is the network without attention.
Then images that were not learned are run as programs, by as many shots as the precision of the tomography plans.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

import qsac
from qsac.errors import present
from qsac.families.contract import Model, Result
from qsac.families.reading import load
from qsac.numerics.seeds import seed_at
from tests.bench import measure
from tests.bench.table import table

Real: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Weights: TypeAlias = dict[str, Any]
Kernel: TypeAlias = Literal["taylor", "softmax", "none"]
"""Of the attention: its polynomial of degree 2, the exponential, or no attention."""

PAGE = measure.ROOT / "docs" / "programs" / "layers.md"
SIDE, WIDTH, HIDDEN = 4, 7, 16
"""Pixels of a patch's side; entries of a token, which with the row sum fill three qubits; neurons."""
TEMPERATURE, DEGREE = 1.0, 2
TRAINING, STEPS, RATE, DECAY = 1200, 600, 0.02, 1e-4
"""Images to learn from; steps of Adam on all of them, its first rate, and the weight of the numbers' mean square."""

LABELS: dict[Kernel, str] = {
    "softmax": "classical twin, softmax",
    "taylor": "layers, exact",
    "none": "without attention",
}


@dataclass(frozen=True)
class Images:
    """``patches`` (N, T, pixels), from 0 to 1, and ``labels`` (N,)."""

    patches: Real
    labels: Labels

    def part(self, rows: slice) -> Images:
        return Images(self.patches[rows], self.labels[rows])


@dataclass(frozen=True)
class Row:
    """A row of the table: the class that was found of each image, and of runs by shots how far the mean of the rows was
    off (root mean square), shots and seconds an image."""

    label: str
    found: Labels
    off: float | None = None
    shots: int | None = None
    seconds: float | None = None


def cut(images: Real) -> Real:
    """Patches of images (N, H, W): (N, H W / SIDE^2, SIDE^2), row by row."""
    count, height, width = images.shape
    blocks = images.reshape(count, height // SIDE, SIDE, width // SIDE, SIDE)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(count, -1, SIDE * SIDE)


def digits(classes: int, seed: int = 0) -> tuple[Images, Images]:
    """The images of the first classes in a drawn order: those to learn from, and the others."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(bundle.target < classes))
    patches, labels = cut(bundle.images[chosen] / 16), bundle.target[chosen].astype(np.int64)
    every = Images(patches, labels)
    learned = TRAINING * len(labels) // len(bundle.target)
    return every.part(slice(learned)), every.part(slice(learned, None))


# The network


def initial(classes: int, layers: int, seed: int = 0) -> Weights:
    """Numbers to begin with. Scores and values are given by free matrices, of which :func:`orthogonal` is taken."""
    rng = np.random.default_rng(seed)

    def normal(scale: float, *shape: int) -> Real:
        return rng.normal(0, scale, shape)

    return {
        "patch": normal(0.3, WIDTH, SIDE * SIDE),
        "position": normal(0.5, (8 // SIDE) ** 2, WIDTH),
        "layers": [
            {
                "score": normal(0.3, WIDTH, WIDTH),
                "value": normal(0.3, WIDTH, WIDTH),
                "in": normal(WIDTH**-0.5, HIDDEN, WIDTH),
                "in_bias": np.zeros(HIDDEN),
                "out": normal(HIDDEN**-0.5, WIDTH, HIDDEN),
                "out_bias": np.zeros(WIDTH),
            }
            for _ in range(layers)
        ],
        "read": normal(0.5, classes, WIDTH),
        "read_bias": np.zeros(classes),
    }


def orthogonal(free: Any, xp: Any = np) -> Any:
    """The Cayley transform of a matrix less its transpose."""
    skew, one = free - free.T, xp.eye(len(free))
    return xp.linalg.solve(one - skew, one + skew)


def tokens(weights: Weights, patches: Any) -> Any:
    """Rows (N, T, d) of patches (N, T, pixels)."""
    return patches @ weights["patch"].T + weights["position"]


def head(weights: Weights, patches: Any, kernel: Kernel, xp: Any = np) -> Any:
    """The mean of the last layer's rows, (N, d), of patches (N, T, pixels); by NumPy or by JAX."""

    def directed(rows: Any) -> Any:
        return rows / xp.linalg.norm(rows, axis=-1, keepdims=True)

    rows = tokens(weights, patches)
    for layer in weights["layers"]:
        if kernel != "none":
            unit = directed(rows)
            scores = TEMPERATURE * (unit @ orthogonal(layer["score"], xp) @ xp.swapaxes(unit, -1, -2))
            shares = xp.exp(scores) if kernel == "softmax" else 1 + scores + scores**2 / 2
            shares = shares / shares.sum(axis=-1, keepdims=True)
            rows = rows + shares @ (unit @ orthogonal(layer["value"], xp).T)
        between = xp.maximum(directed(rows) @ layer["in"].T + layer["in_bias"], 0)
        rows = rows + between @ layer["out"].T + layer["out_bias"]
    return rows.mean(axis=-2)


def logits(weights: Weights, means: Any) -> Any:
    """The read-out of the means of rows."""
    return means @ weights["read"].T + weights["read_bias"]


def classes_of(weights: Weights, means: Real) -> Labels:
    return np.asarray(np.argmax(logits(weights, means), axis=-1), dtype=np.int64)


def learned(images: Images, weights: Weights, kernel: Kernel, steps: int = STEPS) -> Weights:
    """The weights after Adam with a cosine decay on the cross entropy of all images."""
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    optimiser = optax.adam(optax.cosine_decay_schedule(RATE, steps))

    def loss(found: Weights) -> Any:
        given = jax.nn.log_softmax(logits(found, head(found, images.patches, kernel, jnp)))
        squares = sum((values**2).sum() for values in jax.tree.leaves(found))
        return -given[np.arange(len(images.labels)), images.labels].mean() + DECAY * squares

    @jax.jit
    def step(found: Weights, state: Any) -> Any:
        slopes = jax.grad(loss)(found)
        changes, state = optimiser.update(slopes, state)
        return optax.apply_updates(found, changes), state

    found = jax.tree.map(jnp.asarray, weights)
    state = optimiser.init(found)
    for _ in range(steps):
        found, state = step(found, state)
    result: Weights = jax.tree.map(np.asarray, found)
    return result


# The program


def document(weights: Weights, rows: Real, precision: float) -> dict[str, Any]:
    """The model file of the layers on the tokens of one image."""
    layers = [
        {
            "attention": {
                "mask": "full",
                "kernel": {"type": "softmax-taylor", "degree": DEGREE, "temperature": TEMPERATURE},
                **{
                    name: {"type": "matrix", "entries": orthogonal(layer[name]).tolist()} for name in ("score", "value")
                },
            },
            "feed_forward": [
                {"weights": layer["in"].tolist(), "bias": layer["in_bias"].tolist(), "activation": "relu"},
                {"weights": layer["out"].tolist(), "bias": layer["out_bias"].tolist()},
            ],
        }
        for layer in weights["layers"]
    ]
    program = {"type": "layers", "layers": layers, "tomography": {"precision": precision}, "head": {"type": "mean"}}
    return {"qsac": 1, "name": "digit", "tokens": {"type": "inline", "values": rows.tolist()}, "program": program}


def shots_of(model: Model) -> int:
    """Those of each circuit that the precision of the model's tomography plans."""
    return present(model.readout.shots(model, model.expected, 0.1), "the number of shots")


def by_shots(weights: Weights, patches: Real, precision: float, seed: int = 0) -> Iterator[tuple[Result, int]]:
    """The result of each image as a program by shots, and the shots of all its circuits. One layer's circuits are
    bindings of one template; circuits of a second one are bound for what the shots of the first one say."""
    rows = tokens(weights, patches)
    shape = qsac.template(document(weights, rows[0], precision), "h2") if len(weights["layers"]) == 1 else None
    for place, row in enumerate(rows):
        chosen = seed_at(seed, place)
        if shape is None:
            model = load(document(weights, row, precision))
            count, number = shots_of(model), len(model.expected)
            yield qsac.run(model, shots=count, seed=chosen), count * number
        else:
            compiled = shape.bind(row, verify=place == 0)
            count = shots_of(compiled.model)
            yield qsac.run(compiled, "statevector", shots=count, seed=chosen), count * len(compiled.circuits)


# The table


def measured(weights: Weights, images: Images, precision: float) -> Row:
    """The row of a precision."""
    start = time.process_time()
    means, shots = [], 0
    for place, (result, taken) in enumerate(by_shots(weights, images.patches, precision)):
        means.append(result.values["head"])
        shots += taken
        if sys.stderr.isatty():
            print(f"\r{place + 1} of {len(images.labels)} images", end="", file=sys.stderr, flush=True)
    count = len(images.labels)
    off = np.array(means) - head(weights, images.patches, "taylor")
    return Row(
        f"layers by shots, to {precision:g}",
        classes_of(weights, np.array(means)),
        math.sqrt((off**2).mean()),
        round(shots / count),
        (time.process_time() - start) / count,
    )


def accuracy(found: Labels, labels: Labels) -> str:
    """With the standard error that comes from which images there are."""
    share = float((found == labels).mean())
    return f"{share:.3f} ± {math.sqrt(share * (1 - share) / len(labels)):.3f}"


def difference(found: Labels, other: Labels, labels: Labels) -> str:
    """Of the accuracies on the same images, with its standard error."""
    apart = (found == labels).astype(float) - (other == labels)
    return f"{apart.mean():+.3f} ± {apart.std(ddof=1) / math.sqrt(len(apart)):.3f}"


def cells(row: Row, twin: Row, labels: Labels) -> list[str]:
    """A line of the table. Runs by shots have fewer images than the rest: they are the first ones."""
    few = len(row.found)
    return [
        row.label,
        f"{few:,}",
        accuracy(row.found, labels[:few]),
        "" if row.label.startswith(twin.label) else difference(row.found, twin.found[:few], labels[:few]),
        "" if row.off is None else f"{row.off:.3f}",
        "" if row.shots is None else f"{row.shots:,}",
        "" if row.seconds is None else f"{row.seconds:.2g}",
    ]


def costs(weights: Weights, patches: Real) -> str:
    """What one image takes."""
    compiled = qsac.compile(document(weights, tokens(weights, patches[:1])[0], 0.05), "h2", verify=False)
    gates = [part["two_qubit_gates"] for part in compiled.parts_stats]
    qubits = max(part["qubits"] for part in compiled.parts_stats)
    accepted = np.mean([one.success_probability for one in compiled.model.expected.values()])
    several = f"{min(gates)} to {max(gates)}" if min(gates) < max(gates) else f"{gates[0]}"
    work = compiled.model.readout.closed_form(compiled.model).values["classical_multiply_adds"]
    return (
        f"An image is {len(gates)} circuits of {several} two-qubit gates on {qubits} qubits, "
        f"accepted with probability {accepted:.2f}; classically its layers are {work:,} multiply-adds."
    )


def section(classes: int, layers: int, count: int, precisions: Sequence[float], steps: int) -> str:
    """The table, and what one image costs."""
    train, test = digits(classes)
    start = initial(classes, layers)
    found = {kernel: learned(train, start, kernel, steps) for kernel in LABELS}
    exact = {
        kernel: Row(label, classes_of(found[kernel], head(found[kernel], test.patches, kernel)))
        for kernel, label in LABELS.items()
    }
    twin, few = exact["softmax"], test.part(slice(count))
    rows = list(exact.values())
    rows += [Row(f"{row.label}, first {count}", row.found[:count]) for row in (twin, exact["taylor"])]
    rows += [measured(found["taylor"], few, precision) for precision in precisions]
    header = ["model", "images", "accuracy", "less twin", "off by", "shots an image", "s an image"]
    lines = [cells(row, twin, test.labels) for row in rows]
    return f"{table(header, lines)}\n{costs(found['taylor'], few.patches)}"


def main() -> None:
    """Write the table into the page, or print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.digits", description=__doc__)
    parser.add_argument("--classes", type=int, default=10, choices=range(2, 11), help="the first digits, how many")
    parser.add_argument("--layers", type=int, default=1, choices=(1, 2))
    parser.add_argument("--images", type=int, default=300, help="how many are run by shots")
    parser.add_argument("--precision", type=float, nargs="+", default=[0.05, 0.1], help="of the tomography")
    parser.add_argument("--steps", type=int, default=STEPS, help="of learning")
    parser.add_argument("--print", action="store_true", help="print the table, and write nothing")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    options = parser.parse_args()
    from qsac.sweeps.threads import one_thread
    from tests.bench.training import replaced

    one_thread()
    start = time.process_time()
    found = section(options.classes, options.layers, options.images, options.precision, options.steps)
    date = os.environ.get("BENCH_DATE") or datetime.now(UTC).date().isoformat()
    machine = os.environ.get("BENCH_MACHINE") or measure.machine()
    versions = ", ".join(
        f"{name} {version}" for name, version in measure.versions(("qsac", "numpy", "jax", "scikit-learn")).items()
    )
    spent = (time.process_time() - start) / 60
    content = f"{date}; {machine}; {versions}; {spent:.1f} processor minutes.\n\n{found}\n"
    if options.print:
        print(content)
        return
    page = options.output.read_text(encoding="utf-8")
    options.output.write_text(replaced(page, f"digits-{options.layers}", content), encoding="utf-8")
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()

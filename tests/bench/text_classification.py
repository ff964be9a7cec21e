"""Classifiers of movie reviews on one set of vectors each: `python -m tests.bench.text_classification` prints a table.

The texts are corpus/movie-reviews.csv (`make reviews`), the encoders those whose packages are installed. Rows are
logistic regression and the classical twin on all that an encoder gives, then both and the hybrid classifier on 16
principal components. The hybrid's model file and the configuration that trains it are written beside the features
(--folder); its row is filled from models that were trained on them, one for each seed, or from predictions made
elsewhere:

    python -m tests.bench.text_classification --encoders tf-idf --hybrid reviews-hybrid.train/seed-*/model.json
    python -m tests.bench.text_classification --encoders tf-idf --hybrid predictions.npz
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qsac
from qsac.errors import InvalidInputError
from qsac.text.baselines import Scored, classical_twin, difference, logistic_regression, scored, table
from qsac.text.encoders.finding import encoder_names
from qsac.text.encoders.tf_idf import TfIdf
from tests.bench.reviews import REVIEWS

SEEDS = (0, 1, 2, 3, 4)
QUBITS, LAYERS, SPREAD = 4, 2, 0.3
"""Of the hybrid classifier: the angles begin at pi/2, with a standard deviation of so many radians."""


def hybrid(entries: int, classes: int, seed: int = 0) -> dict[str, Any]:
    """The model file of the hybrid classifier: linear, circuit, linear, softmax.

    The entries of the vectors have the mean square 1, so that weights of the standard deviation SPREAD / sqrt(entries)
    make angles of the standard deviation SPREAD.
    """
    weight = {"init": "normal", "scale": SPREAD / sqrt(entries), "seed": seed}
    return {
        "qsac": 1,
        "name": "reviews-hybrid",
        "steps": [
            {"type": "linear", "weight": weight, "bias": [pi / 2] * QUBITS},
            {
                "type": "circuit",
                "qubits": QUBITS,
                "blocks": [
                    {"type": "angle", "rotations": ["ry"]},
                    {
                        "type": "hardware-efficient",
                        "layers": LAYERS,
                        "rotations": ["ry", "rz"],
                        "parameters": {"init": "normal", "scale": SPREAD, "seed": seed},
                    },
                ],
                "measure": {"type": "pauli", "each": "Z"},
            },
            {
                "type": "linear",
                "weight": {"init": "normal", "scale": 0.5, "seed": seed + 1},
                "bias": [0.0] * classes,
            },
            {"type": "softmax"},
        ],
    }


def training(encoder: str) -> dict[str, Any]:
    """The configuration that trains it on the vectors of an encoder: what is left out of the steps is drawn and
    learned."""
    steps = [dict(step) for step in hybrid(1, 1)["steps"]]
    for step in steps:
        step.pop("weight", None)
        step.pop("bias", None)
        for block in step.get("blocks", []):
            block.pop("parameters", None)
    return {
        "qsac_train": 1,
        "name": f"reviews-{encoder}",
        "model": {"steps": steps},
        "data": {"type": "samples", "path": f"reviews-{encoder}.npz", "seed": 0},
        "epochs": 100,
        "seeds": len(SEEDS),
        "validation": {"share": 0.1, "patience": 10},
    }


def parameters(entries: int, classes: int) -> int:
    """How many numbers the hybrid classifier learns."""
    return QUBITS * (entries + 1) + LAYERS * QUBITS * 2 + classes * (QUBITS + 1)


def hybrid_predictions(files: Sequence[str], vectors: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class of each vector, for each of the trained model files, or of the one .npz file of predictions."""
    if len(files) == 1 and files[0].endswith(".npz"):
        with np.load(files[0]) as archive:
            return np.atleast_2d(archive["predictions"])
    found = []
    for file in files:
        result: Any = qsac.run(file, inputs=vectors.tolist())  # type: ignore[call-arg]  # once models take inputs
        found.append(np.argmax(np.array(result.values["outputs"]), axis=1))
    return np.array(found)


def rows(
    encoder: str, texts: str, folder: Path, seeds: Sequence[int], files: Sequence[str], test: float = 0.2
) -> list[Scored]:
    """The rows of one encoder; ``test`` is the share of the texts to test with."""
    whole = qsac.features(texts, encoder=encoder, dimension="all", test=test, cache=folder / "cache")
    found = []
    if isinstance(whole.encoder, TfIdf):
        from qsac.text.sources import read_texts

        matrix = whole.encoder.matrix(read_texts(texts).texts)
        found.append(logistic_regression(whole.samples, features=matrix, label=f"{encoder}, logistic, all terms"))
    width = whole.features.shape[1]
    found.append(logistic_regression(whole.samples, label=f"{encoder} {width}, logistic"))
    found.append(classical_twin(whole.samples, seeds=seeds, label=f"{encoder} {width}, twin"))
    small = qsac.features(texts, encoder=encoder, test=test, cache=folder / "cache")
    entries = small.features.shape[1]
    small.save(folder / f"reviews-{encoder}.npz")
    model = json.dumps(hybrid(entries, len(small.classes)), indent=2) + "\n"
    (folder / f"reviews-{encoder}.json").write_text(model, encoding="utf-8")
    (folder / f"train-{encoder}.json").write_text(json.dumps(training(encoder), indent=2) + "\n", encoding="utf-8")
    found.append(logistic_regression(small.samples, label=f"{encoder} to {entries}, logistic"))
    if files:
        predictions = hybrid_predictions(files, small.features)
        label = f"{encoder} to {entries}, hybrid"
        found.append(scored(label, parameters(entries, len(small.classes)), predictions, small.samples))
    return [*found, classical_twin(small.samples, seeds=seeds, label=f"{encoder} to {entries}, twin")]


def main() -> None:
    """Print the table of each encoder."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.text_classification", description=__doc__)
    parser.add_argument("--texts", default=str(REVIEWS), help="a .csv or .jsonl file with texts and labels")
    parser.add_argument("--encoders", nargs="+", default=encoder_names(), choices=encoder_names())
    parser.add_argument("--test", type=float, default=0.2, help="the share of the texts to test with")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many seeds of the twin")
    parser.add_argument("--folder", type=Path, default=REVIEWS.parent, help="where features and model files go")
    parser.add_argument("--hybrid", nargs="+", default=[], metavar="FILE", help="trained models, or predictions")
    options = parser.parse_args()
    if options.hybrid and len(options.encoders) != 1:
        parser.error("--hybrid goes with one of the encoders: name it with --encoders")
    for encoder in options.encoders:
        try:
            seeds = range(options.seeds)
            found = rows(encoder, options.texts, options.folder, seeds, options.hybrid, options.test)
        except InvalidInputError as error:
            if error.code != "package.missing":
                sys.exit(str(error))
            print(f"{encoder}: not measured, {error.title}: {error.help}\n")
            continue
        lines = table(found, found[-1])
        lines.insert(1, ["---", *["--:"] * (len(lines[0]) - 1)])
        print("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
        for row in found[:-1]:
            if "hybrid" in row.label:
                print(f"hybrid and twin are within 0.01 or two standard errors: {difference(row, found[-1]).within}\n")


if __name__ == "__main__":
    main()

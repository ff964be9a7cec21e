"""Models of the section steps and files of samples: what is accepted has one canonical form, and numbers or null."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np

from qsac.compiler.compilation import compile as compile_model
from qsac.errors import DoesNotFitError
from qsac.families.reading import load, load_text
from qsac.families.registry import family
from qsac.families.steps.model import Model
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.model_documents import changed, fitting, words_of
from tests.fuzz.mutations import Document, bytes_mutated, mutated, text_of
from tests.fuzz.scratch import scratch

WORK = 1 << 18
"""The most amplitudes that are multiplied for an accepted model."""

CIRCUITS, QUBITS = 6, 6
"""The most that are compiled, and their widest."""


@functools.cache
def documents() -> tuple[Document, ...]:
    return tuple(Document(model.name, model.canonical) for model in family("steps").examples())


@functools.cache
def words() -> tuple[str, ...]:
    return words_of(
        documents(),
        {"attention", "tokens", "transformer", "ry", "XYZ", "cx", "project", "unitary", "repeat", "qcnn", "rbs"},
    )


def make(pick: Pick) -> Example:
    return changed(documents(), words(), pick)


def make_fitting(pick: Pick) -> Example:
    return fitting(documents(), words(), pick)


def feed(example: Example) -> str:
    model = load_text(example.data, "model.json")
    if not isinstance(model, Model):
        return "of another family"
    if load(model.canonical).sha256 != model.sha256:
        raise WrongError("the canonical form is another model")
    if model.sample is None or model.readout.work(model) > WORK:
        return "accepted, not computed"
    json.dumps(model.readout.closed_form(model).to_dict(), allow_nan=False)
    return "accepted"


def compiled(example: Example) -> str:
    """As :func:`feed`, then compiled and compared with the closed form."""
    said = feed(example)
    if said != "accepted":
        return said
    model = load_text(example.data, "model.json")
    assert isinstance(model, Model)
    steps = model.plan.circuits
    if len(steps) > CIRCUITS or any(len(step.program.registers) > QUBITS for step in steps):
        return "accepted, not compiled"
    try:
        made = compile_model(model, ("h2", "statevector")[sum(example.data) % 2], verify=True)
    except DoesNotFitError:
        return "accepted, not compiled"
    if not made.verified:
        raise WrongError("compiled, but not verified")
    return "accepted"


# Samples


SAMPLES = Document("samples", [[0.1, 0.2, 0.3], [1, -2, 0.5]])


def make_samples(pick: Pick) -> Example:
    mutant = mutated(SAMPLES, pick, ("nan", "1"), most=2, fitting=pick(3) == 2)
    data, edits = text_of(mutant.document), mutant.edits
    if pick(8) == 7:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


@functools.cache
def classifier() -> Any:
    return next(model for model in family("steps").examples() if model.name == "two circuits")


def feed_samples(example: Example) -> str:
    path = scratch("samples") / "samples.json"
    path.write_bytes(example.data)
    steps: Any = family("steps")
    samples = steps.samples(classifier(), str(path))
    if not all(np.isfinite(sample).all() for sample in samples):
        raise WrongError("a sample of numbers that are not finite")
    json.dumps(steps.evaluated(classifier(), samples).to_dict(), allow_nan=False)
    return "accepted"


KINDS = (
    Kind("steps", 60, MANY, make, feed, {"accepted": 0.05}),
    Kind("compiled-steps", 30, SOME, make_fitting, compiled, {"accepted": 0.05}),
    Kind("samples", 50, MANY, make_samples, feed_samples, {"accepted": 0.05}),
)

"""Models of the section program: what is accepted has one canonical form, and numbers or null."""

from __future__ import annotations

import functools
import json

from qsac.compiler.compilation import compile as compile_model
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.program.model import Model
from qsac.families.reading import load, load_text
from tests.families.program.models import layers, network, search, training
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.model_documents import changed, fitting, words_of
from tests.fuzz.mutations import Document

ENTRIES = 64
"""The most numbers of a model whose closed form is computed."""

CIRCUITS = 8
"""The most that are compiled."""


@functools.cache
def documents() -> tuple[Document, ...]:
    fast = {"oracle": {"type": "overlap", "degree": 4}, "rows": [0], "schedule": "typical"}
    found = {
        "search": search(**fast),
        "signed": search(**fast | {"part": "re", "mask": "causal", "rest": 0.2, "rows": [1, 3]}),
        "network": network(),
        "trained": network(train={"targets": [[0.1, -0.2]], "rate": 0.1, "steps": 2}),
        "layers": layers(head={"type": "mean"}),
        "training": training(),
    }
    return tuple(Document(name, fields) for name, fields in found.items())


@functools.cache
def words() -> tuple[str, ...]:
    return words_of(
        documents(),
        {"attention", "transformer", "auto", "all", "drop", "search", "layers", "feed-forward", "matrix", "qsvt"},
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
    if model.entries > ENTRIES:
        return "accepted, not computed"
    json.dumps(model.readout.closed_form(model).to_dict(), allow_nan=False)
    return "accepted"


def compiled(example: Example) -> str:
    """As :func:`feed`, then compiled and compared with the closed form."""
    said = feed(example)
    model = load_text(example.data, "model.json")
    if said != "accepted" or not isinstance(model, Model):
        return said
    try:
        if len(model.plan.circuits) > CIRCUITS:
            return "accepted, not compiled"
        made = compile_model(model, ("h2", "statevector")[sum(example.data) % 2], verify=True)
    except DoesNotFitError:
        return "accepted, not compiled"
    except InvalidInputError as error:
        if error.code != "program.not-compiled":
            raise
        return "accepted, not compiled"
    if not made.verified:
        raise WrongError("compiled, but not verified")
    return "accepted"


KINDS = (
    Kind("hybrid-programs", 40, MANY, make, feed, {"accepted": 0.05}),
    Kind("compiled-hybrid-programs", 20, SOME, make_fitting, compiled, {"accepted": 0.05}),
)

"""Sketches of quantum attention: what they may say, what stays, and where mistakes are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from qsac.errors import QsacError
from qsac.families.learning import Given
from qsac.families.qsa.family import FAMILY
from qsac.families.qsa.learning.learner import OverlapLearner
from qsac.families.reading import load
from qsac.files.diagnosis import refuse
from tests.families.qsa import learners
from tests.families.qsa.learners import learner_of, metrics, states
from tests.strategies import unitary_entries

CUBIC = {"type": "monomial", "degree": 3}
STATES, REAL, WORDS = Given(9, 4), Given(9, 4, real=True), Given(9, None, labels=("a", "b", "c"))


def read(sketch: dict[str, Any], given: Given = STATES) -> OverlapLearner:
    """The learner of a sketch, whose mistakes are those of a configuration."""
    try:
        fields = FAMILY.sketch.model_validate(sketch)
    except ValidationError as error:
        raise refuse(error, FAMILY.sketch_contract) from None
    return FAMILY.learner(fields, given, learners.FOLDER)


def attention(**fields: Any) -> dict[str, Any]:
    return {"attention": {"type": "overlap", **fields}}


MISTAKES: dict[str, tuple[dict[str, Any], Given, str, str]] = {
    "no kernel": (attention(), STATES, "/attention", "field.missing"),
    "a kernel too many": (
        attention(kernel=CUBIC, heads=[{"kernel": CUBIC}]),
        STATES,
        "/attention/kernel",
        "attention.heads-and-kernel",
    ),
    "no heads": (attention(heads=[]), STATES, "/attention/heads", "field.wrong-length"),
    "unknown unitary": (
        attention(kernel=CUBIC, value={"type": "fre"}),
        STATES,
        "/attention/value/type",
        "field.unknown-choice",
    ),
    "unknown field": (attention(kernel=CUBIC, vlaue={}), STATES, "/attention/vlaue", "field.unknown"),
    "unknown field of a head": (
        attention(heads=[{"kernel": CUBIC, "shift": 1}]),
        STATES,
        "/attention/heads/0/shift",
        "field.unknown",
    ),
    "neither degree nor coefficients": (
        attention(kernel={"type": "polynomial"}),
        STATES,
        "/attention/kernel",
        "train.kernel-not-one",
    ),
    "degree and coefficients": (
        attention(heads=[{"kernel": {"type": "polynomial", "degree": 1, "coefficients": [1, 1]}}]),
        STATES,
        "/attention/heads/0/kernel",
        "train.kernel-not-one",
    ),
    "degree too high": (
        attention(kernel={"type": "polynomial", "degree": 1000}),
        STATES,
        "/attention/kernel/degree",
        "capacity.degree-too-high",
    ),
    "zero kernel": (
        attention(kernel={"type": "polynomial", "coefficients": [0.0]}),
        STATES,
        "/attention/kernel/coefficients",
        "kernel.zero",
    ),
    "not unitary": (
        attention(kernel=CUBIC, score={"type": "matrix", "entries": [[[2.0, 0.0]] * 4] * 4}),
        STATES,
        "/attention/score/entries",
        "unitary.not-unitary",
    ),
    "another dimension": (
        attention(kernel=CUBIC, score={"type": "matrix", "entries": [[[1.0, 0.0]]]}),
        STATES,
        "/attention/score/entries",
        "unitary.wrong-dimension",
    ),
    "angles of another shape": (
        attention(kernel=CUBIC, value={"type": "hardware-efficient", "layers": 2, "parameters": [[[0.1]]]}),
        STATES,
        "/attention/value/parameters",
        "field.wrong-length",
    ),
    "a fixed ansatz without angles": (
        attention(kernel=CUBIC, value={"type": "hardware-efficient", "layers": 2, "trained": False}),
        STATES,
        "/attention/value",
        "field.missing",
    ),
    "too many layers": (
        attention(kernel=CUBIC, value={"type": "hardware-efficient", "layers": 10**6}),
        STATES,
        "/attention/value/layers",
        "capacity.too-many-layers",
    ),
    "a shift too large": (
        attention(heads=[{"kernel": CUBIC, "key_shift": 8}]),
        STATES,
        "/attention/heads/0/key_shift",
        "head.shift-too-large",
    ),
    "tokens for states": (
        {"tokens": {"type": "text", "dimension": 2}, **attention(kernel=CUBIC)},
        STATES,
        "/tokens",
        "train.tokens-for-states",
    ),
    "no tokens for words": (attention(kernel=CUBIC), WORDS, "", "field.missing"),
    "too few words": (
        {"tokens": {"type": "text", "dimension": 4}, **attention(kernel=CUBIC)},
        WORDS,
        "/tokens/dimension",
        "train.too-few-words",
    ),
    "other tokens": (
        {"tokens": {"type": "inline", "dimension": 2}, **attention(kernel=CUBIC)},
        WORDS,
        "/tokens/type",
        "field.unknown-choice",
    ),
    "nothing to learn": (
        attention(kernel=CUBIC, value={"type": "identity"}, score={"type": "identity"}),
        STATES,
        "/attention",
        "train.nothing-to-learn",
    ),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_mistakes_have_their_places(name: str) -> None:
    sketch, given, pointer, code = MISTAKES[name]
    with pytest.raises(QsacError) as caught:
        read(sketch, given)
    assert (caught.value.pointer, caught.value.code) == (pointer, code)


def test_what_is_left_out_fits_the_tokens() -> None:
    assert {form.kind for form in _forms(read(attention(kernel=CUBIC)))} == {"free"}
    assert {form.kind for form in _forms(read(attention(kernel=CUBIC), REAL))} == {"orthogonal"}
    asked = attention(kernel=CUBIC, value={"type": "free"}, score={"type": "orthogonal"})
    assert [form.kind for form in _forms(read(asked, REAL))] == ["free", "orthogonal"]


def _forms(own: OverlapLearner) -> list[Any]:
    head = own.outline.heads[0]
    return [head.value, head.score]


def test_weights_are_learned_where_coefficients_are_not() -> None:
    own = read(
        attention(
            heads=[
                {"kernel": CUBIC},
                {"kernel": CUBIC, "weight": 0.25},
                {"kernel": {"type": "polynomial", "degree": 2}},
                {"kernel": {"type": "polynomial", "coefficients": [0, 1, 0.5], "trained": True}},
            ]
        )
    )
    names = {name for name in own.outline.shapes if name.endswith(("kernel", "weight"))}
    assert names == {"heads.0.weight", "heads.2.kernel", "heads.3.kernel"}
    assert own.initial(0)["heads.3.kernel"].tolist() == [1.0, 0.5]
    model = own.model(own.initial(0), states(0, 8, 4, real=False), "weighed")
    assert [head["weight"] for head in model.canonical["attention"]["heads"]] == [1.0, 0.25, 1.0, 1.0]


@pytest.mark.parametrize("rows", [3, 4])
def test_given_matrices_stay_or_start(rows: int) -> None:
    rng = np.random.default_rng(1)
    entries = unitary_entries(rng, rows)
    matrix = {"type": "matrix", "entries": entries}
    own = read(attention(kernel=CUBIC, value={**matrix, "trained": False}, score=matrix), Given(9, 3))
    assert set(own.outline.shapes) == {"score"}
    assert own.outline.dimension == rows
    tokens = states(0, 8, 3, real=False)
    model = own.model(own.initial(0), tokens, "given")
    wanted = load(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": np.stack([tokens.real, tokens.imag], axis=-1).tolist()},
            "attention": {"type": "overlap", "kernel": CUBIC, "value": matrix, "score": matrix, "phases": "optimal"},
        }
    )
    for side in ("value", "score"):
        found, expected = (getattr(one.heads[0], side).matrix(4) for one in (model, wanted))
        assert found == pytest.approx(expected, abs=1e-12)


def test_given_angles_stay_or_start() -> None:
    angles = np.random.default_rng(2).normal(size=(2, 2, 3)).tolist()
    ansatz = {"type": "hardware-efficient", "layers": 2, "parameters": angles}
    own = read(attention(kernel=CUBIC, value=ansatz, score={**ansatz, "trained": False}))
    assert own.initial(0)["value"].tolist() == angles
    assert own.angles == ("value",)
    section = own.model(own.initial(0), states(0, 8, 4, real=False), "given").canonical["attention"]
    assert section["value"] == section["score"]
    drawn = {**ansatz, "parameters": {"init": "normal", "seed": 3}}
    first, again = (read(attention(kernel=CUBIC, value=drawn)).initial(seed)["value"] for seed in (0, 1))
    assert np.array_equal(first, again)


def test_models_without_phases_have_none() -> None:
    own = read(attention(kernel=CUBIC, phases="none"))
    assert own.objectives[0] == "loss_phased"
    model = own.model(own.initial(0), states(0, 8, 4, real=False), "phased")
    assert "phases" not in model.canonical["attention"]


def test_where_nothing_is_attended_to_there_is_no_cross_entropy() -> None:
    own = read(attention(heads=[{"kernel": CUBIC, "key_shift": 1}]))
    assert "cross_entropy" not in own.objectives
    assert "cross_entropy" not in metrics(own, own.initial(0), states(0, 8, 4, real=False))
    assert "cross_entropy" in read(attention(mask="full", heads=[{"kernel": CUBIC, "key_shift": 1}])).objectives
    assert read(learners.SKETCHES["words"], WORDS).objectives[0] == "cross_entropy"


OTHERS: dict[str, tuple[dict[str, Any], Given, str]] = {
    "mask": (attention(kernel=CUBIC, mask="full"), STATES, "/attention/mask"),
    "kernel": (attention(kernel={"type": "monomial", "degree": 2}), STATES, "/attention/kernel"),
    "entries": (attention(kernel=CUBIC), Given(9, 3), "/tokens"),
    "heads": (attention(heads=[{"kernel": CUBIC}, {"kernel": CUBIC}]), STATES, "/attention/heads"),
    "shift": (attention(heads=[{"kernel": CUBIC, "key_shift": 1}]), STATES, "/attention/heads/0/key_shift"),
    "conjugate": (attention(heads=[{"kernel": CUBIC, "conjugate": True}]), STATES, "/attention/heads/0/conjugate"),
    "unitary": (attention(kernel=CUBIC, score={"type": "free"}), STATES, "/attention/score"),
    "words": ({"tokens": {"type": "text", "dimension": 2}, **attention(kernel=CUBIC)}, WORDS, "/tokens"),
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_models_of_another_shape_are_refused(name: str) -> None:
    sketch, given, pointer = OTHERS[name]
    one = learner_of(attention(kernel=CUBIC), STATES)
    listed = learner_of(attention(heads=[{"kernel": CUBIC}]), STATES)
    layered = learner_of(attention(kernel=CUBIC, score={"type": "hardware-efficient", "layers": 1}), STATES)
    other = learner_of(sketch, given)
    sequence = np.array([0, 1, 2, 0]) if given.labels else states(0, 8, given.dimension or 0, real=False)
    model = other.model(other.initial(0), sequence, "other")
    with pytest.raises(QsacError) as caught:
        {"shift": listed, "conjugate": listed, "unitary": layered}.get(name, one).trained_of(model)
    assert (caught.value.pointer, caught.value.code) == (pointer, "train.other-shape")


def test_weights_of_a_model_go_into_learned_coefficients() -> None:
    own = learner_of(attention(heads=[{"kernel": {"type": "polynomial", "degree": 2}}] * 2), STATES)
    tokens = states(0, 8, 4, real=False)
    document = own.model(own.initial(0), tokens, "weighed").canonical
    document["attention"]["heads"][1]["weight"] = -3.0
    found = own.trained_of(load(document))
    start = own.initial(0)["heads.1.kernel"]
    assert found["heads.1.kernel"] == pytest.approx(-3 * start)
    fixed = learner_of(attention(heads=[{"kernel": CUBIC, "weight": 1.0}, {"kernel": CUBIC, "weight": 1.0}]), STATES)
    document = fixed.model(fixed.initial(0), tokens, "weighed").canonical
    document["attention"]["heads"][1]["weight"] = -3.0
    with pytest.raises(QsacError) as caught:
        fixed.trained_of(load(document))
    assert caught.value.pointer == "/attention/heads/1/weight"

"""Several heads: what a model file may say of them, and their closed form against the formula in loops."""

import copy
import math
from typing import Any

import numpy as np
import pytest

from qsac.errors import QsacError
from qsac.families import kernel
from qsac.families.qsa import metrics as metrics_module
from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts.predict import Predict, prediction
from qsac.families.reading import load
from qsac.families.registry import family_of
from tests.cases import seeds
from tests.families.models import minimal
from tests.families.qsa.drawn_heads import IDENTITY, heads_model
from tests.shares import Share
from tests.strategies import random_model, unitary_entries

LINEAR = {"type": "monomial", "degree": 1}
HEAD = {"kernel": LINEAR, "value": IDENTITY, "score": IDENTITY}


def with_heads(*heads: dict[str, Any], **attention: Any) -> dict[str, Any]:
    """A small model of three real tokens with these heads."""
    model = minimal(**attention)
    for name in HEAD:
        del model["attention"][name]
    model["attention"]["heads"] = list(heads)
    return model


def _z(source: dict[str, Any], model: Model, query: int, last: int) -> np.ndarray[Any, Any]:
    """z of the token ``query`` over the first ``last`` tokens, all from 0: the formula in loops, from the file."""
    x, d = model.tokens, model.dimension
    z = np.zeros(d, dtype=complex)
    for given, head in zip(source["attention"]["heads"], model.heads, strict=True):
        V, W = head.value.matrix(d), head.score.matrix(d)
        r = given.get("key_shift", 0)
        for i in range(last):
            if i < r:
                continue
            s = complex(sum(x[query][a].conjugate() * W[a][b] * x[i - r][b] for a in range(d) for b in range(d)))
            if given.get("conjugate", False):
                s = s.conjugate()
            g = sum(c * s**p for p, c in enumerate(head.kernel))
            z += given.get("weight", 1.0) * g * (V @ x[i])
    return z


@pytest.mark.parametrize("seed", seeds(80, one_of=3))
def test_closed_form(seed: int) -> None:
    source = heads_model(seed)
    model = load(source)
    assert isinstance(model, Model)
    context, causal = model.context, source["attention"]["mask"] == "causal"
    z = [_z(source, model, j, j + 1 if causal else context) for j in range(context)]
    overlaps = np.array([np.vdot(model.tokens[j + 1], z[j]) for j in range(context)])
    norms = np.array([np.linalg.norm(one) for one in z])
    found = closed_form(model)
    np.testing.assert_allclose(found.overlaps, overlaps, atol=1e-11)
    np.testing.assert_allclose(found.norms, norms, atol=1e-11)
    lam = sum(
        abs(h["weight"]) * sum(map(abs, head.kernel))
        for h, head in zip(source["attention"]["heads"], model.heads, strict=True)
    )
    assert model.lam == pytest.approx(lam, rel=1e-13)
    zeta = (norms**2).sum() / (lam**2 * context * model.pairs)
    assert found["zeta"] == pytest.approx(zeta, abs=1e-12)
    assert found["success_probability"] == found["zeta"]
    if zeta > 1e-9:
        phased = abs(np.exp(1j * model.phases) @ overlaps) ** 2
        assert found["fidelity"] == pytest.approx(phased / (context * (norms**2).sum()), abs=1e-10)
        assert found["token_fidelity"] == pytest.approx((abs(overlaps) ** 2).sum() / (norms**2).sum(), abs=1e-10)
    readout = model.readout
    if isinstance(readout, Predict):
        state, given = prediction(model, readout)
        wanted = _z(source, model, readout.position - 1, readout.context) / (lam * readout.context)
        np.testing.assert_allclose(state, wanted, atol=1e-12)
        assert given == pytest.approx(float(np.linalg.norm(wanted)) ** 2, abs=1e-12)


def test_what_is_drawn() -> None:
    models = [load(heads_model(seed)) for seed in range(80)]
    heads = [head for model in models for head in model.heads]
    assert {len(model.heads) for model in models} == {1, 2, 3}
    assert {head.key_shift for head in heads} == {0, 1, 2}
    assert {head.degree for head in heads} >= {0, 1, 2, 3}
    assert {model.readout.type for model in models} == {"loss", "predict"}
    for seen in ([head.weight < 0 for head in heads], [head.conjugate for head in heads]):
        assert 0.2 < np.mean(seen) < 0.8
    shifted = [min(head.key_shift for head in model.heads) > 0 for model in models]
    assert 0.05 < np.mean(shifted) < 0.5


@pytest.mark.parametrize("seed", seeds(12, one_of=3))
def test_blocks_of_rows_do_not_matter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = closed_form(load(heads_model(seed)))
    for module in (kernel, metrics_module):
        monkeypatch.setattr(module, "BLOCK_ENTRIES", 2)
    blocks = closed_form(load(heads_model(seed)))
    np.testing.assert_allclose(blocks.overlaps, whole.overlaps, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(blocks.norms, whole.norms, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_one_head_is_a_model_without_heads(seed: int) -> None:
    source = random_model(seed)
    wanted = closed_form(load(source))
    listed = copy.deepcopy(source)
    attention = listed["attention"]
    attention["heads"] = [{name: attention.pop(name) for name in ("kernel", "value", "score")}]
    found = closed_form(load(listed))
    assert found.values == wanted.values
    assert found.warnings == wanted.warnings


@pytest.mark.parametrize("seed", seeds(40, one_of=3))
def test_what_differs_where_it_should(seed: int) -> None:
    """A head that is the sum of two, and conjugation, which real scores do not see."""
    source = heads_model(seed)
    doubled = copy.deepcopy(source)
    first = doubled["attention"]["heads"][0]
    halves = [first | {"weight": 0.25 * first["weight"]}, first | {"weight": 0.75 * first["weight"]}]
    doubled["attention"]["heads"][:1] = halves
    one, other = closed_form(load(source)), closed_form(load(doubled))
    np.testing.assert_allclose(one.overlaps, other.overlaps, atol=1e-11)
    assert load(source).lam == pytest.approx(load(doubled).lam)


def test_conjugation_is_seen_by_complex_scores_alone() -> None:
    with Share(0.3) as share:
        for seed in range(60):
            source = heads_model(seed)
            turned = copy.deepcopy(source)
            for head in turned["attention"]["heads"]:
                head["conjugate"] = not head["conjugate"]
            one, other = load(source), load(turned)
            differ = not np.allclose(closed_form(one).overlaps, closed_form(other).overlaps, atol=1e-9)
            share.saw(differ)
            if not np.iscomplexobj(one.tokens) and all(head.score.is_real for head in one.heads):
                assert not differ


def test_positions_before_every_shift_predict_nothing() -> None:
    model = with_heads(HEAD | {"key_shift": 1}, HEAD | {"key_shift": 1, "weight": -0.5, "conjugate": True})
    found = closed_form(load(model))
    assert found.norms[0] == 0
    assert found["cross_entropy"] is None
    assert any("z_j is zero for j = 1" in warning for warning in found.warnings)
    assert found["loss"] is not None


def test_prefix_loss_is_of_plain_attention() -> None:
    plain = closed_form(load(with_heads(HEAD)))
    assert plain["prefix_loss"] is not None
    for heads in ([HEAD, HEAD], [HEAD | {"conjugate": True}], [HEAD | {"key_shift": 1}]):
        found = closed_form(load(with_heads(*heads)))
        assert found["prefix_loss"] is None
        assert "one head" in found.warnings[-1]


def test_the_canonical_model_says_all_of_a_head() -> None:
    model = load(with_heads(HEAD, HEAD | {"key_shift": 1, "conjugate": True, "weight": -2}))
    plain = {"key_shift": 0, "conjugate": False, "weight": 1.0}
    assert model.canonical["attention"]["heads"] == [
        HEAD | plain,
        HEAD | {"key_shift": 1, "conjugate": True, "weight": -2.0},
    ]
    assert set(model.canonical["attention"]) == {"type", "mask", "heads"}
    assert load(model.canonical) == model
    assert model.lam == 3
    with pytest.raises(ValueError, match="unpack"):
        _ = model.kernel


def test_parameters_of_heads_bind() -> None:
    rng = np.random.default_rng(3)
    ansatz = {"type": "hardware-efficient", "layers": 1, "parameters": [[[0.1, 0.2, 0.3]]]}
    matrix = {"type": "matrix", "entries": unitary_entries(rng, 2)}
    model = load(with_heads(HEAD | {"value": matrix}, HEAD | {"score": ansatz, "key_shift": 1}, phases="optimal"))
    family = family_of(model)
    parameters = family.parameters(model)
    assert {name: one.shape for name, one in parameters.items()} == {
        "tokens": (3, 2),
        "heads.0.value": (2, 2),
        "heads.1.score": (1, 1, 3),
        "phases": (2,),
    }
    angles = rng.normal(size=(1, 1, 3))
    entries = np.array(unitary_entries(rng, 2)).view(np.complex128)[..., 0]
    values = {"heads.0.value": entries, "heads.1.score": angles}
    bound = family.bound(model, values)
    listed = family.bound(model, {"heads.0.value": entries.tolist(), "heads.1.score": angles.tolist()})
    assert bound == listed
    assert bound != model
    wanted = copy.deepcopy(model.canonical)
    wanted["attention"]["heads"][1]["score"]["parameters"] = angles.tolist()
    wanted["attention"]["heads"][0]["value"]["entries"] = np.stack([entries.real, entries.imag], -1).tolist()
    assert load(wanted) == bound
    np.testing.assert_allclose(closed_form(bound).overlaps, closed_form(load(wanted)).overlaps)
    for name in ("value", "heads.2.value", "heads.0"):
        with pytest.raises(QsacError, match="no such parameter"):
            family.bound(model, {name: angles})
    with pytest.raises(QsacError, match=r"nothing to bind as heads\.0\.score"):
        family.bound(model, {"heads.0.score": angles})


def test_overlaps_are_those_of_one_head() -> None:
    rng = np.random.default_rng(4)
    first, second = ({"type": "matrix", "entries": unitary_entries(rng, 2)} for _ in range(2))
    heads = [HEAD | {"score": first}, HEAD | {"score": second, "key_shift": 1, "conjugate": True}]
    asked = {"type": "overlaps", "pairs": "all"}
    with pytest.raises(QsacError, match="overlaps are those of one head"):
        load(with_heads(*heads) | {"readout": asked})
    for number, score in enumerate((first, second)):
        found = load(with_heads(*heads) | {"readout": asked | {"head": number}})
        alone = load(minimal(score=score) | {"readout": asked})
        assert found.canonical["readout"]["head"] == number
        assert "head" not in alone.canonical["readout"]
        assert found.readout.closed_form(found).values == alone.readout.closed_form(alone).values
    with pytest.raises(QsacError, match="no such head"):
        load(with_heads(*heads) | {"readout": asked | {"head": 2}})


def test_checks_and_facts_of_heads() -> None:
    model = load(with_heads(HEAD, HEAD | {"key_shift": 1, "weight": -0.5, "conjugate": True}))
    family = family_of(model)
    facts = family.facts(model)
    assert "kernel" not in facts
    assert facts["heads"][1] == {"kernel": [0.0, 1.0], "key_shift": 1, "conjugate": True, "weight": -0.5}
    summary = dict(family.summary(model))
    assert summary["head 1"] == "g(s) = s, weight -0.5, key shift 1, of conjugated scores"
    assert math.isclose(facts["lam"], 1.5)

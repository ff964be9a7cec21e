"""Where shots are lost: factors that multiply to the success probability, lambda by rows, and why."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.families.places import Losses, Placed
from qsac.families.registry import family, family_of
from qsac.families.transformer.model import Model
from qsac.families.transformer.normalisers import next_token_normalisers
from qsac.families.transformer.places import losses
from tests.families.transformer.generated import drawn, unitary
from tests.families.transformer.models import changed, loaded, minimal
from tests.shares import Share

VECTORS = Path(__file__).parent.parent.parent / "vectors" / "transformer"


def factors(found: Losses) -> dict[str, Any]:
    return {place.name: place.factors for place in found.places if place.factors is not None}


def layer(dimension: int, seed: int, **fields: Any) -> dict[str, Any]:
    """A layer of one head with orthogonal maps."""
    rng = np.random.default_rng(seed)
    head = {name: unitary(rng, dimension) for name in ("query", "key", "value")}
    return {"attention": {"heads": [head]}, "residual": [0.5, 0.5], **fields}


def deep(*layers: dict[str, Any], tokens: int = 5, dimension: int = 4) -> Model:
    rng = np.random.default_rng(3)
    return loaded(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": rng.normal(size=(tokens, dimension)).tolist()},
            "transformer": {"normalise": True, "layers": list(layers)},
            "readout": {"type": "next-token", "vocabulary": np.eye(dimension).tolist(), "positions": [2, tokens]},
        }
    )


def agree(model: Model) -> None:
    """The factors of all places multiply to the success probability of each circuit, and none is above 1."""
    found = losses(model)
    product = np.prod(list(factors(found).values()), axis=0)
    success = [outcomes.given for outcomes in model.readout.expected(model).values()]
    assert product == pytest.approx(success, rel=1e-9)
    assert all(0 <= factor <= 1 for place in factors(found).values() for factor in place)


def test_factors_multiply_to_the_success_probability() -> None:
    with Share(0.9) as share:
        for seed in range(120):
            model = loaded(drawn(seed))
            agree(model)
            share.saw(any(factor < 0.9 for place in factors(losses(model)).values() for factor in place))


def test_of_three_layers_too() -> None:
    polynomial = {"type": "polynomial", "coefficients": [0, 0.5, 0.35]}
    agree(deep(layer(4, 1, feed_forward=polynomial), layer(4, 2), layer(4, 3, feed_forward=polynomial)))


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_the_vectors_success_is_explained(path: Path) -> None:
    document = json.loads(path.read_text())
    model = loaded(document["model"])
    found = losses(model)
    product = np.prod(list(factors(found).values()), axis=0)
    assert np.mean(product) == pytest.approx(np.mean(document["expected"]["success_probability"]), rel=1e-9)


def test_parts_of_lambda_add_up() -> None:
    model = loaded(changed("/readout/positions", [1, 4]))
    found = losses(model)
    parts = [place.lambdas or () for place in found.places if "head" in place.name or "residual row" in place.name]
    first = model.weights[0][0].total
    assert np.sum(np.array(parts, dtype=float), axis=0) == pytest.approx(first[[0, 3]])
    assert found.normalisers == pytest.approx(next_token_normalisers(model)[[0, 3]])


def test_a_residual_alone_loses_nothing() -> None:
    """rho = 1, sigma = 0: the state is the token itself."""
    found = losses(deep(layer(4, 1, residual=[1, 0])))
    assert np.ravel(list(factors(found).values())) == pytest.approx(1)


def test_the_kernel_costs_its_coefficients() -> None:
    """One token, whose score is 1/2: of the terms 1 + 2s the kernel has 2 and may have 3. Without a residual nothing
    else is lost."""
    head = {"query": [[1, 0]], "key": [[0.5, 0]], "value": [[1, 0], [0, 1]]}
    kernel = {"type": "polynomial", "coefficients": [1, 2]}
    model = minimal()
    model["tokens"] = {"type": "inline", "values": [[1, 0]]}
    model["transformer"]["layers"] = [
        {"attention": {"heads": [head], "kernel": kernel}, "residual": [0, 1]},
    ]
    found = losses(loaded(model))
    # The score reaches all of its scale, and all terms are positive.
    assert factors(found)["layer 1: kernel"] == pytest.approx((1,))
    model["transformer"]["layers"][0]["attention"]["kernel"] = {"type": "polynomial", "coefficients": [1, -1]}
    found = losses(loaded(model))
    (place,) = (one for one in found.places if one.name == "layer 1: kernel")
    assert place.lambdas == pytest.approx((1.5,))
    assert place.factors == pytest.approx(((0.5 / 1.5) ** 2,))


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"feed_forward": {"type": "polynomial", "coefficients": [0, 0, 0, 1]}}, "feed-forward", "no linear term"),
        (
            {"feed_forward": {"type": "gated", "factors": [{"matrix": np.eye(4).tolist()}] * 2}},
            "feed-forward copy 2",
            "factors have no bias",
        ),
        ({"residual": [0, 1]}, "average", "no residual"),
    ],
)
def test_why_a_place_succeeds_seldom(fields: dict[str, Any], name: str, reason: str) -> None:
    found = losses(deep(layer(4, 1, **fields)))
    (place,) = (one for one in found.places if one.name == f"layer 1: {name}")
    assert reason in place.reason
    assert place.subject.endswith("of layer 1")


def test_a_linear_feed_forward_loses_nothing() -> None:
    linear = {"type": "polynomial", "coefficients": [0, 0.3]}
    found = losses(deep(layer(4, 1, feed_forward=linear)))
    assert factors(found)["layer 1: feed-forward"] == pytest.approx((1, 1))


def test_measuring_between_layers() -> None:
    one, two = layer(4, 1), layer(4, 2)
    model = deep(one, two)
    boundary = losses(model).boundary
    assert losses(deep(one)).boundary is None
    assert boundary is not None
    # Rows that no later position reads are not measured: the last position reads all, the second one two.
    assert boundary.rows == 5
    lengths = np.linalg.norm(model.steps[0].output, axis=1)
    assert boundary.shots == pytest.approx(np.sum(4 / (0.05**2 * lengths**2)))  # Lambda is 1 for unit tokens
    # The last layer alone reads rows of these lengths.
    alone = [np.prod([place for name, place in factors(losses(model)).items() if name.startswith("layer 2")], axis=0)]
    assert boundary.success_probability == pytest.approx(np.mean(alone))
    assert boundary.success_probability > np.mean([one.given for one in model.readout.expected(model).values()])


def test_states_that_are_zero_lose_everything() -> None:
    zero = {"type": "polynomial", "coefficients": [0, 1], "input": np.zeros((4, 4)).tolist()}
    found = losses(deep(layer(4, 1, feed_forward=zero), layer(4, 2)))
    assert np.prod(list(factors(found).values()), axis=0) == pytest.approx((0, 0))
    assert found.boundary is None


def test_numbers_beyond_double_precision_are_null() -> None:
    """Lengths whose product overflows: nothing is ever accepted, and no number is infinite."""
    factors_of = [{"matrix": (1e200 * np.diag(np.eye(4)[place])).tolist()} for place in (0, 1)]
    found = losses(deep(layer(4, 1, feed_forward={"type": "gated", "factors": factors_of})))
    assert found.normalisers == (None, None)
    assert np.prod(list(factors(found).values()), axis=0) == pytest.approx((0, 0))
    assert np.isfinite([number for place in found.places for number in place.factors or () if number is not None]).all()


def test_only_some_families_say_where() -> None:
    assert isinstance(family("transformer"), Placed)
    assert not isinstance(family("attention"), Placed)
    assert isinstance(family_of(loaded(minimal())), Placed)

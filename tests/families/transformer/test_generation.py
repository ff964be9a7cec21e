"""Sequences of words that are continued: prompts, limits, and the model for the next word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.contract import Continues
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.families.transformer.generation import continued, following, label, longest, words
from qsac.families.transformer.model import Model

EMBEDDING = [[1, 0.2], [0.3, 1], [1, 1], [1, -0.5]]
VOCABULARY = [[1, 0], [0, 1], [1, 1], [0.2, 0.1]]
POSITIONS = [[0.1, 0], [0, 0.2], [0.3, 0.1], [0.2, -0.1], [0.5, 0.4]]


def model(
    labels: list[str] | None = None,
    sequence: tuple[int, ...] = (0, 1, 2),
    position: dict[str, Any] | None = None,
    norm: Any = "none",
    readout: dict[str, Any] | None = None,
    tokens: dict[str, Any] | None = None,
) -> Model:
    given: dict[str, Any] = {"type": "words", "embedding": EMBEDDING, "sequence": list(sequence)}
    found = load(
        {
            "qsac": 1,
            "name": "words",
            "tokens": tokens or (given | ({} if labels is None else {"labels": labels})),
            "transformer": {
                "position": position or {"type": "add", "values": POSITIONS},
                "normalise": True,
                "layers": [{"residual": [0.5, 0.5], "norm": norm}],
            },
            "readout": readout or {"type": "next-token", "vocabulary": VOCABULARY, "positions": "targets"},
        }
    )
    assert isinstance(found, Model)
    return found


LETTERS = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("labels", "prompt", "wanted"),
    [
        (LETTERS, "a b d", (0, 1, 3)),
        (LETTERS, "abd", (0, 1, 3)),
        (LETTERS, " ab  d\n", (0, 1, 3)),
        (LETTERS, "0 1 d", (0, 1, 3)),
        (["0", "1", "2", "3"], "31", (3, 1)),
        (["3", "2", "1", "0"], "3 0", (0, 3)),
        (["the", "cat", "12", "é"], "the 12 é 1", (0, 2, 3, 1)),
        (["ab", "a", "b", "c"], "ab", (0,)),
        (None, "3 0 03", (3, 0, 3)),
        (LETTERS, [3, np.int64(1)], (3, 1)),
        (LETTERS, np.array([3, 1]), (3, 1)),
    ],
)
def test_a_prompt_is_labels_or_numbers(labels: list[str] | None, prompt: Any, wanted: tuple[int, ...]) -> None:
    found = words(model(labels), prompt)
    assert found == wanted
    assert all(type(word) is int for word in found)


@pytest.mark.parametrize(
    ("labels", "prompt", "code", "text"),
    [
        (LETTERS, "a e", "generate.unknown-word", '"e"'),
        (LETTERS, "abe", "generate.unknown-word", '"abe"'),
        (LETTERS, "4", "generate.unknown-word", '"4"'),
        (LETTERS, "-1", "generate.unknown-word", '"-1"'),
        (LETTERS, "²", "generate.unknown-word", '"²"'),
        (LETTERS, "9" * 5000, "generate.unknown-word", "..."),
        (["ab", "a", "b", "c"], "abc", "generate.unknown-word", "perhaps ab"),
        (None, "a", "generate.unknown-word", "the numbers 0 to 3"),
        (["often", "a", "b", "c"], "oftne", "generate.unknown-word", "perhaps often"),
        (LETTERS, " ", "generate.empty-prompt", "a, b, c, d, or the numbers 0 to 3"),
        (LETTERS, [], "generate.empty-prompt", "at least one"),
        (LETTERS, [4], "option.out-of-range", "from 0 to 3"),
        (LETTERS, [1.0], "option.wrong-type", "1.0"),
        (LETTERS, 3, "option.wrong-type", "3"),
    ],
)
def test_other_prompts_are_refused(labels: list[str] | None, prompt: Any, code: str, text: str) -> None:
    with pytest.raises(InvalidInputError) as found:
        words(model(labels), prompt)
    assert found.value.code == code
    assert text in str(found.value)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        (
            {
                "tokens": {"type": "inline", "values": EMBEDDING},
                "readout": {"type": "next-token", "vocabulary": VOCABULARY},
            },
            "generate.no-next-word",
            "/tokens",
        ),
        ({"readout": {"type": "state-fidelity", "targets": [[1, 0]] * 3}}, "generate.no-next-word", "/readout"),
        (
            {"readout": {"type": "next-token", "vocabulary": [[1, 0]] * 5}},
            "generate.unreadable-word",
            "/readout/vocabulary",
        ),
    ],
)
def test_models_without_next_words_are_refused(changes: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as found:
        words(model(**changes), "0")
    assert (found.value.code, found.value.pointer) == (code, pointer)


def test_words_are_those_of_the_vocabulary() -> None:
    given = model(LETTERS, readout={"type": "next-token", "vocabulary": VOCABULARY[:3]})
    assert words(given, "cab 2") == (2, 0, 1, 2)
    for prompt in ("d", "3", [3]):
        with pytest.raises(InvalidInputError, match="0 to 2"):
            words(given, prompt)


def test_labels() -> None:
    assert label(model(LETTERS), 2) == "c"
    assert label(model(), 2) == "2"


@pytest.mark.parametrize(
    ("position", "norm", "wanted"),
    [
        (None, "none", 5),
        ({"type": "none"}, "none", None),
        ({"type": "sinusoidal"}, "centre", None),
        ({"type": "none"}, {"scale": [1, 2, 3]}, 3),
        (None, {"scale": [1, 2, 3]}, 3),
    ],
)
def test_learned_positions_and_fixed_scales_have_an_end(position: Any, norm: Any, wanted: int | None) -> None:
    assert longest(model(position=position, norm=norm)) == wanted


def test_a_continued_model_is_the_same_with_other_words() -> None:
    """What it predicts after its last word is what a model of a longer sequence predicts there."""
    given = model(LETTERS, sequence=(3, 1, 0, 2, 2), norm={"scale": [1, 2, 0.5, 3, 0.2]})
    for length in range(1, 5):
        made = continued(given, (3, 1, 0, 2, 2)[:length])
        assert made.canonical["readout"]["positions"] in ("last", [length])
        assert made.sequence is not None
        assert made.sequence.tolist() == [3, 1, 0, 2, 2][:length]
        assert made.labels == given.labels
        assert load(made.canonical) == made
        assert len(family_of(made).plan(made).circuits) == 1
        found = following(made, made.readout.closed_form(made))
        wanted = given.readout.closed_form(given).values["predictions"][length - 1]["probabilities"]
        assert found == pytest.approx(wanted, abs=1e-14)
    other = continued(given, (3, 1, 0, 2, 0))
    assert following(other, other.readout.closed_form(other)) != pytest.approx(wanted, abs=1e-3)


def test_targets_are_left_behind() -> None:
    readout = {"type": "next-token", "vocabulary": EMBEDDING, "positions": [2, 1], "targets": [1, 0]}
    made = continued(model(readout=readout, tokens=None), [0, 1])
    assert "cross_entropy" not in made.readout.closed_form(made).metrics


def test_what_is_not_resolved_has_no_probabilities() -> None:
    made = continued(model(), [0])
    result = made.readout.closed_form(made)
    assert following(made, result) is not None
    [prediction] = result.values["predictions"]
    prediction["probabilities"] = [0.5, None, 0.5, 0]
    assert following(made, result) is None


def test_the_family_offers_it() -> None:
    given = model(LETTERS)
    family = family_of(given)
    assert isinstance(family, Continues)
    assert family.words(given, "ad") == (0, 3)
    assert family.label(given, 3) == "d"
    assert family.longest(given) == 5
    made = family.continued(given, [1, 2])
    assert made == continued(given, [1, 2])
    result = made.readout.closed_form(made)
    assert family.following(made, result) == following(made, result)

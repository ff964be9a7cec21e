"""Words that follow a prompt: from the circuits' probabilities, the same ones for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.compiler import generation
from qsac.errors import InvalidInputError
from qsac.families.transformer.generation import continued, following
from tests.cli.conftest import SMALL

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

WORDS: dict[str, Any] = {
    "qsac": 1,
    "name": "words",
    "tokens": {
        "type": "words",
        "embedding": [[1, 0.2], [0.3, 1], [1, -0.5]],
        "sequence": [0],
        "labels": ["a", "b", "c"],
    },
    "transformer": {
        "position": {"type": "add", "values": [[0.1, 0], [0, 0.2], [0.3, 0.1], [0.2, -0.1]]},
        "normalise": True,
        "layers": [{"residual": [0.5, 0.5]}],
    },
    "readout": {"type": "next-token", "vocabulary": [[1, 0], [0, 1], [1, 1]]},
}
# What attention gives after one word nearly cancels the residual: a word is found once in 40,000 shots.
RARE = WORDS | {
    "tokens": {"type": "words", "embedding": [[1, 0], [0, 1]], "sequence": [0], "labels": ["a", "b"]},
    "transformer": {"layers": [{"residual": [1, -0.99]}]},
    "readout": {"type": "next-token", "vocabulary": [[1, 0], [0, 1]]},
}


def test_each_word_is_drawn_from_its_circuit() -> None:
    found = qsac.generate(WORDS, "ab", 3, seed=5)
    assert (found.name, found.target, found.shots, found.seed) == ("words", "statevector", None, 5)
    assert found.prompt == (0, 1)
    assert found.words == (0, 1, *(step.word for step in found.steps))
    assert found.sentence == "a b " + " ".join("abc"[step.word] for step in found.steps)
    given = qsac.load(WORDS)
    for place, step in enumerate(found.steps):
        model = continued(given, found.words[: 2 + place])
        wanted = following(model, model.readout.closed_form(model))
        assert wanted is not None
        assert step.probability == pytest.approx(wanted[step.word], abs=1e-9)
        assert following(model, step.result) == pytest.approx(wanted, abs=1e-9)
        assert step.label == "abc"[step.word]
        compiled = qsac.compile(model, "statevector")
        assert step.two_qubit_gates == compiled.stats["two_qubit_gates"] > 0
        assert step.qubits == compiled.stats["qubits"]
    assert found.to_dict() == json.loads(json.dumps(found.to_dict()))


def test_the_same_seed_gives_the_same_words() -> None:
    found = {seed: qsac.generate(WORDS, "a", 4, seed=seed, shots=50) for seed in range(6)}
    assert qsac.generate(WORDS, [0], 4, seed=3, shots=50) == found[3]
    shorter = qsac.generate(WORDS, "a", 2, seed=3, shots=50)
    assert shorter.steps == found[3].steps[:2]
    assert len({one.words for one in found.values()}) > 2
    seeds = [step.result.seed for one in found.values() for step in one.steps]
    assert len(set(seeds)) == len(seeds)


def test_words_come_as_often_as_they_are_probable() -> None:
    drawn = [generation._chosen((0.5, 0.0, 0.3, 0.2), generation._seeds(seed, 1)[0]) for seed in range(4000)]
    shares = np.bincount(drawn, minlength=4) / 4000
    assert shares == pytest.approx([0.5, 0, 0.3, 0.2], abs=5 * 0.5 / np.sqrt(4000))
    assert shares[1] == 0


def test_greedy_takes_the_most_probable_word() -> None:
    found = [qsac.generate(WORDS, "cb", 3, greedy=True, seed=seed) for seed in range(2)]
    assert found[0].words == found[1].words
    assert found[0].greedy
    for step in found[0].steps:
        assert step.probability == max(step.result.values["predictions"][0]["probabilities"])
    assert generation._chosen((0.2, 0.4, 0.4), None) == 1


def test_shots_are_counted() -> None:
    found = qsac.generate(WORDS, "ab", 2, shots=200, seed=1)
    exact = qsac.generate(WORDS, "ab", 2, seed=1)
    assert found.shots == 200
    for step in found.steps:
        accepted = step.result.success_probability * 200
        assert accepted == pytest.approx(round(accepted))
        hits = step.probability * accepted
        assert hits == pytest.approx(round(hits))
    assert 0 < abs(found.steps[0].probability - exact.steps[0].probability) < 0.2


def test_noise_is_simulated() -> None:
    found = qsac.generate(WORDS, "ab", 1, "h2", shots=300, noise=True)
    assert (found.target, found.noise, found.shots) == ("h2", True, 300)
    assert found.steps[0].result.noise
    with pytest.raises(InvalidInputError, match="no error rates of"):
        qsac.generate(WORDS, "ab", 1, noise=True)


def test_the_trained_models_do_what_they_were_trained_for() -> None:
    copied = qsac.generate(EXAMPLES / "gpt-copy.json", "dacb", 5, greedy=True)
    assert copied.sentence == "d a c b d a c b d"
    assert min(step.probability for step in copied.steps) > 0.9
    # The verb agrees with the latest subject, not with the first one.
    for prompt, wanted in {"they sing and she often": "sings", "she sings and they often": "sing"}.items():
        [step] = qsac.generate(EXAMPLES / "gpt-grammar.json", prompt, 1).steps
        probabilities = step.result.values["predictions"][0]["probabilities"]
        shares = dict(zip(["she", "they", "often", "sings", "sing", "and"], probabilities, strict=True))
        assert 0.4 < shares[wanted] < 0.6
        assert shares[wanted] + shares["often"] > 0.98


def test_a_model_has_so_many_positions() -> None:
    assert len(qsac.generate(WORDS, "abc", 2).words) == 5
    with pytest.raises(InvalidInputError) as found:
        qsac.generate(WORDS, "abc", 3)
    assert found.value.code == "generate.too-long"
    assert "generate 2 words or fewer" in str(found.value)
    with pytest.raises(InvalidInputError, match="give a shorter prompt"):
        qsac.generate(WORDS, "abcab", 1)
    free = WORDS | {"transformer": {"layers": [{"residual": [0.5, 0.5]}]}}
    assert len(qsac.generate(free, "abcabc", 1).words) == 7


def test_no_word_in_any_shot_is_an_error() -> None:
    with pytest.raises(InvalidInputError) as found:
        qsac.generate(RARE, "a", 1, shots=20)
    assert found.value.code == "generate.no-word"
    model = continued(qsac.load(RARE), [0])
    success = model.readout.closed_form(model).success_probability
    assert success is not None
    assert 0 < success < 1e-4
    assert f"{success:.3g}" in str(found.value)
    assert qsac.generate(RARE, "a", 1).steps[0].label == "a"


def test_words_that_cannot_come_are_an_error() -> None:
    never = RARE | {"readout": {"type": "next-token", "vocabulary": [[0, 0], [0, 1]]}}
    for shots in (None, 20):
        with pytest.raises(InvalidInputError) as found:
            qsac.generate(never, "a", 1, shots=shots)
        assert found.value.code == "generate.impossible"


def test_other_models_and_options_are_refused() -> None:
    with pytest.raises(InvalidInputError, match='the section "attention"') as found:
        qsac.generate(SMALL, "0", 1)
    assert found.value.code == "generate.no-next-word"
    for options in ({"steps": 0}, {"steps": 1.5}, {"seed": -1}, {"shots": 0}, {"greedy": 1}, {"noise": "yes"}):
        arguments: dict[str, Any] = {"steps": 1} | options
        with pytest.raises(InvalidInputError) as found:
            qsac.generate(WORDS, "a", **arguments)
        assert (found.value.code or "").startswith("option.")


def test_compiled_circuits_are_kept(tmp_path: Path) -> None:
    cache = qsac.Cache(tmp_path / "cache")
    first = qsac.generate(WORDS, "ab", 2, cache=cache)
    entries = cache.usage().entries
    assert entries == 2
    assert qsac.generate(WORDS, "ab", 2, cache=tmp_path / "cache") == first
    assert cache.usage().entries == entries


def test_progress_is_told() -> None:
    told: list[tuple[int, int, str]] = []
    qsac.generate(WORDS, "a", 2, progress=lambda *args: told.append(args))
    assert [one for one in told if one[2] == "generating words"] == [
        (0, 2, "generating words"),
        (1, 2, "generating words"),
        (2, 2, "generating words"),
    ]

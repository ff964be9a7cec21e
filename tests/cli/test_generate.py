"""`qsac generate`: its table, its JSON, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from tests.compiler.test_generation import RARE, WORDS

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def words(folder: Path) -> Path:
    (folder / "words.json").write_text(json.dumps(WORDS), encoding="utf-8")
    return folder


def test_a_row_for_each_word_and_the_sentence(words: Path, capsys: Captured) -> None:
    assert run(["generate", "words.json", "--prompt", "ab", "--steps", "3", "--seed", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    first, header, _, *rows, sentence = captured.out.splitlines()
    found = qsac.generate("words.json", "ab", 3, seed=2)
    assert first == "words on statevector, exactly, drawn words, seed 2"
    assert " ".join(header.split()) == "step word probability success probability two-qubit gates qubits"
    assert [row.split() for row in rows] == [
        [
            str(place),
            step.label,
            f"{step.probability:.6f}",
            f"{step.result.success_probability:.6f}",
            str(step.two_qubit_gates),
            str(step.qubits),
        ]
        for place, step in enumerate(found.steps, 1)
    ]
    assert len(rows) == 3
    assert sentence == found.sentence


def test_json_is_what_python_gives(words: Path, capsys: Captured) -> None:
    arguments = ["--prompt", "0 1", "--steps", "2", "--target", "h2", "--shots", "200", "--noise", "--seed", "4"]
    assert run(["generate", "words.json", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == qsac.generate("words.json", [0, 1], 2, "h2", shots=200, noise=True, seed=4).to_dict()
    assert found["noise"]
    assert found["shots"] == 200
    assert [step["result"]["target"] for step in found["steps"]] == ["h2", "h2"]


def test_greedy_and_shots_are_told(words: Path, capsys: Captured) -> None:
    assert run(["generate", "words.json", "--prompt", "a", "--steps", "1", "--shots", "1000", "--greedy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "words on statevector, 1,000 shots a word, the most probable words, seed 0"
    [step] = qsac.generate("words.json", "a", 1, shots=1000, greedy=True).steps
    assert lines[3].split()[1:3] == [step.label, f"{step.probability:.4f}"]


def test_the_cache_is_used_unless_told_otherwise(
    words: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSAC_CACHE_DIR", str(words / "cache"))
    arguments = ["generate", "words.json", "--prompt", "a", "--steps", "2"]
    assert run([*arguments, "--no-cache"]) == 0
    assert not (words / "cache").exists()
    first = capsys.readouterr().out
    assert run(arguments) == 0
    assert qsac.Cache(words / "cache").usage().entries == 2
    assert capsys.readouterr().out == first


def test_a_model_on_standard_input(words: Path, capsys: Captured, standard_input: Callable[[bytes], None]) -> None:
    standard_input(json.dumps(WORDS).encode())
    assert run(["generate", "-", "--prompt", "a", "--steps", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("a ")


def test_warnings_name_their_step(words: Path, capsys: Captured) -> None:
    """Noise reaches values of the word register that stand for no word: three words are in two qubits."""
    arguments = ["--prompt", "abc", "--steps", "2", "--target", "h2", "--shots", "3000", "--noise"]
    assert run(["generate", "words.json", *arguments, "--json"]) == 0
    captured = capsys.readouterr()
    steps = json.loads(captured.out)["steps"]
    wanted = [f"warning: step {n}: {text}" for n, one in enumerate(steps, 1) for text in one["result"]["warnings"]]
    assert wanted != []
    assert captured.err.splitlines() == wanted


@pytest.mark.parametrize(
    ("model", "arguments", "code", "text"),
    [
        ("words", ["--prompt", "a e"], "generate.unknown-word", '"e"'),
        ("words", ["--prompt", ""], "generate.empty-prompt", "a, b, c"),
        ("words", ["--prompt", "abca", "--steps", "2"], "generate.too-long", "generate 1 word or fewer"),
        ("words", ["--prompt", "a", "--steps", "0"], "option.out-of-range", "number of steps"),
        ("words", ["--prompt", "a", "--seed", "-1"], "option.out-of-range", "seed"),
        ("words", ["--prompt", "a", "--target", "h3"], "target.unknown", "h3"),
        ("rare", ["--prompt", "a", "--shots", "10"], "generate.no-word", "10 shots"),
        ("small", ["--prompt", "a"], "generate.no-next-word", "attention"),
    ],
)
def test_errors(model: str, arguments: list[str], code: str, text: str, words: Path, capsys: Captured) -> None:
    (words / "rare.json").write_text(json.dumps(RARE), encoding="utf-8")
    assert run(["generate", f"{model}.json", "--steps", "1", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"[{code}]" in captured.err.splitlines()[0]
    assert text in captured.err


@pytest.mark.parametrize("missing", ["--prompt", "--steps"])
def test_prompt_and_steps_are_needed(missing: str, words: Path, capsys: Captured) -> None:
    given = {"--prompt": "a", "--steps": "1"}
    rest = [part for name, value in given.items() if name != missing for part in (name, value)]
    assert run(["generate", "words.json", *rest]) == 2
    assert f"'{missing}'" in capsys.readouterr().err

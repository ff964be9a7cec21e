"""`qsac train`: what it prints, and where it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from qsac.cli.main import run
from qsac.sweeps.threads import _VARIABLES
from qsac.training.checkpoints import FILE
from qsac.training.json_schema import json_schema
from tests.cases import some
from tests.training.tiny import WORDS, changed


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    for name in ("XLA_FLAGS", "JAX_PLATFORMS", *_VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # the command sets them for its process
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(WORDS), encoding="utf-8")
    return path


def test_training_and_its_list(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "tiny.json", "--seeds", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("tiny: trained, written to tiny.train\n")
    lines = printed.out.splitlines()
    assert lines[1].split() == ["seed", "epochs", "train", "cross_entropy", "test", "cross_entropy"]
    assert [line.split()[0] for line in lines[3:]] == ["0", "1", "mean", "spread"]
    results = json.loads(Path("tiny.train/results.json").read_text())
    assert lines[3].split()[2:] == [
        f"{results['seeds'][0]['metrics'][part]['cross_entropy']:.4f}" for part in ("train", "test")
    ]
    assert "unigram entropy" in printed.err
    assert "numbers" in printed.err
    assert run(["train", "tiny.json", "--json", "-q"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"folder": "tiny.train", **results}
    assert printed.err == ""
    assert run(["train", "--list"]) == 0
    printed = capsys.readouterr()
    assert "finished" in printed.out
    assert "6 of 6" in printed.out
    assert run(["train", "--list", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["versions"].keys() >= {"qsac", "jax", "numpy", "python"}
    assert [seed["state"] for seed in entry["seeds"]] == ["finished", "finished"]
    assert run(["check", "tiny.train/seed-1/model.json", "--metrics"]) == 0
    assert {path.name for path in Path("tiny.train").iterdir()} == {
        *("config.json", "results.json", "seed-0", "seed-1", "loss.png", "loss.svg")
    }


def test_comparisons_are_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(json.dumps(changed(WORDS, compare=["n-gram"], epochs=2)))
    assert run(["train", "tiny.json", "-q"]) == 0
    assert "bigram" in capsys.readouterr().out
    assert run(["train", "tiny.json", "-q", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["evaluation"]["rows"]) > 2
    config.write_text(json.dumps(changed(WORDS, compare=["ngram"], epochs=2)))
    assert run(["train", "tiny.json", "-q"]) == 2
    assert "/compare/0" in capsys.readouterr().err


def test_nothing_was_trained(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--list"]) == 0
    assert capsys.readouterr().out == "nothing was trained\n"


OPTIONS: list[tuple[list[str], int, str]] = [
    ([], 2, "name a training configuration"),
    (["none.json"], 2, "file.missing"),
    (["tiny.json", "--seeds", "0"], 2, "usage.invalid"),
    (["tiny.json", "--objective", "los"], 2, "train.unknown-objective"),
    (["tiny.json", "--target", "h2"], 2, "--target goes with --gradient"),
    (["tiny.json", "--gradient", "exact", "--shots", "10"], 2, "--shots goes with --gradient"),
    (["tiny.json", "--gradient", "spsa", "--noise"], 2, "train.noise-without-shots"),
    (["tiny.json", "--gradient", "spsa", "--target", "h9"], 2, "/gradient/target"),
    (["tiny.json", "-o", "other"], 2, "train.folder-not-empty"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), OPTIONS, ids=[" ".join(one[0]) or "none" for one in OPTIONS])
def test_mistakes(
    arguments: list[str], code: int, words: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other").mkdir()
    Path("other/thesis.tex").write_text("x")
    assert run(["train", *arguments]) == code
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["other", "tiny.json"]


def test_another_configuration_and_force(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "tiny.json", "-q", "--epochs", "2"]) == 0
    assert run(["train", "tiny.json", "-q", "--epochs", "3"]) == 2
    assert "--force" in capsys.readouterr().err
    assert run(["train", "tiny.json", "-q", "--epochs", "3", "--force"]) == 0
    assert len(Path("tiny.train/seed-0/history.csv").read_text().splitlines()) == 4


def test_the_schema_is_printed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for option in (["--train"], ["--of", "train"]):
        assert run(["schema", *option]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0] == printed[1] == json_schema()
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) != printed[0]


@pytest.mark.parametrize("jobs", some(["1", "2"], 2))  # workers that are interrupted: test_sweep.py
def test_ctrl_c(jobs: str, config: Path) -> None:
    long: dict[str, Any] = changed(WORDS, epochs=200_000, optimiser={"type": "adam", "rate": 1e-5})
    config.write_text(json.dumps(long | {"checkpoint": {"every": 1}}))
    code = "import sys; from qsac.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "train", "tiny.json", "--seeds", "2", "--jobs", jobs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    checkpoint = Path("tiny.train/seed-0") / FILE
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert out == ""
    assert errors.endswith("interrupted\n")
    assert "the same command goes on with it" in errors
    assert "Traceback" not in errors
    assert checkpoint.exists()


def test_help_imports_no_jax(config: Path) -> None:
    code = "import sys; from qsac.cli.main import run\n"
    for arguments in (["train", "--help"], ["train", "--list"], ["schema", "--train"]):
        code += f"run({arguments}); print('jax' in sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = [line for line in done.stdout.splitlines() if line in ("True", "False")]
    assert found == ["False"] * 3, done.stderr

"""docs/training.md: its commands, configurations and Python run, at a small size, and its tables were measured."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.training.reading import load
from tests.bench.training import PAGE, SECTIONS

EXAMPLES = PAGE.parent / "examples"
TEXT = PAGE.read_text(encoding="utf-8")
SMALL: dict[str, Any] = {"sites": 2, "context": 3, "train": 8, "test": 4}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)


def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the configurations of docs/examples, with fewer and smaller sequences, and one epoch."""
    examples = tmp_path / "docs" / "examples"
    examples.mkdir(parents=True)
    document = json.loads((EXAMPLES / "train-ising.json").read_text(encoding="utf-8"))
    document = {**document, "data": {**document["data"], **SMALL}, "epochs": 1, "seeds": 1}
    (examples / "train-ising.json").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path / "journal"))
    lines = [line for block in blocks("") for line in block.splitlines() if line.startswith("qsac ")]
    assert [line.split()[1] for line in lines] == ["train", "evaluate", "roll-out", "compile"]
    for line in lines:
        assert run(shlex.split(line.removeprefix("qsac "))) == 0, line
    assert {"comparison.png", "attention.svg", "loss.png"} <= {path.name for path in tmp_path.iterdir()}


def test_the_configurations_are_valid() -> None:
    documents = [json.loads(block) for block in blocks("json")]
    assert documents
    for document in documents:
        config = load(document)
        data = load({**document, "data": {**document["data"], **SMALL}}).data(0)
        assert config.learner(data).facts()


def test_the_examples_print_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    (block,) = blocks("python")
    said = re.findall(r"^print\(.*\)  # (.*)$", block, re.MULTILINE)
    assert len(said) == block.count("print(") > 0
    with contextlib.redirect_stdout(printed):
        exec(compile(block, str(PAGE), "exec"), {})
    assert printed.getvalue().splitlines() == said


def test_every_section_has_its_place() -> None:
    places = re.findall(r"<!-- measured: ([a-z-]+) -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert sorted(name for name, _ in places) == sorted(SECTIONS)


def test_heads_take_the_gates_that_are_said() -> None:
    rng = np.random.default_rng(0)
    tokens = {"type": "inline", "values": rng.normal(size=(9, 4, 2)).tolist()}

    def unitary() -> dict[str, Any]:
        found = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
        return {"type": "matrix", "entries": np.stack((found.real, found.imag), axis=-1).tolist()}

    def head() -> dict[str, Any]:
        kernel = {"type": "polynomial", "coefficients": (0.5 + rng.random(5)).tolist()}
        return {"kernel": kernel, "value": unitary(), "score": unitary()}

    gates = []
    for attention in (
        head(),
        {"heads": [head(), {**head(), "key_shift": 1}]},
        {"heads": [head(), {**head(), "key_shift": 1, "conjugate": True}]},
    ):
        model = {"qsac": 1, "tokens": tokens, "attention": {"type": "overlap", **attention}}
        gates.append(qsac.compile(model, "h2", verify=False).stats["two_qubit_gates"])
    said = re.search(r"one head takes (\d+)\s+two-qubit gates, .*?take (\d+), and (\d+) if", TEXT, re.DOTALL)
    assert said is not None
    assert [int(number) for number in said.groups()] == gates

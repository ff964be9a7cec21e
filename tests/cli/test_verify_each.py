"""`qsac compile --verify-each`: its messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qsac.cli.main import run
from qsac.pipeline.registry import pass_class
from tests.strategies import random_model


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(random_model(16)))
    return path


@pytest.mark.parametrize("template", [[], ["--template"]])
def test_a_right_compilation_says_so(model: Path, template: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", str(model), "--verify-each", "--timing", *template]) == 0
    captured = capsys.readouterr()
    assert "preserves the meaning" in captured.err
    assert "verify-each" in captured.err or template
    assert run(["compile", str(model), "--verify-each", "-q", *template]) == 0
    assert "preserves the meaning" not in capsys.readouterr().err


def test_the_output_is_the_same_bytes(model: Path) -> None:
    for name, options in (("one", []), ("two", ["--verify-each"])):
        assert run(["compile", str(model), "-o", f"{name}.qsac.json", "--no-cache", *options]) == 0
    assert Path("one.qsac.json").read_bytes() == Path("two.qsac.json").read_bytes()


@pytest.mark.parametrize("options", [[], ["--verify-each", "--no-verify"]])
def test_a_wrong_stage_is_named_and_nothing_is_written(
    model: Path, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = pass_class("stage-degree")

    def lose(_self: Any, program: Any, _context: Any) -> Any:
        return program.with_ops(op for op in program.ops if type(op).__name__ != "ApplyUnitary")

    monkeypatch.setattr(kind, "apply", lose)
    assert run(["compile", str(model), "--no-cache", "-o", "out.qsac.json", *options]) == 1
    assert "the pass stage-degree changed the meaning" in capsys.readouterr().err
    assert not Path("out.qsac.json").exists()
    assert run(["compile", str(model), "--no-cache", "-o", "out.qsac.json", "--no-verify"]) == 0


def test_what_is_in_the_cache_is_compiled_again(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options in ([], ["--verify-each"]):
        assert run(["compile", str(model), "--json", *options]) == 0
        found = json.loads(capsys.readouterr().out)
    assert "verify-each" in found["timings"]
    assert "emit" in found["timings"]


def test_wide_stages_are_told(model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("qsac.ir.interpreter.WIDTH_LIMIT", 1)
    assert run(["compile", str(model), "--verify-each"]) == 0
    assert "warning: too wide to be interpreted, so not compared: build" in capsys.readouterr().err

"""`qsac compile --error-budget`: what is told of what was spent."""

import json
import re
from pathlib import Path

import pytest

from qsac.cli.main import run
from tests.cli.conftest import SMALL, TFIM
from tests.pipelines import CASCADES

EXACT = ("--target", "h2", "--passes", CASCADES)
"""A target, and all passes but the one that loads these tables exactly in fewer gates than others do about."""


def test_a_spent_budget_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = SMALL | {"name": "evolved", "tokens": TFIM | {"sites": 3, "context": 8}}
    (folder / "evolved.json").write_text(json.dumps(model), encoding="utf-8")
    assert run(["compile", "evolved.json", "-O", "3", "--error-budget", "0.01", *EXACT]) == 0
    said = capsys.readouterr().out
    assert said.startswith("evolved: compiled, verified against its own program, because it is not exact\n")
    spent = json.loads((folder / "evolved.qsac.json").read_text(encoding="utf-8"))["stats"]["error_budget"]["spent"]
    assert spent
    told = re.search(r"infidelity at most (.+), of 0\.01 allowed", said)
    assert told is not None
    assert [part.split(" by ")[1] for part in told[1].split(", ")] == list(spent)
    assert "  actual " in said
    assert run(["run", "evolved.qsac.json", "--target", "statevector", "--json"]) == 0


def test_auto_says_what_it_chose_and_why_not_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = SMALL | {"name": "chosen", "tokens": TFIM | {"sites": 3, "context": 8}}
    (folder / "chosen.json").write_text(json.dumps(model), encoding="utf-8")
    assert run(["compile", "chosen.json", "-O3", "--error-budget", "auto", "--json", *EXACT]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["options"]["error_budget"] == "auto"
    assert said["stats"]["error_budget"]["budget"] > 0
    assert run(["compile", "chosen.json", "-O3", "--error-budget", "auto", "--target", "statevector"]) == 0
    assert "the error budget is 0: statevector is error-free" in capsys.readouterr().err
    assert run(["compile", "chosen.json", "--error-budget", "auto"]) == 2
    assert "no pass of this pipeline approximates" in capsys.readouterr().err
    assert run(["compile", "chosen.json", "--error-budget", "little"]) == 2
    assert "little" in capsys.readouterr().err
    assert run(["compile", "chosen.json", "--error-budget", "0.01"]) == 0
    assert "the error budget is unused" in capsys.readouterr().err

"""The example package is installed, found, and used as its page says."""

import json
import shlex
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from tests.cases import seeds
from tests.strategies import random_model

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "write-a-pass.md"
Captured = pytest.CaptureFixture[str]


def test_it_is_listed(capsys: Captured) -> None:
    assert run(["passes", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    found = listed["measure-early"]
    assert found["package"] == "acme-passes 1.0"
    assert (found["level"], found["options"]) == ("block", {"window": 256})
    assert "drop-diagonals" in found["after"]


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    (tmp_path / "model.json").write_text((ROOT / "docs" / "examples" / "tfim.json").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    block = PAGE.read_text(encoding="utf-8").split("```\nqsac passes\n")[1].split("```")[0]
    lines = block.splitlines()
    assert len(lines) >= 4
    for line in lines:
        assert run(shlex.split(line.removeprefix("qsac "))) == 0, capsys.readouterr().err
    assert "// after measure-early" in capsys.readouterr().err


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize("machine", ["h2", "ibm-fez"])
def test_models_are_compiled_with_it_and_verified(machine: str) -> None:
    ran = 0
    for seed in (drawn := seeds(6, one_of=3)):
        compiled = qsac.compile(
            random_model(seed), machine, optimisation=1, passes="default,+measure-early", verify=True, verify_each=True
        )
        assert compiled.verified is not None
        assert "measure-early" in compiled.options["passes"].split(",")
        ran += 1
    assert ran == len(drawn) > 1


def test_an_order_that_it_does_not_want_and_a_window_of_nothing_are_refused() -> None:
    model = random_model(0)
    with pytest.raises(qsac.InvalidInputError, match="the pass measure-early comes after drop-diagonals"):
        qsac.compile(model, passes="measure-early,drop-diagonals")
    with pytest.raises(qsac.InvalidInputError, match="window must be 1 or more"):
        qsac.compile(model, passes="measure-early{window=0}")

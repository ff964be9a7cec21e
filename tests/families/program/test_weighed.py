"""What programs say of whether they pay: in artifacts, estimates and on the command line, all four types."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

import qsac
from qsac.cli.main import run as command
from qsac.compiler.estimate_schema import EstimateResult
from qsac.families.program.family import FAMILY
from tests.families.program.models import layers, loaded, network, search, training
from tests.templates.two_layers import two_layers

MODELS = {"search": search, "network": network, "layers": layers, "training": training}


@pytest.mark.parametrize("kind", MODELS)
def test_every_program_says_what_it_stands_for(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fields = MODELS[kind]()
    model = loaded(fields)
    compiled = qsac.compile(model, "h2", verify=False)
    adds = model.system.multiply_adds
    assert adds > 0
    assert compiled.stats["forecast"]["classical_multiply_adds"] == adds
    assert len(compiled.stats["classical_work"]) == 3
    assert qsac.verify(compiled, simulate=False).findings == ()
    estimated: Any = qsac.estimate(model, "h2").to_json()
    assert estimated["forecast"]["classical_multiply_adds"] == adds
    TypeAdapter(EstimateResult).validate_json(json.dumps(estimated))
    line = FAMILY.break_even(model)
    assert line.startswith(f"classically {adds:,} multiply-adds")
    Path("model.json").write_text(json.dumps(fields))
    for asked in ("check", "estimate", "compile", "run"):
        assert command([asked, "model.json"]) == 0
        printed = capsys.readouterr().out
        assert sum(row.split("break-even", 1)[-1].strip(": ") == line for row in printed.splitlines()) == 1, asked


def test_runs_that_bind_circuits_say_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.json").write_text(json.dumps(two_layers()))
    assert command(["run", "model.json", "--shots", "32"]) == 0
    assert "\nbreak-even: classically 9 multiply-adds; here " in capsys.readouterr().out

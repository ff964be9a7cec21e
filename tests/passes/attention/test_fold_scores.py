import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import LoadTokens
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.fold_scores import FoldScores
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from tests.copied_programs import Choices, program_of
from tests.passes.attention.test_select_indices import assert_same_probabilities

CONTEXT = PassContext(target("h1"))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("powers", [False, True])
def test_scores_in_tables_mean_the_same(powers: bool, real: bool, fused: bool) -> None:
    program = program_of(Choices(rows=4, size=2, copies=2, powers=powers, real=real, fused=fused), 2)
    after = FoldScores().apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)
    if fused or not powers:
        # A table of all pairs takes more gates than both loads, and one qubit is as good as another.
        assert after == program
    else:
        assert _inverse_loads(program) - _inverse_loads(after) > 0
        assert two_qubit_gates(after, "zzphase") < two_qubit_gates(program, "zzphase")


def _inverse_loads(program: Program) -> int:
    return sum(isinstance(op, LoadTokens) and op.inverse for op in program.ops)


def test_no_level_runs_it() -> None:
    assert all("fold-scores" not in [step.name for step in default_pipeline(level)] for level in range(4))


def _model() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    heads = [{"query": rng.normal(size=(4, 4)).tolist(), "key": rng.normal(size=(4, 4)).tolist()}]
    return {
        "qsac": 1,
        "tokens": {"type": "inline", "values": rng.normal(size=(8, 4)).tolist()},
        "transformer": {"layers": [{"attention": {"heads": heads}, "residual": [0.5, 0.5]}]},
        "readout": {"type": "next-token", "vocabulary": np.eye(4).tolist()},
    }


def test_artifacts_say_what_was_worked_out_classically() -> None:
    without = qsac.compile(_model(), "h1")
    compiled = qsac.compile(_model(), "h1", passes="default,+fold-scores")
    assert compiled.verified is not None
    assert compiled.circuits[0].two_qubit_gates < without.circuits[0].two_qubit_gates
    assert compiled.stats["classical_work"] == [*without.stats["classical_work"], "scores, each of two tokens"]
    assert qsac.verify(compiled).findings == ()


def test_the_command_line_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.json").write_text(json.dumps(_model()), "utf-8")
    assert run(["compile", "model.json", "--passes", "default,+fold-scores"]) == 0
    assert "scores, each of two tokens were worked out classically" in capsys.readouterr().err
    assert run(["compile", "model.json", "-o", "other.qsac.json"]) == 0
    assert "classically" not in capsys.readouterr().err

"""`qsac diff`: what differs, beyond a tolerance, and whether the meaning does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.views.differences.circuits import circuit_differences
from qsac.views.differences.subjects import of_compiled
from tests.cli.conftest import SMALL
from tests.pipelines import CASCADES

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def artifacts(folder: Path) -> Path:
    """The same model compiled twice, ``o0`` and ``o2``, as artifacts and as IR texts."""
    for level in (0, 2):
        made = qsac.compile("complex.json", "h2", optimisation=level, verify=False)
        made.save(f"o{level}.qsac.json")
        Path(f"o{level}.ir").write_text(made.ir, encoding="utf-8")
    return folder


def told(arguments: list[str], capsys: Captured, code: int = 0) -> dict[str, Any]:
    """What the command prints as JSON."""
    capsys.readouterr()
    assert run(["diff", *arguments, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_same_differs_in_nothing(artifacts: Path, capsys: Captured) -> None:
    for name in ("o0.qsac.json", "o0.ir"):
        found = told([name, name, "--exit-code"], capsys)
        assert found["differences"] == []
        assert found["meaning"]["same"] is True
        assert run(["diff", name, name]) == 0
        assert capsys.readouterr().out.endswith("nothing differs\n")


def test_levels_differ_in_gates_and_not_in_meaning(artifacts: Path, capsys: Captured) -> None:
    found = told(["o0.qsac.json", "o2.qsac.json", "--exit-code"], capsys)
    assert found["meaning"]["same"] is True
    by_place = {(one["section"], one["what"]): one for one in found["differences"]}
    stats = [qsac.Compiled.load(f"o{level}.qsac.json").stats for level in (0, 2)]
    counts = by_place["counts", "two-qubit gates"]
    assert [counts["a"], counts["b"]] == [one["two_qubit_gates"] for one in stats]
    assert counts["a"] != counts["b"]
    ran = [one["b"] for (section, _), one in by_place.items() if section == "passes" and one["a"] is None]
    assert len(ran) == len(stats[1]["passes"])
    assert sum(" to " in said for said in ran) > 0
    assert by_place["options", "/optimisation"]["b"] == 2
    assert any(section == "tables" and one["a"] is None for (section, _), one in by_place.items())
    assert any(one["section"] == "ops" and "apply-unitary" in one["a"] for one in found["differences"] if one["a"])
    assert not any(one["section"] in ("model", "target", "angles") for one in found["differences"])
    assert run(["diff", "o0.qsac.json", "o2.qsac.json"]) == 0
    out = capsys.readouterr().out
    assert "\n  - " in out
    assert "\n  + " in out
    assert "meaning" not in out


def test_texts_of_programs(artifacts: Path, capsys: Captured) -> None:
    found = told(["o0.ir", "o2.ir", "--exit-code"], capsys)
    assert {one["section"] for one in found["differences"]} == {"ops", "tables"}
    assert found["meaning"]["same"] is True
    assert run(["diff", "o0.ir", "o2.qsac.json"]) == 2
    assert "programs of different kinds cannot be compared [file.different-kinds]" in capsys.readouterr().err


def test_another_model_means_something_else(artifacts: Path, capsys: Captured) -> None:
    model = json.loads(Path("complex.json").read_text())
    model["tokens"]["field"] += 1e-4
    for name, source in (("one", "complex.json"), ("other", model)):
        # Ladders that are solved for are others altogether, and blocks that are written anew may be.
        passes = f"{CASCADES},-resynthesise-blocks"
        qsac.compile(source, "h2", passes=passes, verify=False).save(f"{name}.qsac.json")
    found = told(["one.qsac.json", "other.qsac.json", "--exit-code"], capsys, code=1)
    assert found["meaning"]["same"] is False
    assert " in one.qsac.json and " in found["meaning"]["reason"]
    sections = {one["section"] for one in found["differences"]}
    assert {"model", "tables", "angles"} <= sections
    assert not sections & {"ops", "passes", "gates", "allocation"}
    assert told(["one.qsac.json", "other.qsac.json"], capsys)["meaning"] is None
    close = told(["one.qsac.json", "other.qsac.json", "--exit-code", "--tolerance", "0.1"], capsys)
    assert {one["section"] for one in close["differences"]} <= {"counts"}
    assert close["meaning"]["same"] is True
    assert run(["diff", "one.qsac.json", "other.qsac.json", "--exit-code", "-q"]) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("tolerance", ["nan", "inf"])
def test_a_tolerance_is_finite(tolerance: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "a.ir", "b.ir", "--json", "--tolerance", tolerance]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "is not a finite number [usage.invalid]" in captured.err


def test_the_name_of_a_model_means_nothing(folder: Path, capsys: Captured) -> None:
    for name in ("a", "b"):
        qsac.compile(SMALL | {"name": name}, "h2", verify=False).save(f"{name}.qsac.json")
    found = told(["a.qsac.json", "b.qsac.json", "--exit-code"], capsys)
    assert [(one["section"], one["what"], one["a"], one["b"]) for one in found["differences"]] == [
        ("model", "/name", "a", "b")
    ]


def test_templates_and_targets(folder: Path, capsys: Captured) -> None:
    qsac.template(SMALL, "h2").save("a.json")
    qsac.template(SMALL, "h1", fold=False).save("b.json")
    found = told(["a.json", "b.json", "--exit-code"], capsys)
    assert found["kind"] == "template"
    sections = {one["section"]: one for one in found["differences"]}
    assert (sections["target"]["a"], sections["target"]["b"]) == ("h2", "h1")
    assert {one["what"] for one in found["differences"] if one["section"] == "passes"} == {"fold-unitaries"}


def test_what_is_too_wide_is_known_by_its_model_or_not_at_all(
    artifacts: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qsac.views.differences.meaning.MOST_ALIVE", 3)
    found = told(["o0.qsac.json", "o2.qsac.json", "--exit-code"], capsys)
    assert "of the same model" in found["meaning"]["reason"]
    assert told(["o0.ir", "o2.ir", "--exit-code"], capsys, code=3)["meaning"]["same"] is None


def test_angles_are_compared_round_the_circle(artifacts: Path) -> None:
    circuit = qsac.Compiled.load("o2.qsac.json").circuits[0]
    turned = replace(circuit, angles=circuit.angles + np.array([2.0, 0.0]) * (circuit.kind == 0)[:, None])
    assert list(circuit_differences(circuit, turned, 1e-9, None)) == []
    moved = circuit.angles.copy()
    moved[3, 0] += 1e-6
    (one,) = circuit_differences(circuit, replace(circuit, angles=moved), 1e-9, None)
    assert one.what.startswith("1 angle differs, most of ")
    assert list(circuit_differences(circuit, replace(circuit, angles=moved), 1e-5, None)) == []
    fewer = circuit.rows(np.arange(len(circuit)) != 5)
    found = {one.what: (one.a, one.b) for one in circuit_differences(circuit, fewer, 1e-9, None)}
    assert found["gates without a like in the other"] == (1, 0)


def test_other_files_are_refused(artifacts: Path, capsys: Captured) -> None:
    assert run(["diff", "small.json", "o0.qsac.json"]) == 2
    assert "neither IR text nor an artifact nor a template [file.unknown-kind]" in capsys.readouterr().err
    Path("broken.ir").write_text("qsac-ir 2\nprogram\n")
    assert run(["diff", "o0.ir", "broken.ir"]) == 2
    assert "broken.ir" in capsys.readouterr().err
    assert run(["diff", "-", "-"]) == 2
    assert run(["diff", "o0.ir", "o0.ir", "-q"]) == 2
    assert run(["diff", "o0.ir", "none.ir"]) == 2


def test_passes_that_spent_are_not_trusted_beyond_what_is_seen(artifacts: Path) -> None:
    compiled = qsac.Compiled.load("o0.qsac.json")
    stats: Any = {**compiled.stats, "error_budget": {"budget": 0.1, "spent": {"prune-loaders": 0.01}}}
    assert of_compiled(replace(compiled, stats=stats), "it").spent == 0.01

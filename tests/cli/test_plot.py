"""`qsac plot`: files that are pictures of the numbers, the same bytes each time, and nothing replaced unasked."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.views import plots
from qsac.views.scaling import scaled
from tests.cli.conftest import SMALL

pytest.importorskip("matplotlib")
Captured = pytest.CaptureFixture[str]
PNG = b"\x89PNG\r\n"
RESULT: dict[str, Any] = {
    "target": "h2",
    "shots": 100,
    "seed": 0,
    "noise": False,
    "mitigated": False,
    "metrics": {"fidelity": 0.5, "loss": None, "zeta": 0.25},
    "standard_errors": {"fidelity": 0.1, "zeta": 0.05},
    "success_probability": 0.25,
    "values": {},
    "value_errors": {},
    "warnings": [],
}


def shown(svg: bytes) -> set[str]:
    """The texts of an SVG of Matplotlib's, which are paths with the text in a comment before them."""
    return {text.strip() for text in re.findall(r"<!-- (.*?) -->", svg.decode())}


def test_passes_are_drawn_to_the_same_bytes(folder: Path, capsys: Captured) -> None:
    compiled = qsac.compile("complex.json", verify=False)
    compiled.save("complex.qsac.json")
    assert run(["plot", "passes", "complex.qsac.json"]) == 0
    assert capsys.readouterr().out == "wrote complex.passes.png and complex.passes.svg\n"
    png, svg = (Path(f"complex.passes.{ending}").read_bytes() for ending in ("png", "svg"))
    assert png.startswith(PNG)
    ElementTree.fromstring(svg)
    changed = [step for step in compiled.stats["passes"] if step["two_qubit_gates"][0] != step["two_qubit_gates"][1]]
    assert changed
    assert {step["name"] for step in changed} < shown(svg)
    assert f"{compiled.stats['two_qubit_gates']:,}" in shown(svg)
    assert run(["plot", "passes", "complex.qsac.json", "-o", "again.svg", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": ["again.svg"]}
    assert Path("again.svg").read_bytes() == svg
    assert not Path("again.png").exists()


def test_a_plot_does_not_replace_its_sources(folder: Path, capsys: Captured) -> None:
    for name in ("a.json", "b.svg"):
        Path(name).write_text(json.dumps(RESULT), encoding="utf-8")
    for place in ("b.svg", "b"):
        assert run(["plot", "result", "a.json", "b.svg", "-o", place]) == 2
        assert "would replace the source" in capsys.readouterr().err
    assert json.loads(Path("b.svg").read_text(encoding="utf-8")) == RESULT
    assert not Path("b.png").exists()


@pytest.mark.parametrize("asked", [["-o", "a.pdf"], ["-o", "a.JPG"], ["--context", ","], ["--context", "8,,16"]])
def test_what_is_not_drawn_is_refused(folder: Path, asked: list[str], capsys: Captured) -> None:
    before = set(folder.iterdir())
    assert run(["plot", "scaling", "small.json", *asked]) == 2
    assert "[usage.invalid]" in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_no_file_is_replaced_under_a_name_that_nobody_chose(folder: Path, capsys: Captured) -> None:
    qsac.compile(SMALL, verify=False).save("a.qsac.json")
    Path("a.passes.svg").write_text("mine")
    assert run(["plot", "passes", "a.qsac.json"]) == 2
    assert "[output.exists]" in capsys.readouterr().err
    assert Path("a.passes.svg").read_text() == "mine"
    assert not Path("a.passes.png").exists()
    assert run(["plot", "passes", "a.qsac.json", "-o", "a.passes", "-q"]) == 0
    assert Path("a.passes.svg").read_bytes() != b"mine"


def test_steps_of_passes_lead_to_the_counts() -> None:
    """What a pass did is its own: lowering saves gates of a transformer, and no pass is given the credit."""
    model = Path(__file__).parent.parent.parent / "docs" / "examples" / "gpt-grammar.json"
    for level in (0, 1):
        compiled = qsac.compile(model, "h2", optimisation=level, verify=False)
        steps = plots._steps(compiled)
        assert [after for _, _, after in steps[:-1]] == [before for _, before, _ in steps[1:]]
        assert not steps or steps[-1][2] == compiled.stats["two_qubit_gates"]
        changed = {name for name, before, after in steps if before != after}
        said = {
            step["name"]
            for stats in compiled.parts_stats
            for step in stats["passes"]
            if step["two_qubit_gates"][0] != step["two_qubit_gates"][1]
        }
        assert changed - {"lower", "emit"} == said
    assert "lower" in changed


def test_scaling_is_that_of_estimates(folder: Path, capsys: Captured) -> None:
    model = qsac.load(SMALL)
    points = scaled(model, "h2", contexts=["4", "8"], dimensions=[], degrees=[1, 2], optimisation=2)
    assert [(point.context, point.dimension, point.degree) for point in points] == [
        (4, 2, 1),
        (4, 2, 2),
        (8, 2, 1),
        (8, 2, 2),
    ]
    wanted = qsac.estimate(model, "h2", context=8).counts
    assert points[2].counts["two_qubit_gates"] == wanted["two_qubit_gates"]
    assert points[2].counts["two_qubit_gates"] < points[3].counts["two_qubit_gates"]  # type: ignore[operator]
    drawn = plots.scaling(points, "it")
    assert {"k = 1", "k = 2", "two-qubit gates", "T, context tokens"} <= shown(drawn.svg)
    assert plots.scaling(points, "it").png == drawn.png
    assert run(["plot", "scaling", "small.json", "--context", "4,8", "-o", "s.png"]) == 0
    assert Path("s.png").read_bytes().startswith(PNG)
    capsys.readouterr()
    for arguments, code in (
        (["--degree", "x"], "usage.invalid"),
        (["--context", "4,5,6,7,8,9,10,11", "--dimension", "2,3,4,5,6,7,8,9"], "usage.invalid"),
        (["--context", ",".join(map(str, range(4, 120)))], "plot.too-many"),
    ):
        assert run(["plot", "scaling", "small.json", *arguments, "-o", "s.svg"]) == 2
        assert f"[{code}]" in capsys.readouterr().err
    assert run(["plot", "scaling", "complex.json", "--degree", "1,2", "-o", "s.svg"]) == 2
    assert "[plot.no-degree]" in capsys.readouterr().err
    assert not Path("s.svg").exists()


def test_results_have_error_bars(folder: Path, capsys: Captured) -> None:
    found = plots.measured("one", RESULT)
    assert dict(found.metrics) == {"fidelity": (0.5, 0.1), "zeta": (0.25, 0.05)}
    without = plots.measured("one", RESULT | {"standard_errors": {}})
    assert plots.results([found]).svg != plots.results([without]).svg
    assert {"fidelity", "zeta", "one"} <= shown(plots.results([found]).svg)
    assert "loss" not in shown(plots.results([found]).svg)
    predictions = {"predictions": {"position": 3, "over": "basis", "probabilities": [0.25, 0.75]}}
    wider = plots.measured("two", RESULT | {"values": predictions, "value_errors": predictions})
    assert wider.predictions == {"0 | 3": (0.25, 0.25), "1 | 3": (0.75, 0.75)}
    Path("r.json").write_text(json.dumps(RESULT))
    assert run(["run", "small.json", "--shots", "50", "--target", "aer", "--json"]) == 0
    Path("s.json").write_text(capsys.readouterr().out)
    assert run(["plot", "result", "r.json", "s.json", "-o", "both"]) == 0
    assert {"r", "s"} <= shown(Path("both.svg").read_bytes())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{}", "plot.not-a-result"),
        ("[1]", "plot.not-a-result"),
        (json.dumps(RESULT | {"shots": "many"}), "plot.not-a-result"),
        (json.dumps(RESULT | {"metrics": {}}), "plot.nothing-to-draw"),
        ("{", "json.syntax"),
    ],
)
def test_what_is_no_result_is_refused(content: str, code: str, folder: Path, capsys: Captured) -> None:
    Path("r.json").write_text(content)
    assert run(["plot", "result", "r.json"]) == 2
    assert f"[{code}]" in capsys.readouterr().err
    assert not list(folder.glob("*.png"))


def test_names_are_drawn_as_letters(folder: Path) -> None:
    name = r"$\frac{1}$ </script><img src=x onerror=alert(1)> -->"
    compiled = qsac.compile(SMALL, verify=False)
    svg = plots.pass_waterfall(replace(compiled, model=replace(compiled.model, name=name))).svg
    root = ElementTree.fromstring(svg)
    assert {element.tag.split("}")[1] for element in root.iter() if isinstance(element.tag, str)} & {
        "img",
        "script",
    } == set()
    assert plots.letters("a\x1b$b") == r"a\x1b\$b"


def test_training_is_that_of_a_run(folder: Path, capsys: Captured) -> None:
    assert run(["plot", "training", "nothing.train"]) == 2
    assert "[train.not-a-run]" in capsys.readouterr().err


def test_usage(folder: Path, capsys: Captured) -> None:
    qsac.compile(SMALL, verify=False).save("a.qsac.json")
    for arguments in (
        ["passes", "a.qsac.json", "a.qsac.json"],
        ["passes", "a.qsac.json", "--context", "4"],
        ["passes", "-"],
        ["passes", "a.qsac.json", "-o", "-"],
        ["circles", "a.qsac.json"],
    ):
        assert run(["plot", *arguments]) == 2
        assert "[usage.invalid]" in capsys.readouterr().err
    assert run(["plot", "passes", "a.qsac.json", "-o", "no/where.png"]) == 2
    assert "[output." in capsys.readouterr().err


def test_without_matplotlib_the_extra_is_named(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    qsac.compile(SMALL, verify=False).save("a.qsac.json")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(["plot", "passes", "a.qsac.json"]) == 2
    said = capsys.readouterr().err
    assert "[package.missing]" in said
    assert "pip install 'qsac[train]'" in said
    assert not list(folder.glob("a.passes.*"))


def test_a_matplotlib_that_cannot_be_imported_is_one_error(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    qsac.compile(SMALL, verify=False).save("a.qsac.json")
    package = folder / "site" / "matplotlib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('built for another \x1b[1mNumPy')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    assert run(["plot", "passes", "a.qsac.json"]) == 2
    said = capsys.readouterr().err
    assert "[package.broken]" in said
    assert r"RuntimeError: built for another \x1b[1mNumPy" in said
    assert "matplotlib" in said
    assert not list(folder.glob("a.passes.*"))


def test_a_degree_that_no_kernel_has_is_of_the_model(folder: Path, capsys: Captured) -> None:
    assert run(["plot", "scaling", "small.json", "--degree", "-1", "-o", "s.svg"]) == 2
    said = capsys.readouterr().err
    assert "where:  small one with another degree /attention/kernel/degree\n" in said
    assert "the number -1" in said

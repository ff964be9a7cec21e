"""What passes of other packages get wrong costs them, and is named."""

from __future__ import annotations

import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import qsac
from qsac import plugins
from qsac.artifact.cache import Cache
from qsac.cli.main import run
from qsac.compiler import compilation as compiler
from qsac.errors import CheckFailedError, ExtensionError, InvalidInputError
from qsac.pipeline import registry
from tests.extensions.elsewhere import PASSES
from tests.extensions.installed import MODEL
from tests.extensions.installed import compiled_with as _compile


@pytest.mark.usefixtures("elsewhere")
def test_passes_that_do_no_harm_are_used() -> None:
    plain = _compile("fold-unitaries")
    for passes in ("same,fold-unitaries,same", "fold-unitaries,same-circuit", "noisy,fold-unitaries"):
        compiled = _compile(passes, verify_each=True)
        assert compiled.verified
        assert np.array_equal(compiled.circuits[0].angles, plain.circuits[0].angles)
        assert compiled.circuits[0].groups == plain.circuits[0].groups != ()


@pytest.mark.usefixtures("elsewhere")
def test_a_pass_may_not_know_which_ops_gates_are_of() -> None:
    """Then the artifact does not say so either, and is as good as any other."""
    compiled = _compile("fold-unitaries,forgets")
    assert compiled.circuits[0].groups == ()
    assert qsac.Compiled.parse(compiled.to_json().encode(), "file").circuits[0].groups == ()
    (leaf,) = compiled.explain().leaves
    assert (leaf.title, leaf.ops) == ("no op", ())
    for count in ("one_qubit_gates", "two_qubit_gates"):
        assert getattr(leaf, count) == compiled.stats[count] > 0


FAILING = {
    "key-error": "KeyError: 'missing'",
    "exits": "SystemExit: 0",
    "memory": "MemoryError",
    "full": "No space left",
    "nothing": "NoneType",
    "listing": "list",
    "shorter": "which nothing projects",
    "no-ops": "cannot be checked",
    "other-level": "block level",
    "renames": "fidelity-mine",
    "own-op": "Magic",
    "not-finite": "finite numbers",
    "in-place": "changed it in place",
    "circuit-in-place": "changed it in place",
    "outside": "gates on qubits of the circuit",
    "unequal": "columns of one length",
    "other-gate": "the gate CX",
    "stale": "another provenance",
    "other-source": "the source 99",
    "spends": "0.25",
    "robs": "own spending only",
    "no-apply": "a method apply",
    "no-level": "'attention' or 'block'",
    "lets-choose": "from 0 to 3",
    "choosy": "window must be 1 or more",
    "absent": "AttributeError",
    "odd": "cannot be loaded",
}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("name", "message"), FAILING.items())
def test_what_a_pass_gets_wrong_is_its_packages_fault(name: str, message: str) -> None:
    with pytest.raises(ExtensionError, match=f"the pass '{name}' of elsewhere 1.2") as caught:
        _compile(name, error_budget=1e-3 if name in ("spends", "robs") else 0.0)
    assert message in str(caught.value)
    assert caught.value.package == "elsewhere 1.2"
    assert "not of qsac" in str(caught.value)
    assert caught.value.exit_code == 4


@pytest.mark.usefixtures("elsewhere")
def test_errors_for_the_user_and_interruptions_stay_what_they_are() -> None:
    with pytest.raises(qsac.QsacError, match="too odd") as caught:
        _compile("refuses")
    assert caught.value.exit_code == 3
    assert caught.value.source == "the pass 'refuses' of elsewhere 1.2"
    with pytest.raises(KeyboardInterrupt):
        _compile("interrupts")
    with pytest.raises(InvalidInputError, match=r"options of the pass choosy of elsewhere 1\.2"):
        registry.parse_pipeline("choosy{window=-1}")
    with pytest.raises(InvalidInputError, match="unknown option of choosy"):
        registry.parse_pipeline("choosy{widow=1}")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("verify_each", [False, True])
@pytest.mark.parametrize("passes", ["loses-unitaries,stage-degree", "stage-degree,turns,same-circuit"])
def test_a_change_of_the_meaning_is_traced_to_the_pass(passes: str, verify_each: bool) -> None:
    culprit = next(name for name in passes.split(",") if name in ("loses-unitaries", "turns"))
    with pytest.raises(CheckFailedError, match=f"the pass '{culprit}' of elsewhere 1.2 changed the meaning") as caught:
        _compile(passes, verify_each=verify_each)
    assert "as a joint probability" in str(caught.value.found)
    assert "not of qsac" in str(caught.value.help)


@pytest.mark.usefixtures("elsewhere")
def test_a_pass_that_is_not_deterministic_is_found_by_verifying_each_stage() -> None:
    _compile("unsteady")
    with pytest.raises(CheckFailedError, match=r"the pass 'unsteady' of elsewhere 1\.2 is not deterministic"):
        _compile("unsteady", verify_each=True)


@pytest.mark.usefixtures("elsewhere")
def test_global_state_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    folder, filters, errors, out = Path.cwd(), list(warnings.filters), np.geterr(), sys.stdout
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    expected = random.Random(7).random(), float(np.random.RandomState(7).random())
    _compile("noisy", verify=False)
    assert (random.random(), float(np.random.random())) == expected  # noqa: NPY002
    assert (Path.cwd(), np.geterr(), sys.stdout) == (folder, errors, out)
    assert list(warnings.filters) == filters
    captured = capfd.readouterr()
    assert captured.out == ""
    for text in ("on stdout", "below Python", "of a child process"):
        assert text in captured.err


@pytest.mark.usefixtures("elsewhere")
def test_global_generators_start_from_the_seed() -> None:
    for seed in (3, 3, 4):
        _compile("draws", seed=seed, verify=False)
    first, again, other = sys.modules["elsewhere_qsac"].drawn
    assert first == again == (random.Random(3).random(), float(np.random.RandomState(3).random()))
    assert other != first


@pytest.mark.usefixtures("elsewhere")
def test_stdout_holds_the_result_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(MODEL))
    command = ["compile", str(path), "--passes", "noisy", "--no-cache", "-o"]
    assert run([*command, str(tmp_path / "out.qsac.json"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["verified"]
    assert run([*command, "-"]) == 0
    written = json.loads(capfd.readouterr().out)
    assert written["options"]["passes"] == "noisy"
    assert run(["compile", str(path), "--passes", "exits", "--no-cache", "-o", "-"]) == 4
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "bug of qsac" not in captured.err


@pytest.mark.usefixtures("elsewhere")
def test_a_level_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's passes say that they belong to -O1 and up: they run where they are named, and nowhere else."""
    for level in range(4):
        names = [step.name for step in registry.default_pipeline(level)]
        assert not set(names) & {*PASSES, "choosy"}
    with_package = [compiler.compile(MODEL, "h1", optimisation=level).to_json() for level in (1, 2)]
    assert "elsewhere_qsac" not in sys.modules, "nothing was loaded that was not asked for"
    monkeypatch.setattr(plugins, "_entries", lambda group: [])
    assert [compiler.compile(MODEL, "h1", optimisation=level).to_json() for level in (1, 2)] == with_package


@pytest.mark.usefixtures("elsewhere")
def test_passes_of_other_packages_are_not_kept_in_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    timings = [_compile(passes, cache=cache).timings for passes in ("same", "same", "stage-degree", "stage-degree")]
    assert ["emit" in each for each in timings] == [True, True, True, False]

"""The names of ``qsac``: what they are does not depend on what was imported or used before."""

import pkgutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import qsac
from qsac import errors
from qsac.artifact import fingerprint
from tests.cases import ALL

ROOT = Path(__file__).parent.parent

EVERYTHING = """
import importlib, importlib.util, inspect, sys
from pathlib import Path
import qsac

LEFT_OUT = sys.argv[1:]

def check(when):
    for name in qsac.__all__:
        found = getattr(qsac, name)
        assert inspect.isclass(found) or inspect.isfunction(found), f"{when}: qsac.{name} is {found!r}"

model = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": [[1, 2], [2, 1], [1, -1]]},
    "attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "value": {"type": "identity"},
                  "score": {"type": "identity"}},
}
first = {name: getattr(qsac, name) for name in qsac.__all__}
check("at first")
for _ in range(2):
    compiled = qsac.compile(model)
    qsac.run(compiled)
    qsac.run(model)
    qsac.estimate(model)
    qsac.template(qsac.load(model)).bind()
    qsac.Cache("unused")
    check("after use")
(folder,) = map(Path, qsac.__path__)  # pkgutil.walk_packages imports each package that it walks through
files = sorted(path.relative_to(folder.parent) for path in folder.rglob("*.py") if path.name != "__main__.py")
modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
for name in modules:
    few_have = ("torch", "pennylane")
    if all(other not in name or importlib.util.find_spec(other) and other not in LEFT_OUT for other in few_have):
        importlib.import_module(name)
check("after importing all modules")
assert {name: getattr(qsac, name) for name in qsac.__all__} == first
print(len(modules), len(qsac.__all__))
"""


def _python(code: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_stay_classes_and_functions(tmp_path: Path) -> None:
    # To import PennyLane takes as long as all else; tests.hosts.test_pennylane does it, and looks at the names then.
    left_out = () if ALL else ("pennylane",)
    modules, names = map(int, _python(EVERYTHING, tmp_path, *left_out).split())
    assert modules > 150
    assert names == len(qsac.__all__) >= 16


def test_no_module_has_the_name_of_a_function() -> None:
    modules = {found.name for found in pkgutil.iter_modules(qsac.__path__)}
    assert {"compiler", "templates"} <= modules
    assert modules & set(qsac.__all__) == set()


def test_modules_first_then_names(tmp_path: Path) -> None:
    modules = (
        "templates.template",
        "compiler.estimation",
        "compiler.compilation",
        "compiler.running",
        "artifact.cache",
    )
    code = "import " + ", ".join(f"qsac.{module}" for module in (*modules, "runtime.run")) + ", qsac\n"
    code += "print(*sorted(type(getattr(qsac, name)).__name__ for name in qsac.__all__))"
    assert set(_python(code, tmp_path).split()) == {"function", "type"}


def test_importing_qsac_is_light(tmp_path: Path) -> None:
    code = "import sys, qsac; qsac.__version__; qsac.__all__; dir(qsac); print(*sys.modules)"
    loaded = set(_python(code, tmp_path).split())
    assert "qsac" in loaded
    assert not loaded & {
        "numpy",
        "scipy",
        "pytket",
        "qiskit",
        "pydantic",
        "networkx",
        "click",
        "qsac.families",
        "qsac.pipeline.registry",
    }


def test_targets_of_other_packages_do_not_import_them(tmp_path: Path) -> None:
    code = "import sys, qsac.machine.backend as b; print(b.target_of_backend(3)); print(*sys.modules)"
    loaded = _python(code, tmp_path).split()
    assert loaded[0] == "None"
    assert not {"qiskit", "pytket"} & set(loaded)


def test_error_classes() -> None:
    kinds = [qsac.InvalidInputError, qsac.CheckFailedError, qsac.DoesNotFitError, qsac.BackendError]
    assert [kind.exit_code for kind in (*kinds, qsac.ExtensionError)] == [2, 1, 3, 4, 4]
    assert issubclass(qsac.QsacWarning, UserWarning)
    assert all(issubclass(kind, qsac.QsacError) for kind in kinds)
    defined = {
        name for name, found in vars(errors).items() if isinstance(found, type) and found.__module__ == errors.__name__
    }
    assert defined <= set(qsac.__all__)


def test_version() -> None:
    assert qsac.__version__ == metadata.version("qsac")
    assert "__version__" in dir(qsac)


def test_version_of_sources_that_are_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(fingerprint.metadata, "version", missing)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{qsac.__version__}"\n' in project
    for text in ("", "[project", '[project]\nname = "other"\nversion = "9"', '[project]\nname = "qsac"'):
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        assert fingerprint._version_of_sources(tmp_path / "pyproject.toml") == "none"
    assert fingerprint._version_of_sources(tmp_path / "missing.toml") == "none"


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'compille'"):
        _ = qsac.compille


def test_the_fingerprint_is_of_all_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {path.name for path in fingerprint.PACKAGE.iterdir()} >= {"cli", "ir", "passes", "targets", "errors.py"}
    copy = tmp_path / "qsac"
    for place in ("passes/attention/one.py", "targets/two.py", "ir/three.py"):
        (copy / place).parent.mkdir(parents=True)
        (copy / place).write_text("", encoding="utf-8")
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)
    seen = set()
    for place in ("passes/attention/one.py", "targets/two.py", "ir/three.py"):
        (copy / place).write_text("changed = True\n", encoding="utf-8")
        fingerprint.fingerprint.cache_clear()
        seen.add(fingerprint.fingerprint())
    fingerprint.fingerprint.cache_clear()
    assert len(seen) == 3

"""The distributions: what is in them, and that the wheel works where nothing else is installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("qsac", "passes", "targets")


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, in an environment that cannot see this checkout."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def repository_files() -> list[str]:
    """Every file that is or would be committed, relative to the root; links are named, not followed."""
    git = ("git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listing = run(*git, cwd=ROOT)
    return [path for path in listing.split("\0") if path and (ROOT / path).exists()]


def package_files() -> set[str]:
    """The files to be packaged under the names they are installed by: ``qsac/passes/x.py``, not ``passes/x.py``."""
    paths = {path for path in repository_files() if path.split("/")[0] in SOURCES and not (ROOT / path).is_symlink()}
    return {path if path.startswith("qsac/") else f"qsac/{path}" for path in paths}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist and the wheel that is built from it, from a clean copy: what earlier builds left must not count."""
    copy = tmp_path_factory.mktemp("source")
    for path in repository_files():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy / path, follow_symlinks=False)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy, cwd=out)
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of a new environment with the wheel and what it asks for, in the locked versions."""
    _, wheel = distributions
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=True)
    binaries = home / "venv" / "bin"
    # The wheel's own metadata says what is installed, the lock only in which version: without hashes, as pip takes them
    # for everything or for nothing. Compiling every dependency would take most of the time.
    versions = re.findall(r"^[a-z].*==[^\\\n]*", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    (home / "versions.txt").write_text("\n".join(versions), encoding="utf-8")
    pip = (binaries / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-compile", "--constraint", home / "versions.txt", wheel, cwd=home)
    run(*pip, "check", cwd=home)
    return binaries


def test_sdist_holds_the_sources(distributions):
    sdist, _ = distributions
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert package_files() - names == set()
    assert {"LICENSE", "README.md", "pyproject.toml", "setup.py"} - names == set()


def test_wheel_holds_the_sources_and_nothing_else(distributions):
    _, wheel = distributions
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    packaged = {name for name in names if ".dist-info/" not in name}
    # What is compiled, where there is a compiler.
    assert {name.partition(".")[0] for name in packaged - package_files()} <= {"qsac/layout/_kernel"}
    assert package_files() <= packaged
    assert {"qsac/py.typed", "qsac/passes/__init__.py", "qsac/targets/__init__.py"} <= packaged
    assert [name for name in packaged if "schema" in name and name.endswith(".json")] != [], (
        "the model file's JSON Schema is shipped"
    )


def test_installed_command_compiles_a_model(installed, tmp_path):
    model = tmp_path / "model.json"
    model.write_bytes((ROOT / "docs" / "examples" / "tfim.json").read_bytes())
    where = run(installed / "python", "-c", "import qsac; print(qsac.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)

    run(installed / "qsac", "compile", model, "--target", "h1", "-o", tmp_path / "model.qsac.json", cwd=tmp_path)
    artifact = json.loads((tmp_path / "model.qsac.json").read_text(encoding="utf-8"))
    assert artifact["qsac_artifact"] == 1
    assert artifact["target"]["name"] == "h1"
    assert artifact["circuits"]

    result = json.loads(
        run(installed / "qsac", "run", tmp_path / "model.qsac.json", "--target", "statevector", "--json", cwd=tmp_path)
    )
    assert result["shots"] is None
    assert 0 <= result["metrics"]["fidelity"] <= 1

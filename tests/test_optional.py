"""Packages of extras: imported, asked for, or said to be broken; whatever their import raises, it is one error."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.export.qir import to_qir
from qsac.frameworks import framework
from qsac.optional import optional_package
from tests.strategies import random_model

COMMAND = "pip install 'qsac[extra]'"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that packages are imported from first."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        del sys.modules[name]


def _package(site: Path, name: str, **files: str) -> None:
    (site / name).mkdir()
    for file, text in files.items():
        (site / name / f"{file}.py").write_text(text, encoding="utf-8")


def _refused(name: str, *parts: str) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        optional_package(name, "what needs it", COMMAND, parts=parts, pointer="/place")
    assert (caught.value.exit_code, caught.value.pointer) == (2, "/place")
    assert name.replace("_", "-") in str(caught.value.wanted)
    return caught.value


def test_a_package_that_is_there_is_imported(site: Path) -> None:
    _package(site, "whole_package", __init__="value = 3", part="")
    assert optional_package("whole_package", "what needs it", COMMAND, parts=("part",)).value == 3
    assert "whole_package.part" in sys.modules


def test_one_that_is_not_is_asked_for(site: Path) -> None:
    error = _refused("absent_package")
    assert (error.code, error.help) == ("package.missing", COMMAND)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a_package_that_it_needs", "ModuleNotFoundError: No module named 'a_package_that_it_needs'"),
        ("raise ImportError('libcurious.so.7: cannot open')", "ImportError: libcurious.so.7: cannot open"),
        ("raise AttributeError('_ARRAY_API not found')", "AttributeError: _ARRAY_API not found"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def", "SyntaxError: "),
        ("raise ValueError('x' * 10_000)", "ValueError: xxx"),
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_one_that_fails_is_named_with_what_it_said(text: str, found: str, part: bool, site: Path) -> None:
    _package(site, "broken_package", __init__="" if part else text, part=text if part else "")
    error = _refused("broken_package", "part")
    assert error.code == "package.broken"
    assert str(error.found).startswith(found)
    assert len(str(error.found)) < 300


@pytest.mark.parametrize("name", ["qulacs", "pyqir", "jax"])
def test_who_needs_a_broken_package_says_so(name: str, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _package(site, name, __init__="raise RuntimeError('built for another NumPy')")
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    compiled = qsac.compile(random_model(3), "qulacs", optimisation=0, verify=False)
    needs = {
        "qulacs": lambda: qsac.run(compiled),
        "pyqir": lambda: to_qir(compiled.circuits[0]),
        "jax": lambda: framework("jax"),
    }
    with pytest.raises(InvalidInputError, match="built for another NumPy") as caught:
        needs[name]()
    assert caught.value.code == "package.broken"

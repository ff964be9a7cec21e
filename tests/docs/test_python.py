"""docs/python.md: its examples run and print what it says, its signatures are real, and it names everything."""

import contextlib
import inspect
import io
import re
import shutil
from functools import partial
from pathlib import Path

import pytest

import qsac
from qsac import errors
from tests.cases import ALL
from tests.docs.test_commands import smaller_sweep

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


SHORTER = {
    "python": {
        "mitigate=True, shots=2000": "mitigate=True, shots=200",
        "h2 2000 True": "h2 200 True",
        "noise=True, shots=1000": "noise=True, shots=100",
    },
    "sweeps": {"(64, 4096)": "(1024, 4096)"},  # for some dozens of tokens ladders are solved for
}
"""What the examples of a page say otherwise in `make test`."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """In `make test` a local cluster is one of threads: tests/sweeps has one of processes."""
    distributed = pytest.importorskip("distributed")
    if not ALL:
        monkeypatch.setattr(distributed, "LocalCluster", partial(distributed.LocalCluster, processes=False))


@pytest.mark.usefixtures("small", "short_search")
@pytest.mark.parametrize(
    ("name", "count", "prints"),
    [
        ("python", 7, 12),
        ("from-a-trained-layer", 1, 3),
        ("gradients", 1, 3),
        ("sweeps", 2, 4),
        ("text-classification", 1, 5),
    ],
)
def test_examples_print_what_they_say(
    name: str, count: int, prints: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for said_there, said_here in ({} if ALL else SHORTER.get(name, {})).items():
        assert page.count(said_there) == 1, said_there
        page = page.replace(said_there, said_here)
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    smaller_sweep(tmp_path, [2, 3, 4])
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    said = [found for block in blocks for found in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert len(blocks) >= count
    assert len(said) == sum(block.count("print(") for block in blocks) >= prints
    printed = io.StringIO()
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(compile(block, f"docs/{name}.md", "exec"), names)
    assert printed.getvalue().splitlines() == said


@pytest.mark.parametrize(
    "name",
    [
        "load",
        "compile",
        "run",
        "generate",
        "estimate",
        "template",
        "from_arrays",
        "sweep",
        "features",
        "Cache",
        "Template.bind",
    ],
)
def test_signatures(name: str) -> None:
    found = qsac
    for part in name.split("."):
        found = getattr(found, part)
    written = []
    for parameter in inspect.signature(found).parameters.values():  # type: ignore[arg-type]
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in written:
            written.append("*")
        written.append(parameter.name + _default(parameter))
    if written[0] == "self":
        del written[0]
    assert f"`{name.split('.')[-1]}({', '.join(written)})`" in PAGE


def _default(parameter: inspect.Parameter) -> str:
    """A parameter's default as the page writes it."""
    value = parameter.default
    if value is parameter.empty:
        return ""
    if callable(value):
        return "=..."
    return f'="{value}"' if isinstance(value, str) else f"={value!r}"


def test_every_name_is_described() -> None:
    assert {name for name in [*qsac.__all__, "__version__"] if f"`{name}" not in PAGE} == set()


def test_every_error_has_its_exit_code() -> None:
    classes = {
        name: found
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, qsac.QsacError) and found is not qsac.QsacError
    }
    assert len(classes) > 3
    for name, found in classes.items():
        assert re.search(rf"^\| `{name}` \|.*\| {found.exit_code} \|$", PAGE, re.MULTILINE), name

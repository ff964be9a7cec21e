"""With guppylang: compiled programs as Guppy functions, and as HUGR."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from tests.cli.conftest import MODELS

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("default"),  # theirs are not ours to mend
]
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "tfim.json"


def _signature(package: object) -> str:
    """The types of a package's only function, as HUGR writes them."""
    ops = import_module("hugr.ops")
    (module,) = package.modules  # type: ignore[attr-defined]
    functions = [module[node].op for node in module if isinstance(module[node].op, ops.FuncDefn)]
    named = {one.f_name: one for one in functions}
    return str(named["loss"].signature)


def test_a_function_of_the_programs_registers() -> None:
    compiled = qsac.compile(EXAMPLE, "helios", optimisation=1, verify=False)
    function = compiled.to_guppy()
    assert isinstance(function, import_module("guppylang.defs").GuppyFunctionDefinition)
    signature = _signature(function.compile_function())
    # q_key, q_query and q_score_0, each also handed back, then key, query, score_0 and value
    assert signature.count("array<3") + signature.count("array<2") >= 6, signature
    assert compiled.circuits[0].registers == {"key": 3, "query": 3, "score_0": 2, "value": 2}


def test_the_pages_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program around the function: Guppy reads it from a file."""
    (example,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "guppy_page.py").write_text(example, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(tmp_path)
    package = import_module("guppy_page").main.compile()
    assert len(package.to_bytes()) > 1000


@pytest.mark.parametrize("target", ["h2", "ibm-fez"])
def test_hugr_is_written_and_read_back(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.json").write_text(json.dumps(MODELS["small"]), encoding="utf-8")
    written = []
    for name in ("one.hugr", "other.hugr"):
        command = ["compile", "small.json", "--emit", "hugr", "--target", target, "-O1", "-q", "-o", name]
        assert run(command) == 0, capsys.readouterr().err
        written.append(Path(name).read_text(encoding="utf-8"))
    assert written[0] == written[1]
    package = import_module("hugr.package").Package.from_str(written[0])
    assert _signature(package)

"""Passes and targets are found by their files and by entry points; pipelines print and parse."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.errors import ExtensionError, InvalidInputError
from qsac.machine import registry as machines
from qsac.machine.target import Target
from qsac.pipeline import registry
from qsac.pipeline.contract import BY_NAME, CircuitPass, Pass


def test_every_pass_is_found_by_its_file() -> None:
    assert "route" in registry.pass_names()
    root = Path(__file__).parent.parent.parent / "passes"
    files = {path.stem.replace("_", "-") for path in root.glob("*/*.py") if not path.stem.startswith("_")}
    assert set(registry.pass_names()) == files


@pytest.mark.parametrize("name", registry.pass_names())
def test_every_pass_keeps_the_rules(name: str) -> None:
    cls = registry.pass_class(name)
    assert cls.name == name
    assert cls.__doc__
    assert cls.level in ("attention", "block", "circuit")
    assert issubclass(cls, CircuitPass) == (cls.level == "circuit")
    assert cls.optimisation in (*range(4), BY_NAME)
    assert dataclasses.is_dataclass(cls)
    assert cls.__module__.rsplit(".", 1)[-1] == name.replace("-", "_")
    if all(
        field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        for field in dataclasses.fields(cls)
    ):
        step = cls()
        with pytest.raises(dataclasses.FrozenInstanceError):
            step.name = "other"  # type: ignore[misc]
        assert registry.parse_pipeline(registry.print_pipeline([step, step])) == [step, step]


@pytest.mark.parametrize("name", machines.target_names())
def test_every_target_keeps_the_rules(name: str) -> None:
    target = machines.target(name)
    assert target.name == name
    hash(target)  # immutable throughout
    assert machines.target(name) == target
    assert {"Measure"} < set(target.gates)
    assert target.reset == ("Reset" in target.gates)
    for a, b in target.coupling or ():
        assert 0 <= a < b < (target.qubits or 0)
    for a, b in target.directions or ():
        assert (min(a, b), max(a, b)) in (target.coupling or ())
    if target.errors is not None:
        assert target.errors.date
        assert target.errors.source
        for rate in dataclasses.astuple(target.errors)[:4]:
            assert 0 < rate < 0.5
        assert 0 <= target.errors.memory < 0.1  # 0 where none is published, as for helios
        assert sum(target.errors.two_qubit_scaling) == pytest.approx(1, abs=1e-3)


def test_listing_imports_neither_quantum_libraries_nor_passes() -> None:
    code = (
        "import sys\n"
        "from qsac.machine import registry as machines\n"
        "from qsac.pipeline import registry\n"
        "machines.target_names(), registry.pass_names(), machines.target('h2'), machines.target('ibm-fez')\n"
        "assert not {'pytket', 'qiskit', 'qiskit_ibm_runtime', 'qsac.passes.circuit.route'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nearest_names_are_told() -> None:
    with pytest.raises(InvalidInputError, match="perhaps ibm-fez"):
        machines.target("ibm-fes")
    with pytest.raises(InvalidInputError, match="perhaps route"):
        registry.pass_class("routes")
    with pytest.raises(InvalidInputError, match="perhaps attempts"):
        registry.parse_pipeline("route{atempts=3}")


# Pipelines


@dataclasses.dataclass(frozen=True)
class Sample(Pass):
    """Options of every kind."""

    name: ClassVar[str] = "sample"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1

    share_value: bool = False
    count: int = 3
    tolerance: float = 1e-9
    word: str = "word"
    mode: Literal["short", "long"] = "short"
    limit: int | None = None
    label: str | None = None


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "pass_class", lambda name: {"sample": Sample}[name])


SAMPLES = st.builds(
    Sample,
    share_value=st.booleans(),
    count=st.integers(),
    tolerance=st.floats(allow_nan=False),
    word=st.text(),
    mode=st.sampled_from(["short", "long"]),
    limit=st.none() | st.integers(),
    label=st.none() | st.text() | st.sampled_from(["none", "true", "3", '"', "\\"]),
)


@given(passes=st.lists(SAMPLES, max_size=3))
def test_pipelines_come_back(passes: list[Sample]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "pass_class", lambda name: {"sample": Sample}[name])
        assert registry.parse_pipeline(registry.print_pipeline(passes)) == passes


@pytest.mark.usefixtures("sample")
def test_pipelines_are_read_as_written() -> None:
    assert registry.parse_pipeline("") == []
    assert registry.print_pipeline([Sample()]) == "sample"
    step = Sample(share_value=True, count=-2, tolerance=0.5, word="a b", mode="long", limit=4)
    text = ' sample { share-value = true , count=-2,tolerance=.5, word="a b",mode=long,limit=4 } , sample '
    assert registry.parse_pipeline(text) == [step, Sample()]
    assert registry.print_pipeline([step]) == (
        'sample{share_value=true,count=-2,tolerance=0.5,word="a b",mode=long,limit=4}'
    )


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample,", "the end"),
        (",sample", "character 0"),
        ("sample{count}", "key=value"),
        ("sample{count=1", "closing brace"),
        ("sample{count=1 limit=2}", "comma"),
        ("sample}", "comma"),
        ("sample sample", "comma"),
        ("sample{count=1,count=1}", "once"),
        ("sample{count=1.5}", "found:  1.5"),
        ("sample{count=true}", "wanted: a whole number"),
        ("sample{share_value=1}", "wanted: true or false"),
        ('sample{count="1"}', "wanted: a whole number"),
        ("sample{mode=wide}", "wanted: short or long"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        registry.parse_pipeline(text)


def test_options_out_of_range_are_invalid_input() -> None:
    with pytest.raises(InvalidInputError, match="1 or more"):
        registry.parse_pipeline("route{attempts=0}")


# Other packages

FOREIGN = """
from dataclasses import dataclass
from typing import ClassVar, Literal
from qsac.machine import Target
from qsac.pipeline import CircuitPass

@dataclass(frozen=True)
class Polish(CircuitPass):
    "Does nothing."
    name: ClassVar[str] = "polish"
    level: ClassVar[Literal["circuit"]] = "circuit"
    optimisation: ClassVar[int] = 1

    def apply(self, circuit, context):
        return circuit

TARGET = Target("toy", "us", "a toy", "exact", 2, "cz", ("SX", "X", "Rz", "CZ", "Measure"), reset=False)

def made():
    return TARGET.__class__(**{**vars(TARGET), "name": "made"})
"""


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution called elsewhere, as an installer would leave it."""
    (tmp_path / "elsewhere_qsac.py").write_text(FOREIGN)
    info = tmp_path / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "elsewhere_qsac", raising=False)
    return info / "entry_points.txt"


def test_another_package_adds_passes_and_targets(foreign: Path) -> None:
    foreign.write_text(
        "[qsac.passes]\npolish = elsewhere_qsac:Polish\n"
        "[qsac.targets]\ntoy = elsewhere_qsac:TARGET\nmade = elsewhere_qsac:made\n"
    )
    assert registry.pass_names()[-1] == "polish"
    assert [step.name for step in registry.parse_pipeline("route,polish")] == ["route", "polish"]
    assert set(machines.target_names()[-2:]) == {"toy", "made"}
    assert isinstance(machines.target("toy"), Target)
    assert machines.target("made").name == "made"


def test_another_package_cannot_take_a_name_of_qsac(foreign: Path) -> None:
    foreign.write_text("[qsac.passes]\nroute = elsewhere_qsac:Polish\n[qsac.targets]\nh2 = elsewhere_qsac:TARGET\n")
    with pytest.warns(registry.ShadowedEntryPointWarning, match="elsewhere .* offers 'h2'"):
        assert "toy" not in machines.target_names()
    assert machines.target("h2").vendor == "Quantinuum"
    assert registry.pass_class("route").__module__ == "qsac.passes.circuit.route"


def test_two_packages_with_one_name_are_refused_by_that_name(foreign: Path) -> None:
    foreign.write_text("[qsac.targets]\ntoy = elsewhere_qsac:TARGET\n")
    second = foreign.parent.parent / "further-1.0.dist-info"
    second.mkdir()
    (second / "METADATA").write_text("Metadata-Version: 2.1\nName: further\nVersion: 1.0\n")
    (second / "entry_points.txt").write_text("[qsac.targets]\ntoy = further_qsac:TARGET\n")
    with pytest.raises(ExtensionError, match="more than one package offers the target 'toy'"):
        machines.target("toy")
    assert machines.target("h2").name == "h2"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("[qsac.targets]\nbroken = elsewhere_qsac:absent\n", "cannot be loaded"),
        ("[qsac.targets]\nbroken = elsewhere_qsac:TARGET\n", "a Target whose name is 'broken'"),
        ("[qsac.passes]\nbroken = elsewhere_qsac:TARGET\n", "whose name is 'broken'"),
        ("[qsac.passes]\nbroken = nowhere_qsac:Polish\n", "ModuleNotFoundError"),
    ],
)
def test_broken_entry_points_name_their_package(foreign: Path, entry: str, message: str) -> None:
    foreign.write_text(entry)
    ask = machines.target if "targets" in entry else registry.pass_class
    with pytest.raises(ExtensionError, match=message) as caught:
        ask("broken")
    assert "elsewhere" in str(caught.value)

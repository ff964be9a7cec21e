"""Everything that has a name is explained, and says something."""

import re
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from qsac.error_codes import CODES
from qsac.families import registry
from qsac.families.explaining import Explains
from qsac.ir.catalogue import op_names
from qsac.machine.registry import target_names
from qsac.pipeline.registry import pass_names
from qsac.views.explanations import Explanation, explain, names
from qsac.views.explanations.codes import AREAS, exit_code
from qsac.views.explanations.explanation import paragraphs
from tests.error_codes import general_codes, made

Captured = pytest.CaptureFixture[str]
FILLER = {"a", "an", "and", "as", "in", "is", "it", "of", "or", "that", "the", "this", "to", "with"}
LEAST_WORDS = 6


def words(found: Explanation) -> set[str]:
    """The words of an explanation that say something."""
    said = " ".join((*found.text, *(text for _, text in found.facts)))
    return set(re.findall(r"[A-Za-z][\w-]+", said.lower())) - FILLER - set(re.findall(r"[\w-]+", found.name.lower()))


def test_every_pass_op_metric_target_and_code_is_explained() -> None:
    known = names()
    assert set(known["pass"]) == set(pass_names())
    assert set(known["op"]) == set(op_names())
    assert set(known["target"]) == set(target_names())
    assert set(known["error code"]) == set(CODES)
    for kind, listed in known.items():
        assert len(listed) > 7
        for name in listed if kind != "error code" else ():
            (found,) = (one for one in explain(name) if one.kind == kind)
            assert len(words(found)) >= LEAST_WORDS, name
            assert found.package is None
            assert not any("``" in text or ":class:" in text for text in found.text), name


def test_every_metric_of_every_family_is_explained() -> None:
    for section in registry.sections():
        family = registry.family(section)
        assert isinstance(family, Explains)
        found: set[str] = set()
        for model in family.examples():
            result = model.readout.closed_form(model)
            found |= {*result.metrics, *result.values}
        assert found <= set(family.metrics)
        assert all(len(text.split()) >= LEAST_WORDS for text in family.metrics.values())
        assert len(found) > 2


@pytest.mark.parametrize("code", [code for place, code in enumerate(CODES) if place % 23 == 0])
def test_codes_are_explained_by_their_messages(code: str) -> None:
    (found,) = explain(f"[{code}]")
    assert found.text[0].lower().startswith(CODES[code][:5].lower())
    assert len(words(found)) >= LEAST_WORDS
    assert dict(found.facts)["exit code"].startswith(f"{exit_code(code)}: ")


def test_messages_are_those_of_the_sources() -> None:
    (found,) = explain("output.foreign-file")
    said = [text for label, text in found.facts if label in ("message", "")]
    assert any(text.startswith("the output would replace a file that qsac did not write (wanted: ") for text in said)
    (found,) = explain("capacity.too-many-qubits")
    assert sum(".." in text for _, text in found.facts) > 1


def test_exit_codes_and_areas_are_those_of_the_errors() -> None:
    wanted = general_codes() | {code: error.exit_code for error in made() for code in error.codes or ()}
    assert {code: exit_code(code) for code in wanted} == wanted
    assert list(AREAS) == list(dict.fromkeys(code.partition(".")[0] for code in CODES))


def test_unknown_names_are_answered_with_near_ones(capsys: Captured) -> None:
    with pytest.raises(qsac.InvalidInputError) as refused:
        explain("fold-unitarys")
    assert refused.value.wanted == "perhaps fold-unitaries"
    assert run(["explain", "fidelty"]) == 2
    assert "perhaps fidelity" in capsys.readouterr().err
    assert run(["explain", "zzzzzz"]) == 2


def test_the_command_prints_what_is_known(capsys: Captured) -> None:
    assert run(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(f" {name}" in listed for listing in names().values() for name in listing)
    assert run(["explain", "cross_entropy"]) == 0
    out = capsys.readouterr().out
    assert "In the family attention: " in out
    assert "In the family transformer: " in out
    assert run(["explain", "h2", "--json"]) == 0
    assert '"kind": "target"' in capsys.readouterr().out


def test_docstrings_become_text() -> None:
    found = paragraphs("One :class:`~qsac.Thing` and\n``code``.\n\nMore.")
    assert found == ("One Thing and code.", "More.")


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package with a pass, an op and a target, and one pass that cannot be imported."""
    (tmp_path / "acme_things.py").write_text(
        """
from dataclasses import dataclass
from qsac.ir.op import Op
from qsac.machine import Target
from qsac.pipeline import Pass

@dataclass(frozen=True)
class Polish(Pass):
    \"\"\"Polish every gate twice, exactly.\"\"\"
    name, level, optimisation = "acme-polish", "attention", 1
    times: int = 2
    def apply(self, program, context):
        return program

@dataclass(frozen=True)
class Wave(Op):
    \"\"\"Wave at a register.\"\"\"
    name, level = "acme-wave", "attention"

def machine():
    gates = ("SX", "X", "Rz", "CZ", "Measure", "Reset")
    return Target("acme-one", "Acme", "the first of Acme", "device", 5, "cz", gates)
"""
    )
    info = tmp_path / "acme-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 3.1\n")
    (info / "entry_points.txt").write_text(
        "[qsac.passes]\nacme-polish = acme_things:Polish\nacme-gone = acme_things:gone\n"
        "[qsac.ops]\nacme-wave = acme_things:Wave\n[qsac.targets]\nacme-one = acme_things:machine\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("acme")
def test_what_other_packages_offer_is_explained_by_their_words(capsys: Captured) -> None:
    (polish,) = explain("acme-polish")
    assert polish.text == ("Polish every gate twice, exactly.",)
    assert ("options", "times=2") in polish.facts
    (wave,) = explain("acme-wave")
    assert wave.text == ("Wave at a register.",)
    (machine,) = explain("acme-one")
    assert "the first of Acme" in machine.text[0]
    assert {one.package for one in (polish, wave, machine)} == {"acme 3.1"}
    assert run(["explain", "acme-gone"]) == 4
    assert "acme 3.1" in capsys.readouterr().err
    assert run(["explain", "acme-polish"]) == 0
    assert capsys.readouterr().out.startswith("acme-polish: a pass of acme 3.1\n")

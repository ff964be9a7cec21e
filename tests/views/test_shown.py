"""One-line representations, cards, drawings and numbers of what users hold in their hands."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.artifact.drawing import Drawing
from qsac.families.contract import Model
from qsac.machine.registry import target
from tests.cli.conftest import MODELS

EVIL = "</script><img src=x onerror=alert(1)>"
ALLOWED = {"div", "span", "strong", "table", "tr", "td", "th", "details", "summary"}


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    """A program of a name that no model file may have, and that whoever builds one in Python may give."""
    made = qsac.compile(MODELS["small"], "h2")
    return replace(made, model=replace(made.model, name=EVIL))


@pytest.fixture(scope="module")
def shown(compiled: qsac.Compiled) -> dict[str, Any]:
    return {
        "Compiled": compiled,
        "Model": compiled.model,
        "Template": replace(qsac.template(MODELS["small"]), model=compiled.model),
        "Result": replace(qsac.run(compiled, "aer", shots=100), warnings=(EVIL,)),
        "Estimate": replace(qsac.estimate(MODELS["small"]), name=EVIL),
        "Target": replace(target("ibm-fez"), description=EVIL),
    }


KINDS = ["Compiled", "Model", "Template", "Result", "Estimate", "Target"]


class Tags(HTMLParser):
    """The tags of a document and the attributes of all, balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("kind", KINDS)
def test_one_line_says_what_it_is(kind: str, shown: dict[str, Any]) -> None:
    said = repr(shown[kind])
    assert said.startswith(f"<{kind} ")
    assert "\n" not in said
    assert len(said) < 200
    assert {"Result": "fidelity", "Target": "156 qubits"}.get(kind, "onerror") in said


def test_lines_say_numbers(compiled: qsac.Compiled) -> None:
    assert f"{compiled.stats['two_qubit_gates']} two-qubit gates, {compiled.stats['qubits']} qubits" in repr(compiled)
    assert repr(qsac.run(compiled)).startswith("<Result of h2, exact: fidelity 0.")
    assert " ± " in repr(qsac.run(compiled, "aer", shots=100))
    assert repr(qsac.load(MODELS["small"])) == "<Model 'small one': attention, readout loss, 6 numbers loaded>"


def test_a_family_of_ones_own_is_told_in_one_line_too() -> None:
    @dataclass(frozen=True, eq=False)
    class Own(Model):
        section = "own"
        numbers: tuple[int, ...] = (1,) * 1000

        @property
        def entries(self) -> int:
            return len(self.numbers)

    readout = qsac.load(MODELS["small"]).readout
    assert repr(Own("mine", readout)) == "<Model 'mine': own, readout loss, 1,000 numbers loaded>"


@pytest.mark.parametrize("kind", KINDS)
def test_cards_are_static_and_quote_letters(kind: str, shown: dict[str, Any]) -> None:
    card = shown[kind]._repr_html_()
    tags = Tags()
    tags.feed(card)
    tags.close()
    assert tags.open == []
    assert tags.tags <= ALLOWED
    assert tags.attributes <= {"style"}
    assert "<img" not in card
    assert "</script" not in card
    assert EVIL in tags.text
    assert "#" not in "".join(re.findall(r'style="[^"]*"', card)), "no colour of its own: the page may be dark"
    assert card == shown[kind]._repr_html_()


def test_a_card_has_the_numbers(shown: dict[str, Any]) -> None:
    tags = Tags()
    tags.feed(shown["Compiled"]._repr_html_())
    assert f"two-qubit gates{shown['Compiled'].stats['two_qubit_gates']}" in tags.text
    assert "preparation of query and key" in tags.text
    tags = Tags()
    tags.feed(shown["Result"]._repr_html_())
    assert f"fidelity{shown['Result'].metrics['fidelity']:.6g}" in tags.text


def test_drawings_show_each_op_once(compiled: qsac.Compiled, tmp_path: Path) -> None:
    drawing = compiled.draw()
    assert isinstance(drawing, Drawing)
    assert repr(drawing) == drawing.text
    assert max(map(len, drawing.text.splitlines()[1:])) < 80
    program = compiled.program
    boxes = sum(len(op.targets) or len(op.controlled_by) for op in program.ops)
    assert len(re.findall(r"\[[a-z]+†?\]", drawing.text)) == boxes
    assert drawing.text.count("●") == sum(len(op.controlled_by) for op in program.ops if op.targets)
    root = ElementTree.fromstring(drawing.svg)
    names = [element.tag.split("}")[1] for element in root.iter()]
    assert set(names) <= {"svg", "title", "rect", "text", "path", "g", "circle"}
    assert names.count("g") == len(program.ops)
    assert EVIL in (root.find("{http://www.w3.org/2000/svg}title").text or "")  # type: ignore[union-attr]
    assert "<img" not in drawing.svg
    assert drawing._repr_svg_() == drawing.svg == compiled.draw().svg
    for ending, content in ((".svg", drawing.svg), (".txt", drawing.text)):
        drawing.save(tmp_path / f"drawn{ending}")
        assert (tmp_path / f"drawn{ending}").read_text(encoding="utf-8") == content
    with pytest.raises(qsac.InvalidInputError, match="no such form") as refused:
        drawing.save(tmp_path / "drawn.png")
    assert refused.value.code == "output.unknown-form"


def test_long_circuits_go_on_in_rows() -> None:
    long = qsac.compile(
        MODELS["complex"] | {"attention": MODELS["complex"]["attention"] | {"value": {"type": "identity"}}}
    ).draw()
    blocks = long.text.split("\n\n")
    assert len(blocks) > 2
    assert all(block.startswith("op") for block in blocks[1:])


def test_specs_are_those_of_the_statistics(compiled: qsac.Compiled) -> None:
    specs = compiled.specs()
    for name in ("two_qubit_gates", "one_qubit_gates", "depth", "two_qubit_depth", "qubits", "measurements", "resets"):
        assert getattr(specs, name) == compiled.stats[name]
    assert specs.esp == compiled.stats["error_free_probability"]
    assert specs.shots == compiled.stats["forecast"]["shots"]
    assert (specs.target, specs.circuits, specs.cost_unit, specs.verified) == ("h2", 1, "HQC", "closed form")
    assert specs.to_dict()["acceptance"] == compiled.stats["forecast"]["success_probability"]


def _sums(node: Any) -> int:
    """Checks that parts add up, and returns the number of nodes."""
    if not node.parts:
        return 1
    for count in ("two_qubit_gates", "one_qubit_gates"):
        assert getattr(node, count) == sum(getattr(part, count) for part in node.parts)
    return 1 + sum(map(_sums, node.parts))


@pytest.mark.parametrize(
    ("which", "machine", "level"),
    [("small", "h2", 2), ("complex", "h2", 2), ("complex", "h2", 0), ("small", "ibm-fez", 1)],
)
def test_the_sum_over_the_ops_is_the_count(which: str, machine: str, level: int) -> None:
    compiled = qsac.compile(MODELS[which], machine, optimisation=level, verify=False)
    tree = compiled.explain()
    for count in ("two_qubit_gates", "one_qubit_gates"):
        assert getattr(tree, count) == compiled.stats[count]
    assert _sums(tree) > 6
    assert len({leaf.ops for leaf in tree.leaves}) == len(tree.leaves)
    text = tree.text(80)
    assert max(map(len, text.splitlines())) <= 80
    assert set(repr(tree).split()) - {"│"} <= set(text.split())
    assert len(repr(tree).splitlines()) == _sums(tree) + 1


def test_the_sum_over_the_circuits_is_the_count() -> None:
    examples = Path(__file__).parent.parent.parent / "docs" / "examples"
    compiled = qsac.compile(examples / "gpt-grammar.json", "h2", optimisation=1, verify=False)
    tree = compiled.explain()
    assert tuple(part.title for part in tree.parts) == compiled.names
    assert len(compiled.names) > 1
    for part, stats in zip(tree.parts, compiled.parts_stats, strict=True):
        assert part.two_qubit_gates == stats["two_qubit_gates"]
    assert tree.two_qubit_gates == compiled.stats["two_qubit_gates"]
    _sums(tree)
    assert compiled.draw(compiled.names[1]).text.startswith(compiled.names[1])
    with pytest.raises(qsac.InvalidInputError):
        compiled.draw()

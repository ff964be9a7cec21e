"""The documentation is true: generated parts are up to date, nothing is left out, and quoted output is real.

QSAC_REGENERATE=1 writes generated parts and quoted output again: read them.
"""

import dataclasses
import inspect
import json
import os
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

import qsac
from qsac.cli.main import COMMANDS, module_of
from qsac.error_codes import CODES
from qsac.families.qsa.metrics import METRIC_NAMES
from qsac.ir.catalogue import op_class, op_names
from qsac.ir.op import Data
from qsac.ir.table import Table
from qsac.machine.read import parse_target
from qsac.machine.registry import target, target_names
from qsac.machine.schema import TargetFile
from qsac.pipeline.contract import BY_NAME
from qsac.pipeline.registry import pass_class, pass_names
from qsac.runtime.schema import RunResult
from tests.bench.cases import Case
from tests.bench.transformer import WAYS
from tests.docs import (
    benchmark_figures,
    heads,
    index_states,
    ladder_ranks,
    readout_gates,
    single_states,
    steps_page,
    training_data,
    transformers,
)
from tests.docs.rows import WHOLE
from tests.error_codes import general_codes, made

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
REGENERATE = bool(os.environ.get("QSAC_REGENERATE"))


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _markdown(docstring: str) -> str:
    """A docstring's markup as Markdown: cross references and literals become code."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", docstring).replace("``", "`")
    return re.sub(r"(?<=\w)\*(?=[,. )])", "\\*", text)


def _type(hint: Any) -> str:
    if hint == Data:
        return "text or list of text"
    if get_origin(hint) is Literal:
        return " or ".join(json.dumps(choice) for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return f"list of {_type(get_args(hint)[0])}"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
        hint.__name__, hint.__name__.lower()
    )


def _fields(cls: type[Any]) -> str:
    parts = []
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if field.name in ("origin", "slots", "sources", "barrier"):
            continue
        default = (
            ""
            if field.default is dataclasses.MISSING
            else f", default `{json.dumps(field.default, default=Table.to_json)}`"
        )
        parts.append(f"`{field.name}` ({_type(hints[field.name])}{default})")
    return ", ".join(parts) or "none"


def _ops() -> str:
    order = {"attention": 0, "both": 1, "block": 2}
    parts = []
    kinds = [kind for kind in map(op_class, op_names()) if kind is not None]
    for op in sorted(kinds, key=lambda op: (order[op.level], op.name)):
        level = "both levels" if op.level == "both" else f"{op.level} level"
        parts.append(f"## {op.name}\n\n*{level}.* {_markdown(inspect.getdoc(op) or '')}\n\nFields: {_fields(op)}")
    return "\n\n".join(parts)


def _passes() -> str:
    parts = []
    for name in (one for one in pass_names() if pass_class(one).__module__.startswith("qsac.passes.")):
        cls = pass_class(name)
        after = f"; comes after {', '.join(cls.after)}" if getattr(cls, "after", ()) else ""
        since = "by name only" if cls.optimisation == BY_NAME else f"from -O{cls.optimisation} on"
        head = f"*{cls.level} level, {since}{after}.*"
        parts.append(f"## {name}\n\n{head} {_markdown(inspect.getdoc(cls) or '')}\n\nOptions: {_fields(cls)}")
    return "\n\n".join(parts)


def _rows(rows: list[list[object]]) -> str:
    head = [["---"] * len(rows[0])]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [rows[0], *head, *rows[1:]])


def _staggered() -> str:
    rows: list[list[object]] = [["(T, d, k)", "two-qubit gates", "depth in one order", "depth, staggered"]]
    for case in (Case(8, 4), Case(8, 4, 3), Case(16, 8), Case(32, 16)):
        usual = qsac.compile(case.model(), "h2", verify=False)
        names = ",".join(entry["name"] for entry in usual.stats["passes"] if entry["name"] != "alternate-load-order")
        without = qsac.compile(case.model(), "h2", passes=names, verify=False)
        assert without.stats["two_qubit_gates"] == usual.stats["two_qubit_gates"]
        gates, *depths = (usual.stats["two_qubit_gates"], *(one.stats["two_qubit_depth"] for one in (without, usual)))
        rows.append([str(case), *(f"{number:,}" for number in (gates, *depths))])
    return _rows(rows)


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"


def _targets(vendor: str | None = None) -> str:
    """Targets as rows: all of them but one vendor's many, or those of a vendor."""
    rows: list[list[object]] = [
        ["name", "", "qubits", "two-qubit gate", "error of it", "measurement", "memory", "as of"]
    ]
    for name in target_names():
        one = target(name)
        if (vendor is None and one.vendor == "IBM") or (vendor is not None and vendor not in (one.vendor, one.kind)):
            continue
        gate = next(gate for gate in ("ZZPhase", "CZ", "ECR", "CX") if gate in one.gates)
        rates: list[object] = ["-"] * 4
        if one.errors is not None:
            read = (one.errors.measure_0 + one.errors.measure_1) / 2
            figures = (one.errors.two_qubit, read, one.errors.memory)
            rates = [*(_percent(rate) if rate else "-" for rate in figures), one.errors.date]
        rows.append([f"`{name}`", one.description, one.qubits or "any", gate, *rates])
    return _rows(rows)


def _quantinuum() -> str:
    sources = [["name", "a", "b", "source"]]
    for name in target_names():
        errors = target(name).errors
        if target(name).vendor == "Quantinuum" and errors is not None:
            sources.append([f"`{name}`", *(f"{number:.4g}" for number in errors.two_qubit_scaling), errors.source])
    return _targets("Quantinuum") + "\n\n" + _rows(sources)


def _simulators() -> str:
    names = [name for name in target_names() if target(name).kind != "device"]
    rows = [["name", "", "gives"]]
    rows += [
        [f"`{name}`", target(name).description, {"exact": "probabilities"}.get(target(name).kind, "shots")]
        for name in names
    ]
    return _rows(rows)


def _quoted(*place: str) -> str:
    return "```python\n" + ROOT.joinpath("tests", *place).read_text(encoding="utf-8") + "```"


def _package() -> str:
    return _quoted("targets", "acme_qsac.py")


def _errors() -> str:
    exits = general_codes() | {code: error.exit_code for error in made() for code in error.codes or ()}
    return _rows([["code", "exit code", "meaning"], *([f"`{code}`", exits[code], CODES[code]] for code in CODES)])


def _names() -> str:
    return "```json\n" + (ROOT / "qsac" / "importing" / "gpt2.json").read_text(encoding="utf-8") + "```"


def _family() -> str:
    return _quoted("families", "contrast_qsac.py")


def _acme_pass(file: str) -> str:
    """A file of the example package of a pass."""
    kind = "toml" if file.endswith(".toml") else "python"
    return f"```{kind}\n" + (ROOT / "tests" / "passes" / "acme" / file).read_text(encoding="utf-8") + "```"


IN_ROWS = {("construction.md", "heads"), ("readouts.md", "gates"), ("transformer.md", "layers")}
"""Dear tables, of which `make test` makes some rows anew."""


def _snapshots_are_those_of_the_lock() -> bool:
    locked = re.search(r"^qiskit-ibm-runtime==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    return locked is not None and locked[1] == metadata.version("qiskit-ibm-runtime")


@pytest.mark.parametrize(
    ("page", "marker", "written"),
    [
        ("targets/index.md", "targets", _targets),
        ("targets/quantinuum.md", "quantinuum", _quantinuum),
        ("targets/simulators.md", "simulators", _simulators),
        ("targets/own.md", "package", _package),
        ("errors.md", "codes", _errors),
        ("from-a-trained-layer.md", "gpt2", _names),
        ("family.md", "family", _family),
        ("write-a-pass.md", "project", partial(_acme_pass, "pyproject.toml")),
        ("write-a-pass.md", "package", partial(_acme_pass, "acme_passes.py")),
        ("write-a-pass.md", "test", partial(_acme_pass, "test_measure_early.py")),
        pytest.param(
            "targets/ibm.md",
            "ibm",
            lambda: _targets("IBM"),
            marks=pytest.mark.skipif(not _snapshots_are_those_of_the_lock(), reason="other snapshots"),
        ),
        ("../README.md", "benchmarks", benchmark_figures.readme),
        ("coupling.md", "benchmarks", benchmark_figures.coupling),
        ("ir.md", "ops", _ops),
        ("passes.md", "passes", _passes),
        ("construction.md", "index state", index_states.causal),
        ("construction.md", "keys", index_states.keys),
        ("construction.md", "staggered", _staggered),
        ("construction.md", "heads", heads.cost),
        ("construction.md", "ladder ranks", ladder_ranks.table),
        ("construction.md", "single states", single_states.cost),
        ("readouts.md", "gates", readout_gates.table),
        ("steps.md", "systems", steps_page.systems),
        *(
            (f"steps/{system.page}.md", "counts", partial(steps_page.counts, name))
            for name, system in steps_page.SYSTEMS.items()
        ),
        ("steps/orthogonal.md", "forms", steps_page.unary_forms),
        ("transformer.md", "functions", transformers.functions),
        ("transformer.md", "softmax", transformers.softmax),
        ("transformer.md", "cost", transformers.cost),
        ("transformer.md", "feed-forwards", transformers.feed_forwards),
        ("transformer.md", "layers", transformers.layers),
        ("block-encodings.md", "normalisers", transformers.normalisers),
        ("block-encodings.md", "oracle", transformers.oracle),
        *(
            ("training-data.md", f"fields of {kind}", partial(training_data.fields, kind))
            for kind in ("ising", "hamiltonian", "text", "series", "sequences", "samples")
        ),
        ("training-data.md", "said", training_data.said),
        *(
            ("block-encodings.md", title, partial(transformers.measured, title))
            for title in (*WAYS, "Controlled preparations")
        ),
    ],
)
def test_generated_parts(page: str, marker: str, written: Callable[[], str]) -> None:
    text = _page(page)
    head, _, rest = text.partition(f"<!-- {marker} -->\n")
    there, end, tail = rest.partition("<!-- end -->")
    assert end
    made = written()
    if (page, marker) in IN_ROWS and not WHOLE:
        lines = there.splitlines()
        places = [lines.index(line) for line in made.splitlines()]
        assert places[:2] == [0, 1], "the head of the table"
        assert len(places) > 3
        assert places == sorted(places)
        return
    expected = f"{head}<!-- {marker} -->\n{made}\n{end}{tail}"
    if REGENERATE:
        (DOCS / page).write_text(expected, encoding="utf-8")
    assert text == expected or REGENERATE, "QSAC_REGENERATE=1 writes it again"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_described(name: str) -> None:
    section = _page("command-line.md").split(f"\n## qsac {name}")[1].split("\n## ")[0]
    command = import_module(module_of(name)).command
    for parameter in command.params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-"):
                assert f"`{option}" in section, f"{name} {option}"
            else:
                assert option.upper().split("|")[0] in section or parameter.metavar in section


def _schema_names(schema: dict[str, Any]) -> set[str]:
    names = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        names |= set(definition.get("properties", {}))
        kind = definition.get("properties", {}).get("type", {})
        names |= set(kind.get("enum", [])) | {kind["const"]} if "const" in kind else set(kind.get("enum", []))
    return names


def test_every_field_of_the_model_file_is_described() -> None:
    schema = json.loads((ROOT / "qsac" / "families" / "model.schema.json").read_text(encoding="utf-8"))
    text = _page("model-file.md")
    missing = {name for name in _schema_names(schema) if not re.search(rf"[`\"]{re.escape(name)}[`\"]", text)}
    assert missing - {"init"} == set()


def test_every_field_of_an_artifact_is_described() -> None:
    document = json.loads(qsac.compile(DOCS / "examples" / "tfim.json", verify=False).to_json())
    circuit, stats = document["circuits"][0], document["stats"]
    text = _page("artifact.md")
    named = [*document, *document["options"], *circuit, *circuit["readout"][0], *circuit["profile"], *stats]
    named += [*stats["cost"], *stats["passes"][0], *stats["error_budget"]]
    assert {name for name in named if f"`{name}`" not in text} == set()


def test_every_metric_is_described() -> None:
    text = _page("results.md")
    assert {name for name in METRIC_NAMES if f"`{name}`" not in text} == set()


def test_every_field_of_a_result_is_described() -> None:
    text = _page("results.md")
    assert len(RunResult.model_fields) >= 12
    assert {name for name in RunResult.model_fields if f"`{name}`" not in text} == set()


def test_nothing_is_left_to_be_filled_in() -> None:
    pages = {page.name: page.read_text(encoding="utf-8") for page in (*DOCS.rglob("*.md"), ROOT / "README.md")}
    left = {name: re.findall(r"@[A-Z]+@|TODO|FIXME|XXX", text) for name, text in pages.items()}
    assert {name: found for name, found in left.items() if found} == {}


def test_every_page_is_in_the_navigation() -> None:
    listed = [page for part in _parts() for page in part[1:]]
    files = [*DOCS.rglob("*.md"), *DOCS.rglob("*.ipynb")]
    pages = {
        page.relative_to(DOCS).with_suffix("").as_posix() for page in files if DOCS / "examples" not in page.parents
    }
    assert sorted([*listed, "index"]) == sorted(pages)


INDEX_NOTE = "<!-- from README.md and navigation.txt by tests/docs: change it there -->\n\n"
NAVIGATION = DOCS / "navigation.txt"


def _parts() -> list[list[str]]:
    """The parts of the navigation: a caption and its pages each."""
    return [part.split("\n") for part in NAVIGATION.read_text(encoding="utf-8").strip().split("\n\n")]


def _index() -> str:
    """README.md as the documentation's first page, with the navigation: its links from here, files beside the
    documentation by name only."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/([^)]*)\)", r"](\1)", text)
    text = re.sub(r"\[([^]]*)\]\(((?!https?:)[A-Z]+(?:\.md)?)\)", r"\1 (`\2`)", text)
    trees = [
        "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"])
        for caption, *pages in _parts()
    ]
    return INDEX_NOTE + text + "\n" + "\n\n".join(trees) + "\n"


def test_the_first_page_is_the_readme() -> None:
    if REGENERATE:
        (DOCS / "index.md").write_text(_index(), encoding="utf-8")
    assert _page("index.md") == _index()
    links = re.findall(r"\]\(([^)#]*)[^)]*\)", _index())
    assert len(links) > 20
    assert [link for link in links if not link.startswith("http") and not (DOCS / link).is_file()] == []


def test_every_field_of_a_target_file_is_described() -> None:
    text = _page("targets/own.md")
    assert {name for name in _schema_names(TargetFile.model_json_schema()) if f"`{name}`" not in text} == set()


def test_the_example_of_a_target_file_is_one() -> None:
    example = re.search(r"```json\n(.*?)```", _page("targets/own.md"), re.DOTALL)
    assert example is not None
    assert parse_target(example[1].encode(), "own.md").name == "my-machine"

"""The page's summary, its plots, its fold and what other pages quote of it: from sections that are known."""

from dataclasses import replace

import pytest

from tests.bench import attention_loaders, coupling, gains, states, summary
from tests.bench.__main__ import FOLD, folded, written_page
from tests.bench.cases import GATE_CASES, Case
from tests.bench.counts import Row
from tests.bench.measure import Outcome
from tests.bench.plan import Plan
from tests.bench.reading import commits, find, in_parentheses, number, sections_of, tables
from tests.docs import benchmark_figures

STAMP = "2026-01-01; Python 3.11.7, qsac at commit {}, numpy 2.4.6; load average 0.1 at the start, 1 min.\n"
GATES = {"multiplexed": 400, "fused": 300, "diagonal": 200, "indexed": 160}


def _result(gates, depth=10, seconds=1.0):
    return Outcome({"gates": gates, "depth": depth, "seconds": {"wall": seconds, "processor": seconds}, "passes": {}})


def _gates(commit):
    cases = []
    for case in GATE_CASES[:4]:
        made = {name: value for name, value in GATES.items() if case.complex or name != "diagonal"}
        rows = [Row(case, ("qsac", "2"), _result(100))]
        cases.append(rows + [Row(case, (name, "qiskit-3"), _result(value)) for name, value in made.items()])
    return f"## Two-qubit gates\n\n{STAMP.format(commit)}\nAs follows.\n\n" + gains.section(cases)


def _routed(commit, monkeypatch):
    runs = [{"gates": 100 - place // 20, "depth": 80, "processor": 0.1} for place in range(100)]
    peer = {"runs": runs, "unrouted_gates": 40, "unrouted_depth": 20, "deviation": 1e-15}

    def run(_plan, _target, _case, how):
        if isinstance(how, int):
            return _result(76 if how == 2 else 90, 60, 2.0)
        return Outcome(peer if how == "qiskit-3" else replace_runs(peer, 120))

    monkeypatch.setattr(coupling, "_run", run)
    title, _, text = coupling.section(Plan()).partition("\n")
    return f"{title}\n\n{STAMP.format(commit)}\n{text}"


def replace_runs(peer, gates):
    return peer | {"runs": [{"gates": gates, "depth": 90, "processor": 3.0}]}


@pytest.fixture
def page(monkeypatch):
    sections = [_gates("aaaa"), _routed("aaaa", monkeypatch)]
    return written_page("\n".join(folded(section) for section in sections))


def test_a_fold_keeps_the_tables_and_folds_once(page):
    assert page.count(FOLD) == page.count("</details>") == 2
    assert folded(folded(_gates("aaaa"))) == folded(_gates("aaaa"))
    assert "\n### " not in page
    flat = [(one.section, one.title, one.rows) for one in tables(_gates("aaaa"))]
    assert flat == [(one.section, one.title, one.rows) for one in tables(folded(_gates("aaaa")))]
    assert list(sections_of(page)) == ["Summary", "Two-qubit gates", "Coupling graphs"]


def test_the_summary_says_what_the_sections_say(page):
    found = find(page, "Summary", "Summary", "geometric mean")
    said = {(row[0], row[1]): row[2:] for row in found.rows}
    kinds = [case.numbers for case in GATE_CASES[:4]]
    real, complex_cases = kinds.count("real"), kinds.count("complex")
    assert said["gates: whole circuits, real tokens", "a competent user, (c)"] == (str(real), "0.33", "0.33", "0.33")
    assert said["gates: whole circuits, complex tokens", "a competent user, (d)"][:2] == (str(complex_cases), "0.50")
    assert said["gates: whole circuits, complex tokens", "the same with qsac's index state, (e)"][1] == "0.62"
    assert said["gates: IBM's devices", "Qiskit and TKET in equal processor time"] == ("24", "0.76", "0.76", "0.76")
    assert said["gates: IBM's devices", "100 seeds of Qiskit, TKET"][1] == f"{76 / 96:.2f}"
    assert said["depth: IBM's devices", "100 seeds of Qiskit, TKET"][1] == "0.75"
    assert "qsac -O2: 2 to 2;" in page
    assert all(f"(static/{name}.svg)" in page for name in summary.PLOTS)


def test_commits_are_told(monkeypatch):
    same = "\n".join([_gates("aaaa"), _routed("aaaa", monkeypatch)])
    assert "Every section was measured at commit aaaa." in written_page(same)
    other = written_page("\n".join([_gates("aaaa"), _routed("bbbb", monkeypatch)]))
    assert commits(other) == {"aaaa": ["Two-qubit gates"], "bbbb": ["Coupling graphs"]}
    assert "Two-qubit gates at aaaa; Coupling graphs at bbbb" in other


def test_plots_are_drawn_and_the_same_again(page, tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        summary.draw(page, tmp_path / folder)
    for name in summary.PLOTS:
        text = (tmp_path / "one" / f"{name}.svg").read_bytes()
        assert text == (tmp_path / "other" / f"{name}.svg").read_bytes()
        assert b"<svg" in text
        assert len(text) < 200_000


def test_nothing_is_drawn_or_linked_without_tables(tmp_path):
    text = written_page("## The page\n\nNothing yet.\n")
    assert "static/" not in text
    summary.draw(text, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_other_pages_quote_the_page(page, tmp_path, monkeypatch):
    place = tmp_path / "benchmarks.md"
    place.write_text(page, encoding="utf-8")
    monkeypatch.setattr(benchmark_figures, "PAGE", place)
    said = " ".join(benchmark_figures.readme().split())
    assert "0.33 where tokens are real" in said
    assert "0.50 where tokens are complex" in said
    assert "0.76 of the two-qubit gates" in said
    assert "10.0 to 10.0 for 100" in said
    assert said.endswith(" ".join(benchmark_figures.coupling().split()))
    assert max(map(len, benchmark_figures.readme().splitlines())) <= 120


@pytest.mark.parametrize(
    ("cell", "outside", "inside"),
    [("1,234 (0.5)", 1234, 0.5), ("−58", -58, None), ("", None, None), ("did not end in 30 s", None, None)],
)
def test_cells_are_read(cell, outside, inside):
    assert (number(cell), in_parentheses(cell)) == (outside, inside)


def test_sections_of_loads_are_written(monkeypatch):
    """The tables of states and loaders of others, from known results."""

    def state(_plan, kind, qubits, how):
        if how == "pennylane":
            return Outcome(None, "not installed: pennylane")
        made = _result(4 if how == "qsac-2" else 8).result | {"deviation": 1e-12}
        return Outcome(made)

    monkeypatch.setattr(states, "_run", state)
    text = states.section(Plan())
    assert "| n = 3, complex | 4 | 8 | 8 | 8 | 8 |  | 8 | 8 |" in text
    assert "No figures for PennyLane, complex, n = 3; complex, n = 4" in text
    ratios = {what: found for what, _, found in summary.lines(text)}
    assert ratios["gates: random complex states"] == [0.5] * 6

    def load(_plan, shape, how, target):
        return Outcome(_result(7).result | {"qubits": 4, "deviation": 1e-12})

    monkeypatch.setattr(attention_loaders, "_run", load)
    assert attention_loaders.section(Plan()).count("| QCrank, an address a token | 4 | 7 | 10 | 7 | 10 |") == 3


def test_cases_are_in_order():
    sizes = [case.size for case in GATE_CASES]
    assert sizes == sorted(sizes)
    assert Case(8, 4, complex=True) in GATE_CASES
    assert replace(GATE_CASES[0], seed=1) not in GATE_CASES

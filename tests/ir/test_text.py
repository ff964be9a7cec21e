"""The text form: what is printed comes back, and no text brings the parser down."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import qsac
from qsac.errors import InvalidInputError, QsacError
from qsac.families.reading import load
from qsac.ir.parser import parse_program
from qsac.ir.printer import SHORTENED, Texts, print_program
from qsac.ir.program import Program
from qsac.ir.verifier import ProgramError
from tests.cases import examples
from tests.programs import build
from tests.shares import Share
from tests.strategies import attention_programs, block_programs, random_model

PROGRAMS = attention_programs() | block_programs()


@settings(max_examples=examples(80))
@given(PROGRAMS)
def test_a_program_comes_back(program: Program) -> None:
    text = print_program(program)
    again = parse_program(text)
    assert again == program
    assert print_program(again) == text
    assert text.endswith("\n")
    assert len(text.splitlines()) == 2 + len(program.registers) + len(program.tables) + len(program.ops) + 2


@given(PROGRAMS, st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_name_comes_back(program: Program, name: str) -> None:
    named = Program(name, program.level, program.registers, program.tables, program.ops, program.readouts)
    assert parse_program(print_program(named)).name == name


TEXT = """qsac-ir 2
program "example" attention
register key 2
register query 2
register value 1
register degree[0] 1
register score[0] 1
table angles [[[0.1,0.2]]]
table context {"re":[[1.0,0.0],[0.6,0.8],[0.0,0.0]],"im":[[0.0,0.0],[0.0,0.0],[1.0,0.0]]}
op prepare-indices query="query" key="key" mask="causal" length=3 # /attention/mask
op prepare-degree degree=["degree[0]"] amplitudes=[0.6,-0.8] # /attention/kernel
op load-tokens data="score[0]" index=["key"] table="context" when=["degree[0]"] # /tokens
op apply-unitary data="score[0]" form="hardware-efficient" table="angles" rotations=["rx","ry"] # /attention/score
op load-tokens data="score[0]" index=["query"] table="context" inverse=true when=["degree[0]"] # /tokens
op project registers=["score[0]"]
op load-tokens data="value" index=["key"] table="context"
op project registers=["degree[0]"] state="unary" amplitudes=[0.6,0.8]
op project registers=["key"] state="uniform" length=3
op save-probabilities registers=["query"] quantity="weights"
op phase-table index="query" phases=[0.1,-0.2,3]
op project registers=["value"]
op project registers=["query"] state="uniform" length=3
readout fidelity given=["score[0]","degree[0]","key"] success=["value","query"]
"""


def test_the_example_is_as_it_is_printed() -> None:
    assert print_program(parse_program(TEXT)) == TEXT.replace("[0.1,-0.2,3]", "[0.1,-0.2,3.0]")


def _line(text: str, number: int, new: str) -> str:
    lines = text.split("\n")
    lines[number - 1] = new
    return "\n".join(lines)


HOSTILE: dict[str, tuple[int, str, str]] = {
    "other version": (1, "qsac-ir 3", "version"),
    "no version": (1, "", "version"),
    "program without name": (2, "program attention", "program"),
    "program of no level": (2, 'program "x" native', "program"),
    "program with a number for a name": (2, "program 1 attention", "program"),
    "unknown line": (3, "regster key 2", "regster"),
    "register without size": (3, "register key", "register NAME SIZE"),
    "register of negative size": (3, "register key -1", "size from 1"),
    "register of size 0": (3, "register key 0", "size from 1"),
    "register of huge size": (3, "register key 99999999999999999999999", "size from 1"),
    "register of 41 qubits": (3, "register key 41", "size from 1"),
    "register of foreign digits": (3, "register key ٢", "size from 1"),
    "register of decimal size": (3, "register key 2.0", "size from 1"),
    "register with a negative index": (7, "register score[-1] 1", "a name"),
    "register with a quote": (3, 'register "key" 2', "a name"),
    "register twice": (4, "register key 2", "declared twice"),
    "table of text": (8, 'table angles [["a"]]', "nested lists"),
    "table of null": (8, "table angles [[null]]", "nested lists"),
    "table of true": (8, "table angles [[[true,0.2]]]", "nested lists"),
    "table of texts that are numbers": (8, 'table angles [[["0.1","0.2"]]]', "nested lists"),
    "table that is ragged": (8, "table angles [[[0.1,0.2],[0.1]]]", "nested lists"),
    "table of NaN": (8, "table angles [[[NaN,0.2]]]", "finite"),
    "table of Infinity": (8, "table angles [[[1e999,0.2]]]", "finite"),
    "table of a huge integer": (8, f"table angles [[[{'9' * 400},0.2]]]", "finite|nested lists"),
    "table of a longer integer": (8, f"table angles [[[{'9' * 5000},0.2]]]", "JSON|finite|nested lists"),
    "table of deep lists": (8, f"table angles {'[' * 100}1{']' * 100}", "nested lists"),
    "table of very deep lists": (8, f"table angles {'[' * 100_000}1{']' * 100_000}", "JSON"),
    "table with one part": (8, 'table angles {"re":[1]}', "nested lists"),
    "table with parts of different shapes": (8, 'table angles {"re":[1,2],"im":[1]}', "nested lists"),
    "table of an empty list": (8, "table angles []", "angles"),
    "table of a number": (8, "table angles 3", "angles"),
    "table of an empty list of rows": (9, "table context [[],[]]", "does not fit"),
    "table twice": (9, "table angles [1]", "not there yet"),
    "table that ends early": (8, "table angles [[1,", "JSON"),
    "op that is unknown": (10, "op prepare-indexes", "perhaps prepare-index"),
    "op without fields": (10, "op prepare-indices", "no field"),
    "op with an unknown field": (10, 'op project registers=["key"] power=1', "fields|perhaps"),
    "op with a field twice": (15, 'op project registers=["score[0]"] registers=["score[0]"]', "each name once"),
    "op with fields not separated": (15, 'op project registers=["score[0]"]state="zero"', "space"),
    "op with text for a list": (15, 'op project registers="score[0]"', "a list"),
    "op with a list in a list": (15, 'op project registers=[["score[0]"]]', "type str"),
    "op with sources at the attention level": (15, 'op project registers=["score[0]"] sources=[0]', "only blocks"),
    "op with null": (15, "op project registers=[null]", "type str"),
    "op with an object": (15, 'op project registers={"a":1}', "a list"),
    "op with a decimal for an integer": (
        10,
        'op prepare-indices query="query" key="key" mask="causal" length=3.0',
        "type int",
    ),
    "op with true for an integer": (
        10,
        'op prepare-indices query="query" key="key" mask="causal" length=true',
        "type int",
    ),
    "op with 1 for true": (
        14,
        'op load-tokens data="score[0]" index=["query"] table="context" inverse=1 when=["degree[0]"]',
        "type bool",
    ),
    "op with a list where a word is wanted": (15, 'op project registers=["score[0]"] state=["zero"]', "one of"),
    "op with an object where a word is wanted": (15, 'op project registers=["score[0]"] state={}', "one of"),
    "op with an unknown word": (15, 'op project registers=["score[0]"] state="one"', "one of"),
    "op with a huge length": (18, f'op project registers=["key"] state="uniform" length={10**300}', "does not need"),
    "op with a negative length": (18, 'op project registers=["key"] state="uniform" length=-3', "does not need"),
    "op with NaN amplitudes": (
        17,
        'op project registers=["degree[0]"] state="unary" amplitudes=[NaN,1]',
        "finite|unit norm",
    ),
    "op with a huge amplitude": (
        17,
        f'op project registers=["degree[0]"] state="unary" amplitudes=[{10**400},1]',
        "finite|number|unit norm|JSON",
    ),
    "op with infinite phases": (20, 'op phase-table index="query" phases=[Infinity]', "finite"),
    "op with phases of two dimensions": (20, 'op phase-table index="query" phases=[[1]]', "not a list"),
    "op on an unknown register": (20, 'op phase-table index="nothing" phases=[1]', "not declared"),
    "op with an unknown table": (16, 'op load-tokens data="value" index=["key"] table="nothing"', "does not exist"),
    "op with a control twice": (
        16,
        'op load-tokens data="value" index=["key","key"] table="context"',
        "names a control twice",
    ),
    "op of the other level": (19, 'op measure qubit="query" register="b" index=0', "level"),
    "readout without success": (23, 'readout fidelity given=["key"]', "success"),
    "readout without fields": (23, "readout fidelity", "readout METRIC"),
    "readout with numbers": (23, "readout fidelity given=[1] success=[]", "type str"),
    "readout of what is not projected": (23, 'readout fidelity given=["nothing"] success=[]', "which nothing projects"),
    "readout of no prefix": (23, 'readout fidelity given=["key"] success=[]', "are not what is projected"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_are_refused_with_their_place(name: str) -> None:
    number, line, said = HOSTILE[name]
    with pytest.raises(InvalidInputError) as caught:
        parse_program(_line(TEXT, number, line))
    message = str(caught.value)
    assert any(part in message for part in said.split("|")), message
    assert len(message) < 1000
    if not isinstance(caught.value, ProgramError) and said != "version":
        assert caught.value.pointer == f"line {number}"


@pytest.mark.parametrize("text", ["", "\n", "qsac-ir 2", "\x00", "qsac-ir 2\n" * 3, "op " * 100])
def test_what_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_program(text)


PIECES = (
    "[", "]", "{", "}", '"', ",", ":", "=", " ", "#", "\\", "\n", "-", "0", "1", "-1", "1e999", "NaN", "Infinity",
    "null", "true",
    "key", '"key"', "score[-1]", "[[", "[]", "{}", "9" * 30, "9" * 5000, "\ud800", "\x00", "٣", "é", "when=",
    "index=", "register ", "table ", "op ", "readout ", "1.5", '"zero"', '["key"]', "block", "attention",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid text with a few pieces put in, taken out, doubled or exchanged."""
    text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 20])))
        kind = draw(st.sampled_from(["replace", "double", "line"]))
        if kind == "replace":
            text = text[:start] + draw(st.sampled_from(PIECES)) + text[stop:]
        elif kind == "double":
            text = text[:stop] + text[start:]
        else:
            lines = text.split("\n")
            place = draw(st.integers(0, len(lines) - 1))
            other = draw(st.integers(0, len(lines) - 1))
            lines[place] = draw(st.sampled_from([lines[other], "", lines[place] + lines[other]]))
            text = "\n".join(lines)
    return text


BLOCKS = """qsac-ir 2
program "blocks" block
register q[0] 1
register q[1] 1
op pauli-rotation paulis="y" qubits=["q[0]"] angle=0.3 # /tokens
op multiplexor axis="y" controls=["q[0]"] target="q[1]" angles=[0.1,0.2] enters_zero=true
op uniformly-controlled-gate controls=["q[0]"] target="q[1]" theta=[0.1,0.2] phi=[0.3,0.4]
op diagonal qubits=["q[1]","q[0]"] phases=[0,1,2,3]
op unitary qubit="q[0]" matrix={"re":[[0,1],[1,0]],"im":[[0,0.0],[0,0]]}
op measure qubit="q[0]" register="b" index=0
op reset qubit="q[0]"
op measure qubit="q[1]" register="b" index=1
readout fidelity given=["b[0]"] success=["b[1]"]
"""
SOURCES = (TEXT, BLOCKS)


@pytest.mark.parametrize(
    "text",
    [
        BLOCKS.replace("index=0", "index=-1"),
        BLOCKS.replace('register="b"', 'register="\\ud800"'),
        BLOCKS.replace("angle=0.3", "angle=NaN"),
        BLOCKS.replace("angle=0.3", f"angle={'9' * 400}"),
        BLOCKS.replace('paulis="y"', 'paulis=""'),
        BLOCKS.replace('matrix={"re":[[0,1],[1,0]],"im":[[0,0.0],[0,0]]}', "matrix=[[]]"),
        BLOCKS.replace('matrix={"re":[[0,1],[1,0]],"im":[[0,0.0],[0,0]]}', "matrix=1"),
    ],
)
def test_values_that_cannot_be_are_refused(text: str) -> None:
    assert text != BLOCKS
    with pytest.raises(QsacError):
        parse_program(text)


def test_nothing_but_a_diagnosis_comes_out_of_broken_text() -> None:
    with Share(0.02, most=0.5) as read:

        @settings(max_examples=300)
        @given(mutated())
        @example(BLOCKS.replace('qubits=["q[1]","q[0]"] phases=[0,1,2,3]', "qubits=[] phases=[0]"))
        def holds(text: str) -> None:
            try:
                program = parse_program(text)
            except QsacError:
                read.saw(did=False)
                return
            read.saw(did=True)
            assert parse_program(print_program(program)) == program

        holds()


def test_numbers_are_exact() -> None:
    angle = 0.1 + 0.2
    program = parse_program(BLOCKS.replace("angle=0.3", f"angle={angle!r}"))
    assert f"angle={angle!r}" in print_program(program)


def test_the_printed_op_leaves_defaults_out() -> None:
    lines = print_program(parse_program(BLOCKS)).splitlines()
    first = next(line for line in lines if line.startswith("op "))
    assert first == 'op pauli-rotation paulis="y" qubits=["q[0]"] angle=0.3 # /tokens'


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_values_of_a_model_survive(seed: int) -> None:
    program: Any = build(load(random_model(seed)))
    again = parse_program(print_program(program))
    for name, table in program.tables.items():
        np.testing.assert_array_equal(again.tables[name].values, table.values)
    assert json.loads(json.dumps(print_program(again))) == print_program(program)


def test_the_public_names_are_the_text_form() -> None:
    program = qsac.ir.parse(TEXT)
    assert program == parse_program(TEXT)
    assert qsac.ir.print(program) == print_program(program)
    assert qsac.ir.parse(qsac.ir.print(program)) == program
    for wrong in (b"qsac-ir 2", None, 3):
        with pytest.raises(InvalidInputError, match="must be a text"):
            qsac.ir.parse(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="only a program has IR text"):
        qsac.ir.print(TEXT)  # type: ignore[arg-type]


def test_the_ir_is_there_without_an_import_of_its_own() -> None:
    code = "import sys, qsac; assert 'numpy' not in sys.modules; print(qsac.ir.parse.__name__, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "parse False\n"


@given(attention_programs() | block_programs())
def test_shortened_programs_are_refused_and_say_what_is_left_out(program: Program) -> None:
    text, whole = print_program(program, elide_tables=True), print_program(program)
    assert len(text.splitlines()) == len(whole.splitlines())
    with pytest.raises(InvalidInputError, match="tables are shortened cannot be read"):
        parse_program(text)
    for short, line in zip(text.splitlines()[1:], whole.splitlines()[1:], strict=True):
        assert short == line or "numbers: " in short
    # Without the first line that says so, it is no program either, but where no table was large.
    unmarked = text.replace(SHORTENED, whole.splitlines()[0])
    if unmarked != whole:
        with pytest.raises(InvalidInputError, match="a JSON value"):
            parse_program(unmarked)


@pytest.mark.parametrize(
    ("before", "line", "said"),
    [
        ("op phase-table", 'op phase-table index="nothing" phases=[1.0]', "is not declared"),
        (
            'op project registers=["score[0]"]',
            'op save-probabilities registers=["score[0]"] quantity="late"',
            "only a projection",
        ),
    ],
)
def test_a_broken_rule_is_told_with_its_line(before: str, line: str, said: str) -> None:
    lines = TEXT.replace("\nop ", "\n\nop ").splitlines()  # blank lines count
    place = next(number for number, one in enumerate(lines) if one.startswith(before))
    with pytest.raises(ProgramError, match=said) as caught:
        parse_program("\n".join([*lines[:place], line, *lines[place:]]))
    assert caught.value.pointer == f"line {place + 1}"
    assert caught.value.source is None


def test_texts_are_equal_to_the_same_texts() -> None:
    program = build(load(random_model(1)))
    text = print_program(program)
    assert Texts([program]) == (text,) == Texts([program])
    assert Texts([program]) == [text]
    assert Texts([program]) != (text, text)
    assert hash(Texts([program])) == hash((text,))

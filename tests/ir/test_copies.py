"""Programs of copies as text: the rules of their ops, and registers that are taken as one."""

import pytest

from qsac.ir.attention import ApplyUnitary, LoadTokens, PrepareKeys
from qsac.ir.identity import identities
from qsac.ir.matching import is_load, is_uncompute, is_unitary
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.verifier import ProgramError

TEXT = """qsac-ir 2
program "copies" attention
subnormalisation 0.5
register query 2
register key 2
register head 1
register part 1
register copy 1
register power 1
table matrix [[1.0,0.0,0.0,0.0],[0.0,1.0,0.0,0.0],[0.0,0.0,0.0,1.0],[0.0,0.0,1.0,0.0]]
table rows [[0.6,0.0,0.8,0.0],[0.0,1.0,0.0,0.0],[0.5,0.5,0.5,0.5]]
table weight [[0.6,0.8]]
op prepare-index index="query" length=3
op prepare-degree degree=["power"] amplitudes=[0.6,0.8]
op prepare-keys query="query" key="key" mask="causal" length=3
op load-tokens data=["head","part"] index=["key"] table="rows"
op prepare-keys query="query" key="key" mask="causal" length=3 adjoint_load=true
op project registers=["key"]
op apply-unitary data=["head","part"] form="matrix" table="matrix"
op load-tokens data="copy" index=[] table="weight" when=["power"]
op multiply data="copy" by="part" when=["power"]
op project registers=["copy"]
op load-tokens data=["head","part"] index=["query"] table="rows" inverse=true
op project registers=["head","part"]
op project registers=["power"] state="unary" amplitudes=[0.6,0.8]
op project registers=["query"] state="uniform" length=3
readout fidelity given=["key"] success=["copy","head","part","power","query"]
"""


def test_the_text_comes_back() -> None:
    program = parse_program(TEXT)
    assert print_program(program) == TEXT
    assert program.subnormalisation == 0.5
    load = next(op for op in program.ops if isinstance(op, LoadTokens))
    assert load.data == load.targets == ("head", "part")
    assert load.adjoint().leaves_zero_on == ("head", "part")


def test_a_register_is_loaded_by_its_name_alone() -> None:
    """Else two texts would be equal programs, and equal programs would print differently."""
    for line in ('op load-tokens data="copy"', 'op apply-unitary data=["head","part"]'):
        listed = line.replace('"copy"', '["copy"]').replace('["head","part"]', '["part"]')
        with pytest.raises(ProgramError, match="has two or more; one register is given by its name"):
            parse_program(TEXT.replace(line, listed))


KEYS = 'query="query" key="key" mask'
PAIR = 'data=["head","part"]'
LIVE = "is a control but not live"
BROKEN = {
    "copy of another size": ('data="copy" by="part"', 'data="copy" by="query"', "'copy' and 'query' differ in size"),
    "multiplied by itself": ('data="copy" by="part"', 'data="copy" by="copy"', "a control and a target at once"),
    "multiplied by its gate": ('by="part" when=["power"]', 'by="power" when=["power"]', "names a control twice"),
    "multiplied by what is not live": ('data="copy" by="part"', 'data="part" by="key"', LIVE),
    "wide gate": ('by="part" when=["power"]', 'by="part" when=["query"]', "a 'when' register has one qubit"),
    "product that is not projected": (
        'op project registers=["copy"]\n',
        'op apply-unitary data="copy" form="diagonal" table="none"\nop project registers=["copy"]\n',
        "only a projection on zero may",
    ),
    "product projected on another state": (
        'op project registers=["copy"]\n',
        'op project registers=["copy"] state="uniform" length=2\n',
        "only a projection on zero may",
    ),
    "copy of what is live": (
        'by="part" when=["power"]\n',
        'by="part" adjoint_copy=true\n',
        "already live",
    ),
    "keys of no mask": ('mask="causal" length=3\n', 'mask="half" length=3\n', None),
    "keys of another size": (
        'query="query" key="key" mask',
        'query="head" key="key" mask',
        LIVE,
    ),
    "keys by themselves": (KEYS, 'query="key" key="key" mask', "a control and a target"),
    "full keys by themselves": (
        'query="query" key="key" mask="causal"',
        'query="key" key="key" mask="full"',
        "one size",
    ),
    "full keys by nothing": (KEYS + '="causal"', 'query="q" key="key" mask="full"', "'q' is not"),
    "keys of another length": ('mask="causal" length=3\n', 'mask="causal" length=2\n', "does not need exactly 2"),
    "keys that are live": ('mask="causal" length=3 adjoint_load=true', 'mask="causal" length=3', "already live"),
    "keys that are not projected": (
        'op project registers=["key"]\n',
        'op project registers=["key"] state="uniform" length=3\n',
        "only a projection on zero may",
    ),
    "table of another width": (
        'data=["head","part"] index=["key"]',
        'data=["head","copy","part"] index=["key"]',
        "fit",
    ),
    "matrix of another size": (
        'data=["head","part"] form',
        'data=["head","part","copy"] form',
        "fit registers 'head', ",
    ),
    "register listed twice": (PAIR + ' index=["key"]', 'data=["head","head"] index=["key"]', "twice"),
    "order of one of two": ('table="rows"\n', 'table="rows" order=[0]\n', "each qubit of registers 'head', 'part'"),
    "rows that approximate": ('table="rows"\n', 'table="rows" exact="rows"\n', "are loaded on one register"),
    "data that is a number": ('data="copy" index', "data=1 index", None),
    "data of numbers": ('data="copy" index', "data=[1,2] index", None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule(name: str) -> None:
    before, after, said = BROKEN[name]
    assert before in TEXT
    text = TEXT.replace(before, after, 1)
    if "none" in after:
        text = text.replace("table rows", "table none [1.0,1.0]\ntable rows")
    with pytest.raises(Exception, match=said or "cannot be read") as caught:
        parse_program(text)
    assert caught.type.__name__ == ("ProgramError" if said else "InvalidInputError")


def test_patterns_of_one_register_leave_several_alone() -> None:
    program = parse_program(TEXT)
    several = [op for op in program.ops if isinstance(op, LoadTokens | ApplyUnitary) and len(op.targets) > 1]
    assert len(several) == 3
    assert not any(test(op) for op in several for test in (is_load, is_uncompute, is_unitary))
    assert sum(is_load(op) for op in program.ops) == 1


def test_what_reports_call_them() -> None:
    words = [identity.words for identity in identities(parse_program(TEXT).ops)]
    assert "multiplication of copy by power and part" in words
    assert "inverse preparation of key by query" in words
    assert "inverse load of head and part by query" in words


def test_a_full_mask_needs_no_query() -> None:
    assert PrepareKeys("query", "key", "full", 3).controlled_by == ()
    assert PrepareKeys("query", "key", "causal", 3).controlled_by == ("query",)

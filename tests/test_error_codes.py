"""Every error says which mistake it is, in a code that is listed, and that stays."""

import ast
import re
from itertools import groupby

import pytest

from qsac.error_codes import CODES
from qsac.errors import BackendError, CheckFailedError, DoesNotFitError, ExtensionError, InvalidInputError, QsacError
from tests.error_codes import general_codes, made, made_in


def test_every_place_that_makes_an_error_gives_it_a_code() -> None:
    assert len(made()) > 300
    assert [error.place for error in made() if error.codes is None] == []
    assert sum(not error.codes for error in made()) < 10


def test_the_list_is_that_of_the_codes_in_use() -> None:
    used = {code for error in made() for code in error.codes or ()} | general_codes().keys()
    assert sorted(used - CODES.keys()) == []
    assert sorted(CODES.keys() - used) == []
    assert len(used) > 200


def test_all_errors_of_a_code_have_one_exit_code() -> None:
    codes: dict[str, set[int]] = {code: {exit_code} for code, exit_code in general_codes().items()}
    for error in made():
        for code in error.codes or ():
            codes.setdefault(code, set()).add(error.exit_code)
    assert {code: found for code, found in codes.items() if len(found) > 1} == {}
    assert {exit_code for found in codes.values() for exit_code in found} == {1, 2, 3, 4}


def test_codes_and_meanings_have_one_form() -> None:
    part = "[a-z0-9]+(-[a-z0-9]+)*"
    assert [code for code in CODES if not re.fullmatch(rf"{part}\.{part}", code)] == []
    assert [text for text in CODES.values() if not text or text.endswith(".") or "\n" in text or "|" in text] == []
    assert len(set(CODES.values())) == len(CODES)
    areas = [area for area, _ in groupby(code.partition(".")[0] for code in CODES)]
    assert len(areas) == len(set(areas)) > 20, "the codes of an area stand together"


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ("InvalidInputError('t')", None),
        ("InvalidInputError('t', code=name())", None),
        ("InvalidInputError('t', code='a.b')", ("a.b",)),
        ("InvalidInputError('t', code='a.b' if x else 'c.d')", ("a.b", "c.d")),
        ("InvalidInputError('t', code='a.b' if x else name())", None),
        ("errors.DoesNotFitError('t', found='f')", None),
        ("CheckFailedError(other.title, code=other.code)", ()),
        ("Own('t')", None),
        ("helper('t')", None),
        ("helper('t', code='a.b')", ("a.b",)),
    ],
)
def test_no_error_without_a_code_is_overlooked(call: str, codes: tuple[str, ...] | None) -> None:
    source = f"""
class Own(BackendError): ...
def helper(title, *, code):
    return DoesNotFitError(title, code=code)
def place(x):
    raise {call}
"""
    passed_on, found = made_in({"a.py": ast.parse(source)})
    assert passed_on.codes == ()
    assert found.codes == codes


@pytest.mark.parametrize("kind", [QsacError, InvalidInputError, CheckFailedError, DoesNotFitError, BackendError])
def test_an_error_of_another_package_may_have_its_own_code_or_none(kind: type[QsacError]) -> None:
    assert kind("wrong").code == kind.general_code
    assert kind("wrong", code="acme.wrong").code == "acme.wrong"
    assert str(kind("wrong", code="acme.wrong", found="it")) == "wrong [acme.wrong]\n  found:  it"


def test_an_extension_may_have_its_own_code_or_none() -> None:
    assert ExtensionError("wrong", package="acme 1.0").code == "extension.failed"
    assert ExtensionError("wrong", package="acme 1.0", code="extension.unusable").code == "extension.unusable"

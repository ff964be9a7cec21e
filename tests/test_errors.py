"""Texts from outside in diagnostics: visible, one line, not endless."""

import pytest

from qsac.errors import InvalidInputError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("данные é ñ 数据 हिन्दी 🙂", "данные é ñ 数据 हिन्दी 🙂"),
        ("\x1b]0;title\x07\x1b[2J", r"\x1b]0;title\x07\x1b[2J"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("abc\u202egpj", r"abc\u202egpj"),
        ("\u2066\u200b\u2028\ufeff", r"\u2066\u200b\u2028\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_no_field_of_an_error_gives_away_control() -> None:
    evil = "\x1b[2J\nerror: \u202e"
    error = InvalidInputError(evil, pointer=evil, source=evil, found=evil, wanted=evil, help=evil)
    lines = str(error).split("\n")
    labels = ["  " + name.ljust(7) for name in ("where:", "found:", "wanted:", "help:")]
    assert [line[:9] for line in lines] == [r"\x1b[2J\n", *labels, " " * 9]
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("error: ") for line in lines)


def test_long_fields_are_cut_in_the_middle() -> None:
    error = InvalidInputError("a" + "x" * 10**6 + "b", found="y" * 500)
    assert len(str(error)) < 2000
    assert str(error).split("\n")[0].startswith("ax")
    assert str(error).split("\n")[0].endswith("xb [input.invalid]")
    assert "y" * 500 in str(error)

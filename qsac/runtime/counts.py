"""Counts that were taken elsewhere: how their outcomes are written, and in which order their bits stand.

pytket's order is that of the circuit's ``bits``, the first one leftmost; tuples and lists of bits are written so.
Qiskit writes the last register first and each register from its last bit to its first, with blanks between registers
or without, and a hexadecimal number is that text in base 2. A text of single bits may be either: its order is never
guessed, because a wrong one gives numbers that look right.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

from qsac.errors import InvalidInputError, printable
from qsac.files.pointer import counted, describe, join, quoted
from qsac.native.circuit import Unit

Order = Literal["pytket", "qiskit"]
ORDERS: tuple[Order, ...] = get_args(Order)

Spelled: TypeAlias = Callable[[Order], str]
"""What the user types to have the counts read in an order."""

SHOTS_LIMIT = 1_000_000_000
"""Most shots of a run, and most that one outcome of counts may have."""

EXAMPLE = '{"0101...": 12, ...}'

Form = Literal["plain", "spaced", "sequence", "registers", "forward", "integer"]
FORMS: dict[Form, str] = {
    "plain": "a text without blanks",
    "spaced": "single bits with blanks or commas between them",
    "sequence": "a tuple or list of bits",
    "registers": "registers with blanks between them, the last one first",
    "forward": "registers with blanks between them, the first one first",
    "integer": "a number",
}
"""The ways in which an outcome may be written."""

_WRITTEN_BY: dict[Form, Order] = {"sequence": "pytket", "registers": "qiskit", "integer": "qiskit"}
"""Whose order a way of writing says; the others leave it open."""

_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
MOST_BETWEEN = 32
"""Longest text of an outcome, in characters for each bit: nothing longer is taken apart."""

_DIGITS = b"01" + b"?" * 254
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Reading:
    """Outcomes with one character for each bit of the circuit, in its order, and how often each was seen.

    ``order`` is the one that they were read in, None where it made no difference or the bits were named.
    """

    outcomes: list[tuple[str, int]]
    order: Order | None


@dataclass(frozen=True)
class Layout:
    """The bits of a circuit, or of one of its registers, and where each stands in a text."""

    bits: tuple[Unit, ...]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many bits each register has room for, in the order of the bits."""
        sizes: dict[str, int] = {}
        for register, index in self.bits:
            sizes[register] = max(sizes.get(register, 0), index + 1)
        return sizes

    @cached_property
    def places(self) -> tuple[int, ...]:
        """For each bit, how far from its right end Qiskit's text without blanks has it."""
        starts, start = {}, 0
        for register, size in self.sizes.items():
            starts[register] = start
            start += size
        return tuple(starts[register] + index for register, index in self.bits)

    @cached_property
    def gapless(self) -> bool:
        """Whether the two orders are each other's reverse."""
        return self.places == tuple(range(len(self.bits)))

    @property
    def names(self) -> str:
        return ", ".join(f"{name}[{size}]" for name, size in self.sizes.items())

    def width(self, order: Order) -> int:
        """The characters of a text in an order, without blanks."""
        return len(self.bits) if order == "pytket" else sum(self.sizes.values())

    def outcome(self, text: str, order: Order) -> str:
        """A text of the right width with one character for each bit, in their order."""
        if order == "pytket":
            return text
        return text[::-1] if self.gapless else "".join(text[-1 - place] for place in self.places)


def read_counts(
    layout: Layout,
    counts: Mapping[Any, Any],
    *,
    order: Order | None,
    source: str | None,
    spelled: Spelled,
) -> Reading:
    """Outcomes and counts of a mapping, whose outcomes are all written in the same way.

    An outcome is a text of bits, with or without blanks, commas or brackets; a hexadecimal number as text; a tuple of
    bits; or an integer. ``order`` decides where it is given, else the way of writing. Raises
    :class:`~qsac.errors.InvalidInputError` where neither does and an outcome reads differently in the two orders, and
    for whatever is no outcome of ``layout`` or no number of shots.
    """
    numbers = [
        count if type(count) is int and 0 <= count <= SHOTS_LIMIT else number_of_shots(count, (key,), source)
        for key, count in counts.items()
    ]
    if not any(numbers):
        raise InvalidInputError(
            "the counts hold no shot",
            code="counts.empty",
            source=source,
            wanted=EXAMPLE,
        )
    texts, chosen = read_outcomes(layout, counts, order=order, source=source, spelled=spelled)
    differs = layout.gapless and any(text != text[::-1] for text in texts)
    return Reading(list(zip(texts, numbers, strict=True)), chosen if differs else None)


def read_outcomes(
    layout: Layout,
    keys: Iterable[Any],
    *,
    order: Order | None,
    source: str | None,
    spelled: Spelled,
    within: tuple[str, ...] = (),
    unless_said: Order | None = None,
) -> tuple[list[str], Order]:
    """The texts of outcomes in the order of the layout's bits, and the order that they were read in.

    ``within`` is where they stand in the document; ``unless_said`` is the order where their way of writing leaves it
    open.
    """
    keys = list(keys)
    if not keys:
        return [], order or "pytket"
    texts, form = _texts(layout, keys, order or unless_said or "qiskit", source, within)
    natural = _WRITTEN_BY.get(form, unless_said)
    if order is not None:
        _check_possible(layout, form, order, keys[0], source)
        chosen = order
    elif natural is not None:
        chosen = natural
    elif layout.gapless and all(text == text[::-1] for text in texts):
        chosen = "pytket"
    else:
        different = next(place for place, text in enumerate(texts) if not layout.gapless or text != text[::-1])
        raise _unsaid_order(layout, form, keys[different], source, spelled)
    width = layout.width(chosen)
    for key, text in zip(keys, texts, strict=True):
        if len(text) != width:
            raise _misfit(layout, key, text, source, within)
    return [layout.outcome(text, chosen) for text in texts], chosen


def number_of_shots(value: object, place: Sequence[Any], source: str | None) -> int:
    """A count, which Python or NumPy hold as an integer: neither a truth value nor a float, be it whole."""
    number = value if type(value) is int else _integer(value)
    if number is not None and 0 <= number <= SHOTS_LIMIT:
        return number
    raise InvalidInputError(
        "a count is not a number of shots",
        code="counts.invalid-count",
        source=source,
        pointer=_pointer(*place),
        found=describe(value),
        wanted=f"a whole number from 0 to {SHOTS_LIMIT:,}",
        help="hand over how often each outcome was seen, not its share" if isinstance(value, float) else None,
    )


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _texts(
    layout: Layout, keys: list[Any], order: Order, source: str | None, within: tuple[str, ...]
) -> tuple[list[str], Form]:
    """The characters of all outcomes, in whichever order they are, and the one way in which they are written.

    Numbers are written out as wide as ``order`` has it.
    """
    widths = {layout.width("pytket"), layout.width("qiskit")}
    written_out = layout.width(order)
    texts: list[str] = []
    common: Form | None = None
    for key in keys:
        form, text = _form(layout, key)
        if form == "integer":
            text = text.zfill(written_out)
        if form is None or len(text) not in widths:
            raise _misfit(layout, key, text, source, within)
        if form != common:
            if common is not None:
                raise _mixed(keys[0], common, key, form, source)
            common = form
        texts.append(text)
    return texts, common or "plain"


def _form(layout: Layout, key: Any) -> tuple[Form | None, str]:
    """How an outcome is written, None where it is in no way that is known, and its bits without anything between."""
    if isinstance(key, str):
        return ("plain", key) if key and not key.strip("01") else _form_of_text(layout, key.strip())
    if isinstance(key, tuple | list):
        try:
            text = bytes(key).translate(_DIGITS).decode("latin-1")
        except (TypeError, ValueError):  # not whole numbers from 0 to 255
            return _sequence([str(item) for item in key])
        return ("sequence" if text and not text.strip("01") else None), text
    number = _integer(key)
    return (None, str(key)) if number is None or number < 0 else ("integer", f"{number:b}")


def _form_of_text(layout: Layout, text: str) -> tuple[Form | None, str]:
    if len(text) > MOST_BETWEEN * (layout.width("qiskit") + 1):
        return None, text
    if _HEXADECIMAL.fullmatch(text):
        return "integer", f"{int(text, 16):b}"
    if _CLOSING.get(text[:1]) == text[-1:]:
        return _sequence(text[1:-1].replace(",", " ").split())
    parts = text.replace(",", " ").split()
    bits = "".join(parts)
    if not bits or bits.strip("01"):
        return None, text
    if len(bits) == len(parts):
        return "spaced" if len(bits) > 1 else "plain", bits
    lengths, sizes = [len(part) for part in parts], list(layout.sizes.values())
    if lengths == sizes[::-1]:
        return "registers", bits
    return ("forward" if lengths == sizes else None), bits


def _sequence(items: list[str]) -> tuple[Form | None, str]:
    return ("sequence" if items and all(item in ("0", "1") for item in items) else None), "".join(items)


def _check_possible(layout: Layout, form: Form, order: Order, key: Any, source: str | None) -> None:
    """Registers that stand in one of the orders, by their sizes, cannot be read in the other."""
    sizes = list(layout.sizes.values())
    written: Order | None = {"registers": "qiskit", "forward": "pytket"}.get(form)  # type: ignore[assignment]
    if written in (None, order) or sizes == sizes[::-1]:
        return
    raise InvalidInputError(
        f"the outcomes are not in the order {order}",
        code="counts.wrong-order",
        source=source,
        pointer=_pointer(key),
        found=f"{_shown(key)}: {FORMS[form]}",
        wanted=f"the order {written}, as the sizes of the registers show: {layout.names}",
        help="leave the order out" if form == "registers" else f"give the order {written}",
    )


def _unsaid_order(layout: Layout, form: Form, key: Any, source: str | None, spelled: Spelled) -> InvalidInputError:
    first, last = (f"{register}[{index}]" for register, index in (layout.bits[0], layout.bits[-1]))
    return InvalidInputError(
        "the outcomes do not say in which order their bits are",
        code="counts.unsaid-order",
        source=source,
        pointer=_pointer(key),
        found=f"{_shown(key)}, {FORMS[form]}: it reads differently from left to right and from right to left",
        wanted="the order, pytket or qiskit",
        help=f"if the leftmost bit is {first} (pytket): {spelled('pytket')}; "
        f"if it is {last} (Qiskit, also join_data): {spelled('qiskit')}",
    )


def _misfit(layout: Layout, key: Any, text: str, source: str | None, within: tuple[str, ...]) -> InvalidInputError:
    read_as = "" if text == key else f", read as {quoted(text)}"
    return InvalidInputError(
        "an outcome does not fit the circuit's bits",
        code="counts.invalid-outcome",
        source=source,
        pointer=_pointer(*within, key),
        found=f"{_shown(key)}{read_as}, {counted(len(text), 'character')}",
        wanted=f"{len(layout.bits)} characters 0 or 1, in the order {layout.names}",
        help="Qiskit's order, last register first, and hexadecimal numbers are read too",
    )


def _mixed(first: Any, form: Form, other: Any, its_form: Form, source: str | None) -> InvalidInputError:
    return InvalidInputError(
        "the outcomes are not all written in the same way",
        code="counts.mixed-outcomes",
        source=source,
        pointer=_pointer(other),
        found=f"{_shown(first)}, {FORMS[form]}, and {_shown(other)}, {FORMS[its_form]}",
        wanted="outcomes from one program, all in the same way and in the same order",
    )


def _pointer(*place: Any) -> str:
    return join("", *(str(part)[:80] for part in place))


def _shown(key: Any) -> str:
    return quoted(key) if isinstance(key, str) else printable(str(key))[:80]

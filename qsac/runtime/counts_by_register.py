"""Counts or shots that are listed register by register, as the machines of Quantinuum and Qiskit's samplers do.

A register's text has its last bit first, as both of them write it; a list or tuple of bits has its first bit first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qsac.errors import InvalidInputError
from qsac.files.pointer import join, listed, quoted
from qsac.runtime.counts import Layout, Order, Reading, Spelled, number_of_shots, read_outcomes


def is_by_register(counts: Mapping[Any, Any]) -> bool:
    """Whether a mapping lists something by register, and not how often an outcome was seen."""
    return bool(counts) and all(isinstance(value, Mapping | list | tuple) for value in counts.values())


def read_registers(
    layout: Layout, listings: Mapping[Any, Any], *, order: Order | None, source: str | None, spelled: Spelled
) -> Reading:
    """Outcomes and counts from what is listed for each register: shots, or counts where these leave nothing open.

    Shots that have the same place in the lists belong together. Counts of single registers say nothing of which
    outcomes fell together, unless at most one register had more than one. Raises
    :class:`~qsac.errors.InvalidInputError` for anything else, and where registers are missing or unknown.
    """
    _check_names(layout, listings, source)
    counts_given = [isinstance(listings[name], Mapping) for name in layout.sizes]
    if len(set(counts_given)) > 1:
        raise InvalidInputError(
            "some registers have counts, and others shots",
            code="counts.mixed-registers",
            source=source,
            wanted="one of them for all registers",
        )
    texts: dict[str, list[str]] = {}
    numbers: dict[str, list[int]] = {}
    parts = {name: Layout(tuple(bit for bit in layout.bits if bit[0] == name)) for name in layout.sizes}
    for name, register in parts.items():
        listing = listings[name]
        if isinstance(listing, Mapping):
            numbers[name] = [number_of_shots(count, (name, key), source) for key, count in listing.items()]
        texts[name], _ = read_outcomes(
            register, listing, order=order, source=source, spelled=spelled, within=(name,), unless_said="qiskit"
        )
    bits = [bit for register in parts.values() for bit in register.bits]
    places = [bits.index(bit) for bit in layout.bits]
    outcomes = Counter[str]()
    for values, count in _joined_counts(texts, numbers, source) if numbers else _joined_shots(texts, source):
        text = "".join(values)
        outcomes["".join(text[place] for place in places)] += count
    return Reading(list(outcomes.items()), None)


def _check_names(layout: Layout, listings: Mapping[Any, Any], source: str | None) -> None:
    for name in listings:
        if name not in layout.sizes:
            raise InvalidInputError(
                "the circuit has no such register",
                code="counts.unknown-register",
                source=source,
                pointer=join("", str(name)[:80]),
                found=quoted(str(name)),
                wanted=f"the circuit's registers: {listed(layout.sizes)}",
            )
    missing = [name for name in layout.sizes if name not in listings]
    if missing:
        raise InvalidInputError(
            "a register of the circuit is missing",
            code="counts.missing-bits",
            source=source,
            found=f"nothing for {listed(missing)}",
            wanted=f"all of the circuit's registers: {listed(layout.sizes)}",
        )


def _joined_shots(texts: dict[str, list[str]], source: str | None) -> Iterator[tuple[tuple[str, ...], int]]:
    shots = {name: len(values) for name, values in texts.items()}
    if len(set(shots.values())) > 1:
        found = ", ".join(f"{name} {number:,}" for name, number in shots.items())
        raise InvalidInputError(
            "the registers do not have the same number of shots",
            code="counts.unequal-shots",
            source=source,
            found=found,
            wanted="one for each shot",
        )
    if not any(shots.values()):
        raise InvalidInputError(
            "the counts hold no shot",
            code="counts.empty",
            source=source,
        )
    return ((values, 1) for values in zip(*texts.values(), strict=True))


def _joined_counts(
    texts: dict[str, list[str]], numbers: dict[str, list[int]], source: str | None
) -> Iterable[tuple[tuple[str, ...], int]]:
    seen: dict[str, Counter[str]] = {}
    for name, values in texts.items():
        seen[name] = Counter()
        for value, number in zip(values, numbers[name], strict=True):
            if number:
                seen[name][value] += number
    totals = {name: sum(values.values()) for name, values in seen.items()}
    if len(set(totals.values())) > 1:
        found = ", ".join(f"{name} {total:,}" for name, total in totals.items())
        raise InvalidInputError(
            "the registers do not have the same number of shots",
            code="counts.unequal-shots",
            source=source,
            found=found,
            wanted="counts of the same shots",
        )
    if not any(totals.values()):
        raise InvalidInputError(
            "the counts hold no shot",
            code="counts.empty",
            source=source,
        )
    varied = [name for name, values in seen.items() if len(values) > 1]
    if len(varied) > 1:
        raise InvalidInputError(
            "counts of single registers do not say which of their outcomes fell together",
            code="counts.not-joint",
            source=source,
            found=f"more than one outcome for {listed(varied)}",
            wanted="counts of all bits together, or the shots of every register",
            help="from a SamplerV2 of Qiskit's: result[0].join_data().get_counts(), which is in the order qiskit",
        )
    leading = varied[0] if varied else next(iter(seen))
    settled = {name: next(iter(values)) for name, values in seen.items()}
    return [
        (tuple(value if name == leading else settled[name] for name in seen), count)
        for value, count in seen[leading].items()
    ]

"""A test over many cases says in how many of them what it tests did something, and wants its share of them: else it
would pass if that did nothing.

    def test_it_saves_gates():
        with Share(0.3) as share:

            @given(programs())
            def holds(program):
                after = saved(program)
                share.saw(after != program)
                ...

            holds()
"""

from __future__ import annotations

from types import TracebackType


class Share:
    """Counts cases, and fails at the end of a passed ``with`` if less than ``least`` of them, or more than ``most``,
    were ones in which something was done."""

    def __init__(self, least: float, most: float = 1.0) -> None:
        self._least, self._most = least, most
        self._did = self._cases = 0

    def saw(self, did: bool) -> bool:
        """Count a case; returns ``did``."""
        self._cases += 1
        self._did += did
        return did

    def __enter__(self) -> Share:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            wanted = f"{self._least:.0%} to {self._most:.0%} are wanted"
            assert self._cases, "no case was counted"
            assert self._least <= self._did / self._cases <= self._most, f"{self._did} of {self._cases}; {wanted}"

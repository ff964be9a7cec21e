"""Who is told how a seed is getting on, and what is known before it begins."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from qsac.families.contract import Fact
from qsac.training.trained import Epoch


class Beginning(NamedTuple):
    """What is known before training starts: the digest of the seed's data, facts and warnings for people, the epochs of
    an earlier run that it goes on from, and how many there will be."""

    data: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    history: tuple[Epoch, ...]
    epochs: int


class Watch(Protocol):
    """Who is told how a seed is getting on."""

    def begun(self, beginning: Beginning) -> None:
        """Training begins."""

    def epoch(self, record: Epoch) -> None:
        """An epoch is done."""

    def kept(self, epoch: int) -> None:
        """A checkpoint of so many epochs is on disk."""


class Unwatched:
    """A watch that does nothing."""

    def begun(self, beginning: Beginning) -> None:
        """Nothing."""

    def epoch(self, record: Epoch) -> None:
        """Nothing."""

    def kept(self, epoch: int) -> None:
        """Nothing."""


def never() -> bool:
    """That nobody asks to stop."""
    return False

"""A plan that has been read: the points of its grid in order, and the task at each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Protocol, TypeAlias

from qsac.sweeps.tasks import task_key, task_of


@dataclass(frozen=True)
class Axis:
    """What is varied. ``path`` leads to the place in the model, and is None for an option."""

    field: str
    values: tuple[Any, ...]
    path: tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """The product of ``axes``, the last one varied fastest, each point ``repeat`` times.

    ``models`` makes the model of a point: what its file would hold, with the values of the axes that are places in it.
    ``targets`` are what the names of targets in the plan stand for.
    """

    name: str
    action: str
    axes: tuple[Axis, ...]
    options: Mapping[str, Any]
    repeat: int
    models: Models
    targets: Mapping[str, str | Mapping[str, Any]]
    document: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """The axes' names."""
        return tuple(axis.field for axis in self.axes)

    def __len__(self) -> int:
        return prod(len(axis.values) for axis in self.axes) * self.repeat

    def settings(self, place: int) -> dict[str, Any]:
        """The value of each axis at a place."""
        left = place // self.repeat
        found: dict[str, Any] = {}
        for axis in reversed(self.axes):
            left, chosen = divmod(left, len(axis.values))
            found[axis.field] = axis.values[chosen]
        return {axis.field: found[axis.field] for axis in self.axes}

    def task(self, place: int) -> dict[str, Any]:
        """The task at a place."""
        settings = self.settings(place)
        changes = [(axis.path, settings[axis.field]) for axis in self.axes if axis.path is not None]
        own = {axis.field: settings[axis.field] for axis in self.axes if axis.path is None}
        options = {**self.options, **own}
        target = self.targets[options.pop("target")]
        return task_of(self.action, self.models.of(changes), target, options, place % self.repeat)

    @cached_property
    def _known(self) -> tuple[tuple[str, int | None], ...]:
        """The key and the seed of each task."""
        tasks = map(self.task, range(len(self)))
        return tuple((task_key(task), task["options"].get("seed")) for task in tasks)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of each task. Tasks that are the same have the same."""
        return tuple(key for key, _ in self._known)

    def seed(self, place: int) -> int | None:
        """The seed of a task, None for an estimate."""
        return self._known[place][1]


class Models(Protocol):
    """The model of each point."""

    def of(self, changes: Sequence[tuple[tuple[str, ...], Any]]) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Listed:
    """Tasks that were given one by one."""

    name: str
    tasks: tuple[dict[str, Any], ...]
    fields: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.tasks)

    def task(self, place: int) -> dict[str, Any]:
        """The task at a place."""
        return self.tasks[place]

    def settings(self, place: int) -> dict[str, Any]:
        """Nothing is known of what they vary."""
        return {}

    def seed(self, place: int) -> int | None:
        """The seed of a task, None for an estimate."""
        found: int | None = self.tasks[place]["options"].get("seed")
        return found

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of each task."""
        return tuple(map(task_key, self.tasks))


Tasks: TypeAlias = Plan | Listed
"""Tasks in an order, with their keys and settings. Their texts are made when they are asked for: a model may be large,
and tasks many."""

"""The folder of a run: what is in it, and how it is read.

``config.json`` is the canonical configuration, and the files that it names lie beside it, so that the folder stands
alone: it can be moved, and its configuration trained again. ``seed-N/`` holds a seed's checkpoint, its model file and
its history; ``results.json`` the metrics of all seeds.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.families.learning import Learner
from qsac.families.reading import load as load_model
from qsac.files import locks
from qsac.files.folders import unmade
from qsac.files.inside import inside
from qsac.files.limits import MODEL_FILE_BYTES, TOKEN_FILE_BYTES
from qsac.files.source import read_file
from qsac.files.strict_json import parse, walk
from qsac.files.writing import LEFTOVER, write_file, write_whole
from qsac.training import checkpoints
from qsac.training.checkpoints import Checkpoint
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.reading import of_document
from qsac.training.trained import PARTS, Trained, known_facts

CONFIG, RESULTS, MODEL, HISTORY = "config.json", "results.json", "model.json", "history.csv"
VERSION = 1
_PLOTS = ("loss", "comparison", "attention", "observables")
_BESIDE = ("comparisons.json", *(f"{plot}.{kind}" for plot in _PLOTS for kind in ("png", "svg")))
"""What else there may be in the folder: comparisons and plots of the run."""
_SEED = re.compile(r"seed-(\d{1,19})")
_NAMING = ("path", "words", "model", "tokenizer")
"""The fields of a configuration whose texts may name files."""


def seed_folder(folder: Path, seed: int) -> Path:
    """Where a seed's files are."""
    return folder / f"seed-{seed}"


@dataclass(frozen=True, eq=False)
class Run:
    """A run: its configuration, and its seeds as they were trained. ``folder`` is None for one that was not kept.

    ``failed``: what became of the seeds whose training did not come to an end, by seed.
    """

    folder: Path | None
    config: Config
    seeds: tuple[Trained, ...]
    failed: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run:
        """The run in a folder; seeds whose training is not over are left out. Raises
        :class:`~qsac.errors.QsacError` for a folder that holds none, or whose files are damaged."""
        folder = Path(path)
        config = config_in(folder)
        if config is None:
            raise InvalidInputError(
                "the folder holds no run",
                code="train.not-a-run",
                source=str(folder),
                wanted="a folder that `qsac train` wrote",
            )
        found = [_trained(seed_folder(folder, seed), seed) for seed in config.seeds]
        seeds = tuple(one for one in found if one is not None)
        if not seeds:
            raise InvalidInputError(
                "no seed of the run is finished",
                code="train.unfinished-run",
                source=str(folder),
                help="`qsac train` with the same configuration goes on with it",
            )
        return cls(folder, config, seeds)

    @cached_property
    def objective(self) -> str:
        """The metric that was minimised."""
        if self.config.objective is not None:
            return self.config.objective.type
        return self.config.learner(self.config.data(self.seeds[-1].seed)).objectives[0]

    def trained(self, seed: int) -> Trained:
        """A seed. Raises :class:`~qsac.errors.InvalidInputError` for one that the run does not have."""
        found = next((one for one in self.seeds if one.seed == seed), None)
        if found is None:
            raise InvalidInputError(
                f"the run has no seed {seed}",
                code="train.unknown-seed",
                wanted="one of " + ", ".join(str(one.seed) for one in self.seeds[:20]),
            )
        return found

    def data(self, seed: int) -> Data:
        """What a seed learned from. Raises :class:`~qsac.errors.InvalidInputError` where files have changed since."""
        data = self.config.data(seed)
        if data.digest != self.trained(seed).data_digest:
            raise InvalidInputError(
                f"the data of seed {seed} are not those that it learned from",
                code="train.other-data",
                source=None if self.folder is None else str(self.folder),
                wanted="the files as they were",
            )
        return data

    def learner(self, seed: int) -> Learner:
        """What a seed learned."""
        return self.config.learner(self.data(seed))

    def model(self, seed: int) -> Model:
        """A seed's model, of its first test sequence."""
        if self.folder is not None:
            return load_model(seed_folder(self.folder, seed) / MODEL)
        data = self.data(seed)
        return model_of(self.config, self.config.learner(data), self.trained(seed), data)

    def results(self) -> dict[str, Any]:
        """The content of results.json: the metrics of each seed, their means, and the standard deviations over seeds
        (None for one seed)."""
        return {
            "qsac_training": VERSION,
            "name": self.config.name,
            "config": self.config.digest,
            "objective": self.objective,
            "seeds": [one.to_dict() for one in self.seeds],
            "failed": {str(seed): message for seed, message in sorted(self.failed.items())},
            "mean": {part: self._over_seeds(part, statistics.fmean) for part in PARTS},
            "spread": {part: self._over_seeds(part, _deviation) for part in PARTS},
        }

    def _over_seeds(self, part: str, function: Any) -> dict[str, float | None]:
        tables = [one.metrics[part] for one in self.seeds]
        found: dict[str, float | None] = {}
        for name in tables[0] if tables else ():
            values = [table.get(name) for table in tables]
            known = [value for value in values if value is not None]
            found[name] = function(known) if len(known) == len(values) else None
        return found


def _deviation(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def model_of(config: Config, learner: Learner, trained: Trained, data: Data) -> Model:
    """The model file's model of a seed: that of the first test sequence."""
    return learner.model(trained.parameters, data.test[0], f"{config.name[:80]}-{trained.seed}")


def model_text(config: Config, learner: Learner, trained: Trained, data: Data) -> str:
    """What the model file of a seed holds."""
    return json.dumps(model_of(config, learner, trained, data).canonical, allow_nan=False)


def config_in(folder: Path) -> Config | None:
    """The configuration of the run in a folder; None where there is none. Raises :class:`~qsac.errors.QsacError` for a
    file of that name that is no configuration."""
    path = folder / CONFIG
    if not path.is_file():
        return None
    try:
        return of_document(
            parse(read_file(path, MODEL_FILE_BYTES, "configuration file"), str(path), "configuration"), folder
        )
    except QsacError as error:
        raise error.located(str(path)) from None


def _trained(folder: Path, seed: int) -> Trained | None:
    """A seed as its checkpoint has it; None where it is not finished."""
    path = folder / checkpoints.FILE
    if not path.is_file():
        return None
    kept = checkpoints.read(path)
    return trained_of(kept, seed)


def trained_of(kept: Checkpoint, seed: int) -> Trained | None:
    """A seed as a checkpoint has it; None where training is not over."""
    if kept.stopped is None or kept.metrics is None:
        return None
    parameters = {name: values.astype("float64") for name, values in kept.best.items()}
    return Trained(seed, parameters, kept.history, kept.metrics, kept.stopped, kept.best_epoch, kept.data)


# Writing


def prepare(config: Config, folder: Path, *, force: bool = False) -> Config:
    """Make a folder that is there the one of a configuration's run: its configuration and the files that it names are
    in it afterwards. Returns the configuration with the seeds that an earlier run with it has as well.

    Raises :class:`~qsac.errors.InvalidInputError` where the folder holds something else: the run of another
    configuration, unless ``force``, which removes that run's files; or files that are no run's.
    """
    if folder.is_dir() and any(folder.iterdir()):
        earlier = config_in(folder)
        if earlier is None and not _own(folder, config):
            raise InvalidInputError(
                "the folder holds other files",
                code="train.folder-not-empty",
                source=str(folder),
                wanted="a new folder, or that of an earlier run",
                help="choose another one by -o FOLDER",
            )
        if earlier is not None and earlier.digest == config.digest:
            config = config.with_seeds(tuple(sorted({*earlier.seeds, *config.seeds})))
        elif not force and earlier is not None and _kept(folder):
            raise InvalidInputError(
                "the folder holds the run of another configuration",
                code="train.other-run",
                source=str(folder),
                help="choose another folder by -o FOLDER; --force removes what is there",
            )
        else:
            _remove(folder)
    _copy_files(config, folder)
    write_whole(folder / CONFIG, [json.dumps(config.document, indent=2, allow_nan=False), "\n"])
    return config


def _kept(folder: Path) -> bool:
    """Whether something was learned in a folder."""
    return any(folder.glob(f"seed-*/{checkpoints.FILE}"))


def _own(folder: Path, config: Config) -> bool:
    """Whether all that is in a folder is what a run begins with: one that was killed before it had a configuration."""
    begun = {Path(name).parts[0] for _, name in _named(config.document)}
    return all(entry.name in begun or LEFTOVER.fullmatch(entry.name) for entry in folder.iterdir())


def made(folder: Path) -> Path:
    """A folder, which is there afterwards. Raises :class:`~qsac.errors.InvalidInputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    except OSError as error:
        raise unmade(folder, "run", error) from None


def _remove(folder: Path) -> None:
    """Remove what a run has written into a folder, and nothing else."""
    for entry in list(folder.iterdir()):
        if _SEED.fullmatch(entry.name) and entry.is_dir():
            for name in (checkpoints.FILE, MODEL, HISTORY):
                (entry / name).unlink(missing_ok=True)
    for name in (RESULTS, CONFIG, *_BESIDE):
        (folder / name).unlink(missing_ok=True)


def _copy_files(config: Config, folder: Path) -> None:
    """Copy the files that a configuration names to the same places below the run's folder. A model file is written as
    its canonical form, which names no other file."""
    for pointer, name in _named(config.document):
        try:
            source = inside(name, config.folder, pointer)
        except InvalidInputError:
            continue  # a text that names no file
        target = folder / name
        if target.exists() and target.samefile(source):
            continue
        first = Path(name).parts[0]
        if first in (CONFIG, RESULTS) or _SEED.fullmatch(first):
            raise InvalidInputError(
                "a file of the configuration has the name of one of the run's own",
                code="train.reserved-name",
                pointer=pointer,
                found=name,
                help="rename it",
            )
        made(target.parent)
        if pointer == "/model" and config.model is not None:
            write_whole(target, [json.dumps(config.model.canonical, allow_nan=False), "\n"])
        else:
            write_file(target, [read_file(source, TOKEN_FILE_BYTES, "data file")])


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a configuration that may name files, with their pointers."""
    for path, value in walk(document):
        field_name = next((part for part in reversed(path) if isinstance(part, str)), None)
        if isinstance(value, str) and value and field_name in _NAMING:
            yield "/" + "/".join(map(str, path)), value


def write_seed(model: str, trained: Trained, folder: Path) -> None:
    """Write a seed's ``model`` file, whose text that is, and its history."""
    write_whole(folder / MODEL, [model, "\n"])
    write_whole(folder / HISTORY, [history_text(trained)])


def history_text(trained: Trained) -> str:
    """A seed's history as comma-separated values: a header, then one line an epoch; empty for what is not known. Facts
    of gradients from circuits are further columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = known_facts(trained.history)
    writer.writerow(("epoch", "train", "validation", "gradient_norm", "rate", *names))
    for *own, facts in trained.history:
        row = [*own, *((facts or {}).get(name) for name in names)]
        writer.writerow(["" if value is None else value for value in row])
    return out.getvalue()


def write_results(run: Run, folder: Path) -> None:
    """Write results.json."""
    write_whole(folder / RESULTS, [json.dumps(run.results(), indent=2, allow_nan=False), "\n"])


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on a run's folder: one process trains in it at a time. Raises
    :class:`~qsac.errors.InvalidInputError` where another one holds it. The system releases it with the process."""
    with locks.locked(folder, os.O_RDONLY) as ours:
        if not ours:
            raise InvalidInputError(
                "another process trains in this folder",
                code="train.folder-in-use",
                source=str(folder),
                help="wait for it, or choose another one by -o FOLDER",
            )
        yield


def is_locked(folder: Path) -> bool:
    """Whether some process trains in a folder now."""
    try:
        with locked(folder):
            return False
    except InvalidInputError:
        return True
    except OSError:
        return False

"""Many processes on one cache: whatever any of them reads is what was kept, or nothing."""

import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from qsac.artifact.cache import Cache
from tests.soak.kinds import CacheWrites, enter


@dataclass
class Figures:
    """What the processes did altogether; ``wrong`` is what did not hold."""

    reads: int = 0
    hits: int = 0
    writes: int = 0
    cleared: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def crowd(processes: int, operations: int, seed: int) -> Figures:
    """``operations`` in all by ``processes`` at once on a cache that holds half of what they use."""
    figures, began = Figures(), time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        enter(Path(temporary, "work"))
        kind = CacheWrites(Path.cwd())
        shares = [operations // processes + (place < operations % processes) for place in range(processes)]
        pipes = [os.pipe() for _ in shares]
        children = []
        for place, share in enumerate(shares):
            pid = os.fork()
            if not pid:
                _work(kind, share, random.Random(f"{seed} crowd {place}"), pipes[place][1])
            children.append(pid)
        for pid, (reader, writer) in zip(children, pipes, strict=True):
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(writer)
            with os.fdopen(reader) as stream:
                said = stream.read().splitlines()
            if code or not said:
                figures.wrong.append(f"a process ended with {code}")
                continue
            counts, wrong = said[0].split(), said[1:]
            figures.reads += int(counts[0])
            figures.hits += int(counts[1])
            figures.writes += int(counts[2])
            figures.cleared += int(counts[3])
            figures.wrong += wrong
        if len(kind._listed() - kind.names):
            figures.wrong.append("files were left")
        kind.check()
        os.chdir("/")
    figures.seconds = time.perf_counter() - began
    return figures


def _work(kind: CacheWrites, operations: int, dice: random.Random, result: int) -> None:
    """The share of one process; its counts and what was wrong go to the pipe ``result``."""
    wrong: list[str] = []
    counts = {"read": 0, "hit": 0, "write": 0, "clear": 0}
    try:
        cache = Cache(limit=kind.limit, warn=wrong.append)
        for _ in range(operations):
            place = dice.randrange(len(kind.keys))
            compiled, key = kind.programs[place], kind.keys[place]
            chance = dice.random()
            if chance < 0.005:
                counts["clear"] += 1
                cache.clear()
            elif chance < 0.2:
                counts["write"] += 1
                cache.put(key, compiled)
            else:
                counts["read"] += 1
                found = cache.get(key, compiled.model, compiled.target, compiled.options)
                if found is None:
                    cache.put(key, compiled)
                else:
                    counts["hit"] += 1
                    if found.to_json() != kind.texts[place]:
                        wrong.append("another program")
    except BaseException as error:
        wrong.append(repr(error))
    lines = [" ".join(str(count) for count in counts.values()), *(one.replace("\n", " ")[:200] for one in wrong[:20])]
    os.write(result, "\n".join(lines).encode())
    os._exit(0)

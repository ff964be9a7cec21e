"""One seed in a process of its own: `python -m tests.bench.trained.seed CONFIG.json` prints one line of JSON."""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    from qsac.sweeps.threads import one_thread

    one_thread()
    start = time.process_time()
    from qsac.training.running import train
    from tests.bench.measure import peak_memory

    run = train(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    metrics = run.seeds[0].metrics["test"]
    spent = time.process_time() - start
    print(json.dumps({"seconds": spent, "memory": peak_memory(), "test": metrics["cross_entropy"]}))


if __name__ == "__main__":
    main()

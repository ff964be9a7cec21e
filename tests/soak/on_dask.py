"""`python -m tests.soak.on_dask PLAN WORKERS FOLDER`: a sweep on a cluster of its own, as a script of a user's.

FOLDER.up has the number of its process once the cluster is up.
"""

import os
import sys
from pathlib import Path

import qsac


def main(plan: str, workers: str, folder: str) -> None:
    from distributed import Client, LocalCluster

    alone = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": ":0"}
    with LocalCluster(n_workers=int(workers), **alone) as cluster, Client(cluster) as client:
        Path(f"{folder}.up").write_text(str(os.getpid()), encoding="ascii")
        qsac.sweep(plan, client.get_executor(), folder)


if __name__ == "__main__":
    main(*sys.argv[1:])

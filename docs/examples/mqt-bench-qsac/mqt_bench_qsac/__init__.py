"""qsac's attention circuits and machines for MQT Bench: importing this registers them."""

from __future__ import annotations

from mqt_bench_qsac.benchmarks import attention as attention
from mqt_bench_qsac.benchmarks import token_loader as token_loader
from mqt_bench_qsac.devices import DEVICES as DEVICES

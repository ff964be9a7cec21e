"""Qiskit: methods of high-level synthesis, a gate for tables of states, and an init stage that switches them on.

``transpile(circuit, backend, init_method="qsac")`` is all that is needed (docs/hosts/qiskit.md). Qiskit finds the
methods and the stage by the entry points that qsac installs, and imports this room whenever it transpiles: what is slow
to import is imported where it is used.
"""

from __future__ import annotations

from qsac.hosts.qiskit.plugins import METHODS as METHODS
from qsac.hosts.qiskit.plugins import BlockSynthesis as BlockSynthesis
from qsac.hosts.qiskit.plugins import hls_config as hls_config
from qsac.hosts.qiskit.rows import RowsGate as RowsGate
from qsac.hosts.qiskit.stage import QsacInit as QsacInit

__all__ = ["METHODS", "BlockSynthesis", "QsacInit", "RowsGate", "hls_config"]

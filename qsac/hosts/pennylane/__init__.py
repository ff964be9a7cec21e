"""For PennyLane: a transform, and operators with rules for its graph of decompositions."""

from __future__ import annotations

from qsac.hosts.pennylane.operators import Rows as Rows
from qsac.hosts.pennylane.operators import State as State
from qsac.hosts.pennylane.operators import state_rule as state_rule
from qsac.hosts.pennylane.transform import qsac_synthesis as qsac_synthesis

__all__ = ["Rows", "State", "qsac_synthesis", "state_rule"]

"""Every op by its name, for the text form."""

from __future__ import annotations

from qsac.ir import attention, blocks
from qsac.ir.observe import Observe
from qsac.ir.op import Op

OPS: dict[str, type[Op]] = {
    op.name: op
    for op in (
        *(getattr(attention, name) for name in attention.__all__),
        *(getattr(blocks, name) for name in blocks.__all__),
        Observe,
    )
}

"""What a pass is, and how passes are found, written as text and put in order.

Packages that bring passes import from here.
"""

from qsac.pipeline.contract import CircuitPass as CircuitPass
from qsac.pipeline.contract import Pass as Pass
from qsac.pipeline.contract import PassContext as PassContext

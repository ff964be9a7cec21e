"""What a name means: passes, ops, metrics, targets and error codes, each found where it is registered."""

from qsac.views.explanations.catalogue import Explanation as Explanation
from qsac.views.explanations.catalogue import explain as explain
from qsac.views.explanations.catalogue import names as names

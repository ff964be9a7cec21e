"""What differs between two programs: IR texts, artifacts or templates."""

from qsac.views.differences.comparison import compare as compare
from qsac.views.differences.report import Difference as Difference
from qsac.views.differences.report import Differences as Differences
from qsac.views.differences.report import Meaning as Meaning
from qsac.views.differences.subjects import read as read

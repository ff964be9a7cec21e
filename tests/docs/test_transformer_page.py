"""What the pages about transformers say beyond their generated parts, and what the code refers to in them."""

import json
import re
from pathlib import Path

from qsac.families.reading import load
from tests.bench.transformer import WAYS

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

CITED = re.compile(r'docs/transformer\.md,\s+"([^"]+)"')


def test_sections_that_the_code_refers_to_exist() -> None:
    titles = re.findall(r"^## (.+)$", (DOCS / "transformer.md").read_text(encoding="utf-8"), re.MULTILINE)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "qsac").rglob("*.py")]
    cited = {" ".join(title.split()) for source in sources for title in CITED.findall(source)}
    assert len(cited) >= 4
    assert cited <= set(titles)


def test_the_example_of_a_transformer_is_one() -> None:
    page = (DOCS / "model-file.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (example,) = (one for one in examples if '"transformer"' in one)
    model = load(json.loads(example))
    assert len(model.readout.closed_form(model).values["predictions"]) == 3


def test_every_comparison_that_is_measured_is_on_the_page() -> None:
    page = (DOCS / "block-encodings.md").read_text(encoding="utf-8")
    assert {title for title in WAYS if f"<!-- {title} -->" not in page} == set()


def test_the_page_says_what_was_measured() -> None:
    """Statements of docs/block-encodings.md in words, on the tables that they are about."""
    page = (DOCS / "block-encodings.md").read_text(encoding="utf-8")

    def gates_and_success(title: str) -> list[tuple[int, int, float]]:
        table = page.split(f"<!-- {title} -->\n")[1].split("\n<!-- end -->")[0]
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.split("\n")[2:]]
        return [(int(row[1].replace(",", "")), int(row[3]), float(row[4])) for row in cells]

    own, _, dilated = gates_and_success("All positions, one head, residual")
    assert dilated[2] > own[2]
    assert 0.8 < dilated[0] / own[0] < 1.25
    for degree in (2, 3):
        own, hand, keys, both = gates_and_success(f"softmax-taylor {degree}, position 8")
        assert own[0] < keys[0] < hand[0]
        assert own[2] > 2 * keys[2] > 4 * both[2]
    own, hand, transformed = gates_and_success("Feed-forward (x + x^3)/2, position 8")
    assert own[0] < transformed[0] < hand[0]
    assert own[1] < transformed[1]
    assert abs(hand[2] - transformed[2]) < 1e-3
    own, _, transformed = gates_and_success("Feed-forward T_3, position 8")
    assert transformed[0] / transformed[2] < own[0] / own[2] / 4

"""One self-contained HTML page of a compiled program: what `qsac view` writes."""

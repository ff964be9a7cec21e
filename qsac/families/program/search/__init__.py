"""Search attention: the large scores of a row found by Grover (arXiv 2307.08045)."""

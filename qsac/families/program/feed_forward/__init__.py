"""Feed-forward networks by inner-product estimation (arXiv 1812.03089)."""

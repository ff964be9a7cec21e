"""Layers of attention with tomography and classical residuals between (arXiv 2402.18940)."""

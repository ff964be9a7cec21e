"""Texts as vectors to learn from: encoders, splits, what is kept of a fit, and classical baselines on the vectors."""

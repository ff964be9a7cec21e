"""Families of models behind one contract: how a model file is read, planned, and what its measurements mean."""

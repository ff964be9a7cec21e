"""Pipelines that several tests compile with."""

CASCADES = "default,-rotate-ladders"
"""All passes but the one that loads complex tables by one ladder each. Ladders are solved for, in as many gates as it
takes; they are exact, and shorter than most approximations of small tables."""

"""A user's own machine, described in a JSON file."""

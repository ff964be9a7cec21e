"""What a transformer reports."""

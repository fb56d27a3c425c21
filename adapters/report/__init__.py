"""What a run looks like afterwards, as text and tables."""

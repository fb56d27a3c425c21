"""What the engine remembers: one life cycle per file."""

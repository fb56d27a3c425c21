"""What to do, written as data: books of rules and the language they are written in."""

"""The command line: each command reads what was asked, calls what does it, and prints what came of it."""

"""The command line, which wires everything else together."""

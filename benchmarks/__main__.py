"""Measure speed and memory, and write the table into docs/benchmarks.md."""

from benchmarks.table import write
from benchmarks.work import measurements

if __name__ == "__main__":
    write(measurements())

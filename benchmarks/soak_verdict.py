"""What hours of trading have to have shown: nothing grows, and nothing was told of trouble."""

from collections.abc import Iterator, Sequence
from statistics import linear_regression, median

from benchmarks.levers import Plain

MOST_MIB_AN_HOUR = 12.0
SWAY = 1
"""A question that is under way at the moment of a sample has a connection of its own."""


def what_grew(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what grew after the first quarter, which belongs to warming up."""
    later = samples[len(samples) // 4 :]
    if len(later) < 3:
        yield f"expected at least four samples, found {len(samples)}"
        return
    slope = memory_slope(later, "engine")
    if slope > MOST_MIB_AN_HOUR:
        yield f"the engine's memory grows by {slope:.1f} MiB an hour, expected at most {MOST_MIB_AN_HOUR:g}"
    for name in ("engine", "exchange"):
        for what in ("descriptors", "threads"):
            values = [one[name][what] for one in later]
            third = len(values) // 3
            before, after = median(values[:third]), median(values[-third:])
            if after > before + SWAY:
                yield f"the {name} had {before:g} {what}, and {after:g} at the end"


def summary(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what was seen, in a few lines."""
    first, last, later = samples[0], samples[-1], samples[len(samples) // 4 :]
    size = (
        f"database {first['database_mib']:g} to {last['database_mib']:g} MiB, {last['connections']} connections to it"
    )
    yield f"{last['minute']:.0f} minutes, {last['moments']} hours of the market, {last['entries']} entries, {size}."
    for name in ("engine", "exchange"):
        memory, share = [one[name]["memory_mib"] for one in later], median(one[name]["core_share"] for one in later)
        held = ", ".join(f"{what} {span([one[name][what] for one in later])}" for what in ("descriptors", "threads"))
        yield (
            f"{name} after the first quarter: memory {memory[0]:.0f} to {memory[-1]:.0f} MiB "
            f"({memory_slope(later, name):+.1f} MiB an hour), {held}; {share:.0%} of a core."
        )


def span(values: Sequence[int]) -> str:
    """The least and the most."""
    return f"{min(values)} to {max(values)}"


def memory_slope(samples: Sequence[Plain], name: str) -> float:
    """MiB an hour by which the memory of a process grows."""
    hours = [one["minute"] / 60 for one in samples]
    return linear_regression(hours, [one[name]["memory_mib"] for one in samples]).slope


def told_wrong(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what logs, feed and outbox tell of trouble."""
    if samples[-1]["log_errors"]:
        yield f"{samples[-1]['log_errors']} lines of the logs tell of errors"
    unwell = [one["minute"] for one in samples if one["feed"] != "well"]
    if unwell:
        yield f"the feed was not well at the minutes {unwell}"

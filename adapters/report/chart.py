"""Line charts as inline SVG. Lines stretch with the page; labels are text beside them, so that they stay readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from adapters.report.scale import Axis, time_axis
from runtime.metrics import Curve

_SIZE = 1000


@dataclass(frozen=True)
class Line:
    """One curve, what it is called, and the class that colours it; `filled` shades the area up to the top."""

    name: str
    style: str
    curve: Curve
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that is shaded from top to bottom."""

    from_ms: int
    to_ms: int
    style: str
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A level across the chart, with its name."""

    value: float
    style: str
    name: str


def chart(
    title: str, lines: Sequence[Line], values: Axis, bands: Sequence[Band] = (), marks: Sequence[Mark] = ()
) -> str:
    """Return a figure with a legend; every curve needs at least two points."""
    first = min(int(line.curve.at_ms[0]) for line in lines)
    last = max(int(line.curve.at_ms[-1]) for line in lines)
    times = time_axis(first, last)
    shapes = [
        *(_band(band, times) for band in bands),
        *(_rule(values.place(value), "grid") for value, _ in values.labels),
        *(_rule(values.place(mark.value), f"mark {mark.style}") for mark in marks),
        *(_path(line, times, values) for line in lines),
    ]
    caption = f"<figcaption>{escape(title)}{_legend(lines, bands, marks)}</figcaption>"
    return (
        f'<figure class="chart">{caption}<div class="plot">'
        f'<svg viewBox="0 0 {_SIZE} {_SIZE}" preserveAspectRatio="none" role="img" aria-label="{escape(title)}">'
        f"{''.join(shapes)}</svg>{_labels(values, times)}</div></figure>"
    )


def _legend(lines: Sequence[Line], bands: Sequence[Band], marks: Sequence[Mark]) -> str:
    """One key for each style: a band that has a mark too is told by the mark."""
    named = {f"{band.style} band": band.name for band in bands} | {f"{mark.style} band": mark.name for mark in marks}
    keys = [*((line.style, line.name) for line in lines), *named.items()]
    return "".join(f'<span class="key {style}">{escape(name)}</span>' for style, name in keys)


def _labels(values: Axis, times: Axis) -> str:
    beside = "".join(f'<span style="bottom:{values.place(at):.2%}">{escape(text)}</span>' for at, text in values.labels)
    below = "".join(f'<span style="left:{times.place(at):.2%}">{escape(text)}</span>' for at, text in times.labels)
    return f'<div class="values">{beside}</div><div class="times">{below}</div>'


def _path(line: Line, times: Axis, values: Axis) -> str:
    points = [
        f"{times.place(int(at_ms)) * _SIZE:.1f} {(1 - values.place(float(value))) * _SIZE:.1f}"
        for at_ms, value in zip(line.curve.at_ms, line.curve.values, strict=True)
    ]
    drawn = f'<path class="line {line.style}" d="M{"L".join(points)}"/>'
    if not line.filled:
        return drawn
    start, end = points[0].split()[0], points[-1].split()[0]
    return f'<path class="area {line.style}" d="M{start} 0L{"L".join(points)}L{end} 0Z"/>{drawn}'


def _band(band: Band, times: Axis) -> str:
    start = max(0.0, times.place(band.from_ms)) * _SIZE
    width = max(1.0, min(1.0, times.place(band.to_ms)) * _SIZE - start)
    return f'<rect class="{band.style}" x="{start:.1f}" y="0" width="{width:.1f}" height="{_SIZE}"/>'


def _rule(ratio: float, style: str) -> str:
    height = (1 - ratio) * _SIZE
    return f'<path class="{style}" d="M0 {height:.1f}H{_SIZE}"/>'

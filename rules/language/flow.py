"""Expressions inside YAML's own brackets: the commas of a call are not the commas of a list.

YAML splits `[f(a, b), c]` at every comma. Before it reads a file, the signs that belong to an expression are covered by
placeholders of the same length, so that every place stays what it was; `uncovered` takes them off again.
"""

import re

COVERED = ",[]{}"
_COVER = {ord(sign): chr(0xE000 + number) for number, sign in enumerate(COVERED)}
_UNCOVER = {ord(cover): chr(sign) for sign, cover in _COVER.items()}
_OPENING = re.compile(r"[\])\w]\[|(?<=\s)in\s+\[|\(")
_BRACKETS = re.compile(r"[()\[\]]")
_PARTNER = {")": "(", "]": "["}
_QUOTED = re.compile(r"""(?:^|[\[{,:-])\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
PLACEHOLDERS = re.compile(f"[{''.join(_COVER.values())}]")


def covered(text: str) -> str:
    """Cover every comma, bracket and brace inside a call, an offset or a membership that is closed on its line."""
    if not _OPENING.search(text):
        return text
    return "\n".join(_cover_line(line) if _OPENING.search(line) else line for line in text.split("\n"))


def uncovered(text: str) -> str:
    """Take the placeholders off again."""
    return text.translate(_UNCOVER)


def _cover_line(line: str) -> str:
    pieces, done = [], 0
    for start, end in _regions(line):
        pieces += [line[done:start], line[start:end].translate(_COVER)]
        done = end
    return "".join([*pieces, line[done:]])


def _regions(line: str) -> list[tuple[int, int]]:
    """Find the outermost bracket pairs that belong to an expression, as (start, end)."""
    bare = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), line)
    begins = {match.end() - 1 for match in _OPENING.finditer(bare)}
    waiting: list[int] = []
    regions: list[tuple[int, int]] = []
    for bracket in _BRACKETS.finditer(bare):
        if bracket.group() in "([":
            waiting.append(bracket.start())
            continue
        while waiting and bare[waiting[-1]] != _PARTNER[bracket.group()]:
            waiting.pop()
        start = waiting.pop() if waiting else -1
        if start in begins:
            while regions and regions[-1][0] > start:
                regions.pop()
            regions.append((start, bracket.end()))
    return regions

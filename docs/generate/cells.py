"""Tables and words in Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown; a bar inside a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Write a text as code, an empty one as nothing."""
    return f"`{text}`" if text else ""


def sentence(text: str) -> str:
    """Begin with a capital letter and end with a full stop."""
    return text if not text else text[0].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")

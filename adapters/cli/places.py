"""Where things are when nobody says so: the rules, the runs."""

from importlib.resources import files
from pathlib import Path

from adapters.cli.failure import ExitCode, Failure

RULES = Path("rules")
RUNS = Path("runs")
SEARCHES = Path("searches")


def packaged_rules() -> Path:
    """Return the folder of the rule files that come with the program."""
    return Path(str(files("rules")))


def rules_folder(asked: Path | None = None) -> Path:
    """Return the folder asked for, else that of the working directory if it holds rule files, else the shipped one."""
    if asked is not None:
        return existing(asked)
    return RULES if holds_rules(RULES) else packaged_rules()


def holds_rules(folder: Path) -> bool:
    """Say whether a folder looks like one of rule files."""
    return any((folder / section).is_dir() for section in ("engines", "governance"))


def existing(path: Path) -> Path:
    """Return a path that exists; fails with a sentence for one that does not."""
    if not path.exists():
        raise Failure(f"Expected rule files at {path}, found nothing there. Check the path.", ExitCode.USAGE)
    return path


def shortened(path: Path) -> str:
    """Write a path as seen from the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)

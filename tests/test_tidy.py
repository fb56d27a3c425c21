"""House style that no linter knows; every message says what to do instead."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
INNER = ["rules", "machines", "runtime"]
PACKAGES = [*INNER, "adapters"]
LINES_MAX = 600
NAMES_SAYING_NOTHING = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"}
WALL_CLOCK = re.compile(r"time\.(time|monotonic)(_ns)?|datetime\.(datetime|date)\.(now|utcnow|today)")
STOPWATCH = re.compile(r"time\.(perf_counter|process_time)(_ns)?")
SPECIFICATION_ID = re.compile(r"\b(CORE|TREND|RULE|RISK|BRK|EXEC|BT|DATA|STATE)-\d\d\b")
PATH_OF_ONE_MACHINE = re.compile(r"(?<![\w.])/(?:work|root)/")
HOST_OF_A_REGISTRY = re.compile(r"pypi\.org|files\.pythonhosted|registry\.npmjs")
SKIPS = {"skip", "skipif", "xfail"}


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def committed() -> list[Path]:
    """Return the files that are or could be committed; outside a clone, all of them."""
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", "__pycache__"} & set(path.parts)]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


@cache
def names_used(path: Path) -> list[tuple[int, str]]:
    """Return each imported name and each dotted one that starts with a name, in full: `datetime.datetime.now`."""
    imported: dict[str, str] = {}
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            imported |= {a.asname: a.name for a in node.names if a.asname}
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
            found += [(node.lineno, f"{node.module}.{a.name}") for a in node.names]
    dotted = [(node.lineno, parts(node)) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    return found + [(line, ".".join([imported.get(first, first), *rest])) for line, (first, *rest) in dotted if first]


def parts(node: ast.expr) -> list[str]:
    """Return the names of a dotted one; what hangs on anything else than a name begins with nothing."""
    if isinstance(node, ast.Attribute):
        return [*parts(node.value), node.attr]
    return [node.id if isinstance(node, ast.Name) else ""]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the comments and docstrings of a module."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def reason(call: ast.Call) -> bool:
    """Tell whether a call of `skip` and its like says why; only `skipif` has something else in its first place."""
    return any(k.arg == "reason" for k in call.keywords) or bool(call.args and "skipif" not in ast.unparse(call.func))


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    places = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        places += [at(path, number) for number, line in enumerate(lines, 1) if pattern.search(line)]
    return places


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PACKAGES)}
    long = [at(path, length) for path, length in lengths.items() if length > LINES_MAX]
    assert not long, f"over {LINES_MAX} lines; find the second noun in it and give it a file of its own: {long}"


def test_a_module_is_named_after_what_it_owns() -> None:
    vague = [str(path.relative_to(ROOT)) for path in modules(*PACKAGES) if path.stem in NAMES_SAYING_NOTHING]
    vague += [str(path.relative_to(ROOT)) for path in modules(*PACKAGES) if path.parent.name in NAMES_SAYING_NOTHING]
    assert not vague, f"name the module after the noun that it owns: {vague}"


def test_only_the_clock_reads_the_wall_clock() -> None:
    clock = ROOT / "adapters" / "clock.py"
    paths = [path for path in modules(*PACKAGES) if path != clock]
    reads = [at(path, line) for path in paths for line, name in names_used(path) if WALL_CLOCK.fullmatch(name)]
    assert not reads, f"take the time from the event, or from adapters/clock.py outside the engine: {reads}"


def test_the_inside_does_not_measure_itself() -> None:
    paths = modules(*INNER)
    reads = [at(path, line) for path in paths for line, name in names_used(path) if STOPWATCH.fullmatch(name)]
    assert not reads, f"measure from outside, in an adapter or a benchmark: {reads}"


def test_money_is_never_a_float() -> None:
    paths = [path for path in [ROOT / "runtime" / "portfolio.py"] if path.exists()]
    calls = [(path, node) for path in paths for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    floats = [at(path, call.lineno) for path, call in calls if ast.unparse(call.func) == "float"]
    assert not floats, f"keep it a Decimal: {floats}"


def test_code_explains_itself_without_the_specification() -> None:
    # Where no line has one, no comment has.
    paths = [path for path in modules(*PACKAGES) if found(SPECIFICATION_ID, [path])]
    cited = [at(path, line) for path in paths for line, text in prose(path) if SPECIFICATION_ID.search(text)]
    assert not cited, f"say the reason in words; ids belong to the tags of scenarios and the markers of tests: {cited}"


def test_nothing_points_at_one_machine() -> None:
    places = found(PATH_OF_ONE_MACHINE, committed())
    assert not places, f"write the path relative to the repository: {places}"


def test_nothing_names_the_host_of_a_registry() -> None:
    places = found(HOST_OF_A_REGISTRY, committed())
    assert not places, f"leave the choice of the registry to whoever installs: {places}"


def test_a_skipped_test_says_why() -> None:
    silent = []
    for path in modules("tests", "features"):
        nodes = list(ast.walk(tree(path)))
        skips = [n for n in nodes if isinstance(n, ast.Attribute) and n.attr in SKIPS and "pytest" in ast.unparse(n)]
        explained = [n.func for n in nodes if isinstance(n, ast.Call) and reason(n)]
        silent += [at(path, skip.lineno) for skip in skips if skip not in explained]
    assert not silent, f"give reason=…: {silent}"

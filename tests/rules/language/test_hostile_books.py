"""Files that nobody wrote in good faith, or with the wrong program: refused with a sentence, never a traceback."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.language.document import plain
from rules.language.reading import LARGEST_FILE, read_text
from rules.language.rulebook import load

pytestmark = pytest.mark.spec("RULE-02", "RULE-03")


def said(shelf, content: str | bytes) -> list[str]:
    shelf.put("book.yaml", content)
    assert shelf.load() is None
    return shelf.said()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1:1: R002 The file is empty. A rule file begins with `book:` and its name."),
        ("# only a comment\n", "1:1: R002 The file is empty. A rule file begins with `book:` and its name."),
        ("- a\n- b\n", "1:1: R003 A rule file is a list of keys with values. Begin with `book:` and its name."),
        ("just words", "1:1: R003 A rule file is a list of keys with values. Begin with `book:` and its name."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "1:1: R001 The file is not UTF-8 text. Save it as UTF-8."),
        (b"book: caf\xe9\n", "1:1: R001 The file is not UTF-8 text. Save it as UTF-8."),
        (b"book: a\nabout: \x00\n", "2:8: R001 The character U+0000 is not text. Save the file as plain UTF-8 text."),
        (
            "book: a\nabout: \u202etxt\n",
            "2:8: R001 The character U+202E is not text. Save the file as plain UTF-8 text.",
        ),
        ("book: a\nwhy: one: two\n", "2:9: R003 This is not YAML: mapping values are not allowed here."),
        ("book: @a\n", "1:7: R003 This is not YAML: while scanning for the next token found character '@'"),
        ('book: "a\n', "2:1: R003 This is not YAML: while scanning a quoted scalar found unexpected end of stream."),
        ("book: a\n  machine: b\n", "2:10: R003 This is not YAML: mapping values are not allowed here."),
        ("{a: b}: c\n", "1:1: R003 A list or section stands where a key belongs. A key is a single word."),
        (":  # a comment that a library which keeps them can't keep\n a\n\n", "1:1: R026 Nothing tells"),
        ("what: ever\n", "1:1: R026 Nothing tells what this book decides about."),
        ("[" * 1000, "1:21: R009 Sections are nested more than 20 deep."),
        ("{a: " * 1000, "1:81: R009 Sections are nested more than 20 deep."),
        ("- " * 1000, "1:41: R009 Sections are nested more than 20 deep."),
        (
            "a: [" + "x," * 10_000 + "]",
            "1:11999: R009 The file has more than 6,000 values. Split it into several books.",
        ),
    ],
)
def test_what_is_not_a_rule_file(shelf, content: str | bytes, expected: str) -> None:
    assert said(shelf, content)[0].startswith(f"book.yaml:{expected}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "risk: 1%",
            "risk: &risk 1%",
            "12:9: R006 `&risk` is a YAML anchor; a book says everything where it stands. "
            "Leave it out; name a shared value under `params:` or `facts:`.",
        ),
        (
            "risk: 1%",
            "risk: *slow",
            "12:9: R006 `*slow` is a YAML alias; a book says everything where it stands. "
            "Write the value itself, or name it under `params:` or `facts:`.",
        ),
        ("risk: 1%", "risk: !ratio 1%", "12:9: R007 `!ratio` is a YAML tag. Leave it out; values need no tag."),
        (
            "risk: 1%",
            "risk: !!python/object/apply:os.system [ls]",
            "12:9: R007 `tag:yaml.org,2002:python/object/apply:os.system` is a YAML tag. "
            "Leave it out; values need no tag.",
        ),
        (
            "  risk: 1%",
            "\trisk: 1%",
            "12:1: R004 A tab stands here. Write spaces; how wide a tab is depends on the editor.",
        ),
        (
            "risk: 1%",
            "slow: 1%",
            "12:3: R005 `slow` stands here a second time; the first is in line 11. "
            "Leave one of them, or give this one another name.",
        ),
        ("entries:", "---\nentries:", "32:1: R008 A second book begins here. Put it in a file of its own."),
        (
            "when: age(position) >= longest",
            "when: >\n      age(position)\n      >= longest",
            "22:11: R010 An expression can't be written in this way, because what is read is not what stands here. "
            "Write `|` in place of `>`, or begin on the line of the key and go on in the next one.",
        ),
        (
            "when: age(position) >= longest",
            'when: "age(position) \\x3e= longest"',
            "22:11: R010 An expression can't be written in this way, because what is read is not what stands here. "
            "Write it on one line and without escapes, or without the quotes around it.",
        ),
        ("when: age(position) >= longest", "when: __import__('os').system('ls')", "22:27: R165"),
        ("when: age(position) >= longest", "when: eval('1') > 0", "22:11: R102"),
    ],
)
def test_what_yaml_can_do_and_a_book_may_not(shelf, old: str, new: str, expected: str) -> None:
    found = said(shelf, shelf.trend.replace(old, new))
    assert any(text.startswith(f"book.yaml:{expected}") for text in found), found


def test_both_places_of_a_duplicate_are_told(shelf) -> None:
    said(shelf, shelf.trend.replace("  risk: 1%", "  slow: 1%"))
    assert [place.line for place in shelf.findings[0].also] == [11]


def test_mistakes_of_yaml_and_of_the_book_come_together(shelf) -> None:
    found = said(shelf, shelf.trend.replace("risk: 1%", "risk: &x 1%").replace("in: SCANNING", "in: SCANING"))
    assert [text.split()[1] for text in found] == ["R006", "R032"]


def test_a_file_that_is_too_large_is_not_read(shelf) -> None:
    found = said(shelf, b"a" * (LARGEST_FILE + 1))
    assert found == [
        f"book.yaml:1:1: R001 The file is too large: {LARGEST_FILE + 1:,} bytes, at most {LARGEST_FILE:,} are read. "
        "Split it into several books."
    ]


def test_a_file_without_an_end_is_not_read(shelf) -> None:
    _, findings = load([Path("/dev/zero")], {}, lambda _kind, _symbols: pytest.fail("nothing was to be read"))
    assert [finding.sentence for finding in findings] == ["This is not an ordinary file."]


def test_a_pipe_is_not_waited_for(shelf) -> None:
    os.mkfifo(shelf.folder / "book.yaml")
    assert shelf.load() is None
    assert shelf.said() == ["book.yaml:1:1: R001 This is not an ordinary file."]


def test_a_folder_in_place_of_a_file(shelf) -> None:
    (shelf.folder / "book.yaml").mkdir()
    assert shelf.load() is None
    assert shelf.said() == ["book.yaml:1:1: R001 This is a folder; a rule file was expected."]


def test_a_file_that_is_not_there(shelf) -> None:
    assert shelf.load("none.yaml") is None
    assert shelf.said() == ["none.yaml:1:1: R001 The file can't be read: No such file or directory."]


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, ""])
def test_a_name_that_no_file_can_have(name: str) -> None:
    rulebook, findings = load([Path(name)], {}, lambda _kind, _symbols: pytest.fail("nothing was to be read"))
    assert rulebook is None
    assert [finding.code for finding in findings] == ["R001"]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(shelf) -> None:
    shelf.put("book.yaml", b"\xef\xbb\xbf" + shelf.trend.replace("\n", "\r\n").encode())
    assert shelf.load() is not None


def test_only_so_many_mistakes_are_listed(shelf) -> None:
    """The rest would be of no use, and finding them could take for ever."""
    facts = "".join(f"  f{number}: unknown_{number} and also_{number}\n" for number in range(150))
    found = said(shelf, shelf.trend.replace("facts:\n", "facts:\n" + facts))
    assert len(found) == 101
    assert any("R009 More mistakes follow. Put those before this one right first." in text for text in found)


def test_the_marked_part_of_a_long_line_is_short(shelf) -> None:
    said(shelf, "book: a" + " " * 500 + "b" * 100_000 + ": c")
    line, underline = shelf.findings[0].marked.split("\n")
    assert len(line) <= 162
    assert line[underline.index("^")] == ":"
    assert line[0] == "…"


def test_facts_that_double_do_not_grow_for_ever(shelf) -> None:
    facts = "  a0: close\n" + "".join(f"  a{n}: a{n - 1} + a{n - 1}\n" for n in range(1, 100))
    found = said(shelf, shelf.trend.replace("facts:\n", "facts:\n" + facts))
    assert any("R167 With its facts written out this has over" in text for text in found)


DEEP = ["(" * 900 + "1" + ")" * 900, "not " * 480 + "1", "-" * 1900 + "1", "1" + "+1" * 900, "f(" * 900, "[" * 1900]


@pytest.mark.parametrize("expression", DEEP, ids=["parentheses", "not", "minus", "sum", "calls", "brackets"])
def test_no_expression_is_too_deep_to_be_refused(shelf, expression: str) -> None:
    found = said(shelf, shelf.trend.replace("when: age(position) >= longest", f'when: "{expression}"'))
    assert len(found) == 1


SIGNS = [
    *"[]{}()'\"#%@\\\t\n",
    ", ",
    ": ",
    "- ",
    "  ",
    "? ",
    "&a ",
    "*a ",
    "!t ",
    "|\n",
    ">\n",
    "---\n",
    "...\n",
    "é",
    "😀",
]
KEYS = [
    "book: a\n",
    "extends: a\n",
    "machine: trend\n",
    "ladder:\n",
    "checks:\n",
    "shares:\n",
    "limits:\n",
    "entries:\n",
]
PARTS = ["  long:\n", "    when: ", "params: {a: 1}\n", "close > 1\n", "in [a, b]", "x[1]", "a of b", "f(a, b)"]
PIECES = st.sampled_from([*SIGNS, *KEYS, *PARTS])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_stands_in_a_file_nothing_is_raised(shelf, content: str) -> None:
    shelf.put("book.yaml", content)
    rulebook = shelf.load()
    assert (rulebook is None) == any(finding.severity == "error" for finding in shelf.findings)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_book_that_was_damaged_anywhere_is_answered_with_findings(shelf, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([shelf.trend, shelf.core, shelf.breakers]))
    at = data.draw(st.integers(0, len(text)))
    shelf.put("book.yaml", text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 12)) :])
    shelf.load()
    lines = (shelf.folder / "book.yaml").read_text(encoding="utf-8").split("\n")
    for finding in shelf.findings:
        assert 1 <= finding.place.line <= len(lines)
        assert 1 <= finding.place.column <= len(lines[finding.place.line - 1]) + 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[f(a, b), c]", ["f(a, b)", "c"]),
        ("{x: f(a, [b, c]), y: d}", {"x": "f(a, [b, c])", "y": "d"}),
        ("[a in [b, c], d[1], g(h(i, j)[2], k)]", ["a in [b, c]", "d[1]", "g(h(i, j)[2], k)"]),
        ("{why: one (two, three), z: '(', w: ')'}", {"why": "one (two, three)", "z": "(", "w": ")"}),
        ("[a, (b, c), d]", ["a", "(b, c)", "d"]),
        ("[[a, b], [c]]", [["a", "b"], ["c"]]),
        ("{in: [A, B], when: (a}", {"in": ["A", "B"], "when": "(a"}),
    ],
)
def test_commas_of_a_call_are_not_commas_of_a_list(written: str, read: object) -> None:
    document, findings = read_text(f"x: {written}\n".encode(), "x.yaml")
    assert findings == []
    assert document is not None
    assert plain(document.root) == {"x": read}

"""Whether a file has the form of a book, said with the place of each part that has not."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.language.document import Document, Fields, Items, Scalar, Tree, plain, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.form import BOOK_PATTERN, FORMS, SYMBOL_PATTERN, TELLING_SECTIONS, BookKind, Form
from rules.language.source import Place

MOST_FINDINGS = 50
Location = tuple[int | str, ...]

_NAMES = {
    BOOK_PATTERN: "Such a name has small letters, digits and hyphens, as `trend-1` has.",
    SYMBOL_PATTERN: "A symbol has capital letters and digits, such as `BTCUSDT`.",
}


def kind_of(root: Fields) -> BookKind | None:
    """Tell by its sections what a book decides about; None when no section tells."""
    return next((kind for key, kind in TELLING_SECTIONS.items() if key in root), None)


def check_shape(document: Document, kind: BookKind) -> list[Finding]:
    """List everything in a document that does not have the form of a book of this kind."""
    form = FORMS[kind]
    try:
        form.model_validate(plain(document.root))
    except ValidationError as problem:
        details = problem.errors(include_url=False, include_input=False, include_context=True)[:MOST_FINDINGS]
        found = [_finding(document.root, form, detail) for detail in details]
        return list({(finding.place, finding.code, finding.sentence): finding for finding in found}.values())
    return []


def _finding(root: Fields, form: type[Form], detail: ErrorDetails) -> Finding:
    return _SENTENCES.get(detail["type"], _wrong_kind)(root, form, detail)


def _missing(root: Fields, form: type[Form], detail: ErrorDetails) -> Finding:
    *inside, name = detail["loc"]
    place = _key_place(root, tuple(inside)) if inside else Place(root.place.file, root.place.line, root.place.column, 1)
    where = f"`{shortened(str(inside[-1]))}`" if inside else _WHOLES.get(form, "The book")
    return error("R012", place, f"{where} has no `{name}`.", f"Add `{name}: …`{_meaning(form, detail['loc'])}.")


def _meaning(form: type[Form], location: Location) -> str:
    field = _fields_at(form, location[:-1]).get(str(location[-1]))
    return f", {field.description}" if field is not None and field.description else ""


def _unknown(root: Fields, form: type[Form], detail: ErrorDetails) -> Finding:
    *inside, name = detail["loc"]
    known = _fields_at(form, tuple(inside))
    word = shortened(str(name))
    hint = did_you_mean(word, known) or _elsewhere(word, inside) or f"Here belong {listed(known)}."
    where = f"in `{shortened(str(inside[-1]))}`" if inside else f"in {_KINDS[form]}"
    return error("R011", _key_place(root, detail["loc"]), f"The key `{word}` has no meaning {where}.", hint)


def _elsewhere(word: str, inside: list[int | str]) -> str:
    kind = TELLING_SECTIONS.get(word)
    if kind is None or inside:
        return ""
    return f"It belongs into {_KINDS[FORMS[kind]]}, in a file of its own."


def _bad_name(root: Fields, _form: type[Form], detail: ErrorDetails) -> Finding:
    word = shortened(_written(root, detail["loc"]))
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    hint = _NAMES.get(pattern, "A name begins with a letter and has letters, digits and `_` in it.")
    return error("R015", _place(root, detail["loc"]), f"`{word}` can't be a name here.", hint)


def _bad_word(root: Fields, _form: type[Form], detail: ErrorDetails) -> Finding:
    word = shortened(_written(root, detail["loc"]))
    words = [part.strip("' ") for part in str(detail["ctx"]["expected"]).replace(" or ", ",").split(",")]
    hint = did_you_mean(word, words) or f"Choose {listed(words)}."
    name = shortened(str(detail["loc"][-1]))
    return error("R014", _place(root, detail["loc"]), f"`{word}` is not possible for `{name}`.", hint)


def _amount(root: Fields, _form: type[Form], detail: ErrorDetails) -> Finding:
    bounds = detail.get("ctx", {})
    name = shortened(str(detail["loc"][-1]))
    if "max_length" in bounds:
        sentence = f"`{name}` has too many parts; at most {bounds['max_length']} are allowed."
        return error("R009", _key_place(root, detail["loc"]), sentence, "Split the book.")
    sentence = f"`{name}` needs at least {bounds.get('min_length', 1)} of what belongs in it."
    return error("R012", _key_place(root, detail["loc"]), sentence)


def _wrong_kind(root: Fields, _form: type[Form], detail: ErrorDetails) -> Finding:
    wanted = _WANTED.get(detail["type"], "something else")
    tree = _tree(root, detail["loc"])
    here = "nothing" if isinstance(tree, Scalar) and not tree.value else _FOUND.get(type(tree), "something else")
    name = shortened(str(detail["loc"][-1])) if detail["loc"] else "the file"
    hint = "Fill it in or leave the key out." if here == "nothing" else ""
    return error("R013", _place(root, detail["loc"]), f"Under `{name}` {wanted} is needed, here is {here}.", hint)


_FOUND: Mapping[type[Tree], str] = MappingProxyType(
    {Scalar: "a single value", Items: "a list", Fields: "a section with keys"}
)
_WANTED: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "a single value",
        "list_type": "a list, such as `[a, b]`,",
        "dict_type": "a section with keys",
        "model_type": "a section with keys",
        "one_or_more": "a single value or a list of them",
        "markets": "one market or `[spot, linear]`",
    }
)
_SENTENCES: Mapping[str, Callable[[Fields, type[Form], ErrorDetails], Finding]] = MappingProxyType(
    {
        "missing": _missing,
        "extra_forbidden": _unknown,
        "string_pattern_mismatch": _bad_name,
        "string_too_long": _bad_name,
        "literal_error": _bad_word,
        "too_long": _amount,
        "too_short": _amount,
    }
)
_KINDS: Mapping[type[Form], str] = MappingProxyType(
    {
        FORMS[BookKind.ENGINE]: "a book of an engine",
        FORMS[BookKind.OVERLAY]: "a book that extends another",
        FORMS[BookKind.BREAKERS]: "a book of breakers",
        FORMS[BookKind.CHECKS]: "a book of checks",
        FORMS[BookKind.ENVELOPE]: "the envelope",
        FORMS[BookKind.LIFECYCLE]: "the book of the life cycle",
        FORMS[BookKind.SHARES]: "the book of shares",
        FORMS[BookKind.PHASES]: "the book of phases",
        FORMS[BookKind.ROUTES]: "the book of routes",
        FORMS[BookKind.DOUBTS]: "the book of doubts",
        FORMS[BookKind.ENVIRONMENT]: "an environment",
    }
)
_WHOLES: Mapping[type[Form], str] = MappingProxyType({FORMS[BookKind.ENVIRONMENT]: "The file"})


def _tree(root: Fields, location: Location) -> Tree:
    """Find the part of the file that a location of pydantic speaks of, or the innermost one that exists."""
    tree: Tree = root
    for step in location:
        inner = tree.get(str(step)) if isinstance(tree, Fields) else None
        if isinstance(tree, Items) and isinstance(step, int) and step < len(tree.items):
            inner = tree.items[step]
        if inner is None:
            break
        tree = inner
    return tree


def _key_place(root: Fields, location: Location) -> Place:
    inside = _tree(root, location[:-1])
    key = inside.key(str(location[-1])) if isinstance(inside, Fields) and location else None
    return inside.place if key is None else key.place


def _place(root: Fields, location: Location) -> Place:
    if location and location[-1] == "[key]":
        return _key_place(root, location[:-1])
    tree = _tree(root, location)
    if isinstance(tree, Scalar) and tree.value:
        return tree.place
    return _key_place(root, location)


def _written(root: Fields, location: Location) -> str:
    if location[-1] == "[key]":
        return str(location[-2])
    tree = _tree(root, location)
    return tree.value if isinstance(tree, Scalar) else ""


def _fields_at(form: type[BaseModel], location: Location) -> dict[str, Any]:
    """List the keys that a form has at a location, by the names they have in a file."""
    for step in location:
        named = {field.alias or name: field for name, field in form.model_fields.items()}
        inner = _form_in(named[str(step)].annotation) if str(step) in named else form
        form = inner or form
    return {field.alias or name: field for name, field in form.model_fields.items()}


def _form_in(annotation: Any) -> type[BaseModel] | None:
    """Find the form that an annotation speaks of, inside unions and dictionaries."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = getattr(annotation, "__args__", ())
    return next((found for found in map(_form_in, inner) if found is not None), None)

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd.feature import get_features

from features.steps import listing
from features.steps.sentence import SAYINGS, Saying, Sentence

FEATURES = Path(listing.__file__).parents[1]


def steps_told() -> Iterator[str]:
    for feature in get_features([str(FEATURES)]):
        for template in feature.scenarios.values():
            rows = [row for examples in template.examples for row in examples.as_contexts()] or [{}]
            for row in rows:
                yield from (step.name for step in template.render(row).steps)


@pytest.fixture(scope="module")
def meanings() -> dict[str, list[Saying]]:
    """Every step of a feature, and the sentences that it can be."""
    listing.listing()
    known = [(one, Sentence(one.sentence)) for one in SAYINGS]
    return {step: [one for one, form in known if form.is_matching(step)] for step in dict.fromkeys(steps_told())}


def test_the_readme_lists_every_sentence() -> None:
    readme = listing.README.read_text(encoding="utf-8")
    assert listing.renewed(readme) == readme, "run python -m features.steps.listing"


def test_every_sentence_is_told_by_a_feature(meanings: dict[str, list[Saying]]) -> None:
    used = {saying.sentence for found in meanings.values() for saying in found}
    assert [one.sentence for one in SAYINGS if one.sentence not in used] == []


def test_no_step_can_mean_two_things(meanings: dict[str, list[Saying]]) -> None:
    assert {step: found for step, found in meanings.items() if len(found) > 1} == {}


def test_every_sentence_says_what_it_means() -> None:
    listing.listing()
    assert [one.sentence for one in SAYINGS if not one.about.endswith(".")] == []

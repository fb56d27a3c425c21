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
def told() -> list[str]:
    listing.listing()
    return list(dict.fromkeys(steps_told()))


def test_the_readme_lists_every_sentence() -> None:
    readme = listing.README.read_text(encoding="utf-8")
    assert listing.renewed(readme) == readme, "run python -m features.steps.listing"


def test_every_sentence_is_told_by_a_feature(told: list[str]) -> None:
    unused = [one.sentence for one in SAYINGS if not any(Sentence(one.sentence).is_matching(step) for step in told)]
    assert not unused


def test_no_step_can_mean_two_things(told: list[str]) -> None:
    known = [(one, Sentence(one.sentence)) for one in SAYINGS]
    meanings: dict[str, list[Saying]] = {step: [one for one, form in known if form.is_matching(step)] for step in told}
    assert {step: found for step, found in meanings.items() if len(found) > 1} == {}


def test_every_sentence_says_what_it_means() -> None:
    listing.listing()
    assert [one.sentence for one in SAYINGS if not one.about.endswith(".")] == []

"""Leaping leaves behind what stepping does, to the last decimal."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.runtime.leaping import Case, cases, outcome_of, rulebook_of

# A case that fails is small enough as it is, and making it smaller would take minutes.
drawn = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@pytest.mark.spec("BT-01", "BT-04")
@drawn
@given(cases())
def test_leaping_and_stepping_end_alike(case: Case) -> None:
    """Every order, fill, decision, level, notice and equity of a run, and all that is remembered at its end."""
    rulebook = rulebook_of(case)
    stepped, _ = outcome_of(case, rulebook, leaping=False)
    leapt, _ = outcome_of(case, rulebook, leaping=True)
    assert leapt.document == stepped.document
    assert leapt.engine == stepped.engine
    assert leapt.exchange == stepped.exchange

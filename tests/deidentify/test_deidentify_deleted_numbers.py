"""Numbers that a rule deletes are carried as marks only if no rule reads them before."""

import pytest
from rule_runner import make_rule

from kaigo.deidentify import load_standard
from kaigo.deidentify.make import _list_deleted

SOUMU = load_standard("soumu-2018")
SWAP = make_rule("swap_values", "benefits.units", share=0.5, within="provider_number")


def test_numbers_that_the_standard_deletes_are_marks() -> None:
    assert _list_deleted(SOUMU) == {"insurer_number", "insured_number", "provider_number"}


@pytest.mark.parametrize("first", [True, False])
def test_a_number_that_a_rule_stays_within_is_carried_until_then(first: bool) -> None:
    rules = (SWAP, *SOUMU.rules) if first else (*SOUMU.rules, SWAP)
    found = _list_deleted(SOUMU.model_copy(update={"rules": rules}))
    assert ("provider_number" in found) is not first

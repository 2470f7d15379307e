"""The standard of a run: its own values, but for what the run sets."""

from pathlib import Path

import pytest

from kaigo.deidentify import list_standards, load_standard
from kaigo.workbook.params import Params
from kaigo.workbook.stages import Stages


@pytest.mark.parametrize("name", list_standards())
def test_a_run_without_settings_carries_a_standard_out_as_it_is(name: str, tmp_path: Path) -> None:
    assert Stages(Params(standard=name), tmp_path).standard_in_force() == load_standard(name)


def test_a_setting_replaces_the_values_of_the_standard(tmp_path: Path) -> None:
    params = Params(threshold=20, super_aged=95, top_percentile=0.9, rotate_months=3)
    standard = Stages(params, tmp_path).standard_in_force()
    values = {rule.technique: rule.parameters for rule in standard.rules}
    assert values["delete_rare_answers"] == values["roll_up_rare_codes"] == {"persons": 20}
    assert values["top_code"] == {"persons": 20, "percentile": 0.9}
    assert values["delete_super_aged"] == {"age": 95}
    assert (standard.pseudonym.rotate_months, standard.pseudonym.set_by) == (3, "自治体")

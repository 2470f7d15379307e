"""The worked example of the chapters stays what the document shows, whatever the thresholds are."""

import pytest

from kaigo.deidentify import load_standard
from kaigo.deidentify.figures import show_example_after
from kaigo.deidentify.worked_example import count_others


@pytest.mark.parametrize("persons", [2, 10, 20, 60])
def test_the_example_is_shown_as_in_the_document_for_any_threshold(persons: int) -> None:
    standard = load_standard("soumu-2018").with_parameters(
        {name: {"persons": persons} for name in ("delete_rare_answers", "roll_up_rare_codes", "top_code")}
    )
    assert count_others(standard) == max(10, persons)
    rows = show_example_after(standard).frame
    assert rows["生年月"].tolist() == ["昭和18年2月", "昭和18年2月"]
    assert rows["歩行"].tolist() == ["つかまれば可"] * 2
    assert rows["要介護状態区分"].tolist() == ["要介護3"] * 2
    assert rows["サービスコード"].tolist() == ["111175"] * 2
    assert rows["サービス利用状況(日数・点数)"].tolist() == ["15日・25,260点", "16日・26,944点"]

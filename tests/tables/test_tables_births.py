"""Released births of every coarseness are shown in words."""

import pandas as pd
import pytest

from kaigo.tables import show_birth
from kaigo.tables.rendering import show_rows


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("birth_month", "1943-02", "昭和18年2月"),
        ("birth_quarter", "1943-Q1", "昭和18年1月〜3月"),
        ("birth_quarter", "1950-Q4", "昭和25年10月〜12月"),
        ("birth_year", "1943", "1943年"),
        ("birth_band", "1940-1944", "1940年〜1944年生まれ"),
        ("birth_band", "-1934", "1934年以前の生まれ"),
        ("birth_band", "1985-", "1985年以後の生まれ"),
        ("age_band", "80-84", "80歳〜84歳"),
        ("age_band", "90-", "90歳以上"),
        ("age_band", "-64", "64歳以下"),
    ],
)
def test_a_birth_is_shown_in_words(column: str, value: str, shown: str) -> None:
    assert show_birth(column, value) == shown


def test_a_table_of_rows_shows_the_coarser_birth_under_its_own_header() -> None:
    shown = show_rows(pd.DataFrame({"age_band": ["80-84", None], "sex": [1, 2]}))
    assert shown.to_dict("list") == {"年齢の幅": ["80歳〜84歳", "(削除)"], "性別": ["男", "女"]}

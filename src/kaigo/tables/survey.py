"""The 74 basic items of the certification survey (認定調査 基本調査) and the two independence ranks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kaigo.tables.facts import read_facts


@dataclass(frozen=True)
class SurveyItem:
    """認定調査の1項目。

    Attributes
    ----------
    column : str
        Column name, e.g. ``survey_1_7``.
    number : str
        Official number, e.g. ``1-7``.
    name : str
        Official name, e.g. 歩行. ``part`` is the limb or joint of 1-1 and 1-2, else empty.
    options : tuple of str
        Options in official order; the first has the code ``first_option`` (0 for yes/no marks, else 1).
    counts : bool
        Whether the item is one of the 74 (the two 自立度 ranks are not).
    source : str
    """

    column: str
    number: str
    name: str
    part: str
    group: str
    options: tuple[str, ...]
    first_option: int
    counts: bool
    source: str

    @property
    def label(self) -> str:
        """Label for people, e.g. 「1-7 歩行」 or 「1-1 麻痺等の有無(左上肢)」."""
        return f"{self.number} {self.name}({self.part})" if self.part else f"{self.number} {self.name}"

    @property
    def codes(self) -> range:
        """The codes that the options take, in order."""
        return range(self.first_option, self.first_option + len(self.options))

    def option_text(self, code: int) -> str:
        """Official wording of one option."""
        return self.options[code - self.first_option]


@cache
def load_survey_items() -> tuple[SurveyItem, ...]:
    """76項目(74項目と自立度2項目)を公式の番号順に返す。"""
    return tuple(
        SurveyItem(
            column=row["column"],
            number=row["number"],
            name=row["name_ja"],
            part=row["part_ja"],
            group=row["group"],
            options=tuple(row["options_ja"].split("|")),
            first_option=int(row["first_option"]),
            counts=row["counts_toward_74"] == "1",
            source=row["source"],
        )
        for row in read_facts("survey_items")
    )


@cache
def survey_columns() -> tuple[str, ...]:
    """Column names of the 74 items in official order."""
    return tuple(item.column for item in load_survey_items() if item.counts)


@cache
def find_survey_item(column: str) -> SurveyItem:
    """項目を列名で引く。

    Raises
    ------
    KeyError
        If the column is no survey item.
    """
    for item in load_survey_items():
        if item.column == column:
            return item
    raise KeyError(column)


@cache
def option_aliases() -> dict[tuple[str, str], int]:
    """Short forms of options, (column, short form) to code, e.g. つかまれば可."""
    return {(row["column"], row["alias"]): int(row["option"]) for row in read_facts("option_aliases")}

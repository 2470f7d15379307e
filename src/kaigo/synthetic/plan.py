"""What to synthesize: the size, the span of months and the seed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kaigo.errors import ParameterError

MAX_PERSONS, MAX_MONTHS, MAX_MUNICIPALITIES = 20_000_000, 120, 2_000


@dataclass(frozen=True)
class SynthesisPlan:
    """合成データの大きさと期間と乱数の種。

    Attributes
    ----------
    persons : int
        Certified persons in all: those certified in the first month and those who enter later.
    months : int
        Number of service months.
    start : str
        First service month, ``YYYY-MM``.
    municipalities : int
        Number of insurers among which the persons are divided.
    seed : int
        Same seed, plan and version give the same tables.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    persons: int
    months: int
    start: str = "2024-04"
    municipalities: int = 1
    seed: int = 42

    def __post_init__(self) -> None:
        _check_range("認定者の人数(persons)", self.persons, 1, MAX_PERSONS)
        _check_range("月数(months)", self.months, 1, MAX_MONTHS)
        _check_range("市町村の数(municipalities)", self.municipalities, 1, MAX_MUNICIPALITIES)
        _check_range("乱数の種(seed)", self.seed, 0, 2**63 - 1)
        if self.municipalities > self.persons:
            raise ParameterError(
                "市町村の数が認定者の人数より多くなっています。",
                found=f"{self.municipalities:,}市町村、{self.persons:,}人",
                remedy="市町村の数を減らすか、人数を増やしてください。",
            )
        if not isinstance(self.start, str) or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", self.start):
            raise ParameterError(
                "最初の月(start)を読めません。", found=self.start, remedy="2024-04 のように書いてください。"
            )
        if not "2000-04" <= self.start <= "2099-12":
            raise ParameterError(
                "最初の月(start)が介護保険の期間の外です。",
                found=self.start,
                remedy="2000-04 から 2099-12 までの月にしてください。",
            )

    @property
    def first_month(self) -> np.datetime64:
        """The first service month."""
        return np.datetime64(self.start, "M")

    @property
    def month_starts(self) -> npt.NDArray[np.datetime64]:
        """First day of each service month and of the month after the last, shape (months + 1,)."""
        return (self.first_month + np.arange(self.months + 1)).astype("datetime64[D]")

    @property
    def last_day(self) -> dt.date:
        """Last day of the span: the day on which the tables are taken to be extracted."""
        day: dt.date = (self.month_starts[-1] - 1).astype(object)
        return day

    def as_parameters(self) -> dict[str, str | int]:
        """The plan as it stands in the manifest."""
        return {
            "persons": self.persons,
            "months": self.months,
            "start": self.start,
            "municipalities": self.municipalities,
            "seed": self.seed,
        }


def _check_range(what: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParameterError(f"{what}が整数ではありません。", found=value, remedy="整数を指定してください。")
    if not least <= value <= most:
        raise ParameterError(
            f"{what}が範囲の外です。", found=f"{value:,}", remedy=f"{least:,}以上{most:,}以下にしてください。"
        )

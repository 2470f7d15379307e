"""Attackers as data: who knows what, of whom, how exactly, for how many months (識別を試みる場面の想定)."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaigo.errors import ParameterError
from kaigo.tables import survey_columns

About = Literal["all", "home", "facility", "super_aged", "second"]

ABOUT_LABELS: dict[About, str] = {
    "all": "すべての人",
    "home": "在宅で使う人",
    "facility": "施設に入っている人",
    "super_aged": "95歳以上の人",
    "second": "第2号被保険者",
}


class Attacker(BaseModel):
    """1つの想定: 誰が、誰について、何を、どの正確さで、何か月分知っているか。

    Attributes
    ----------
    about : str
        About whom; the targets are drawn from them.
    birth, birth_error : str, int
        Precision of the known birth, and an error in years: the true year lies within ± this many of what is known.
    level, level_error : bool, int
        Care level, and an error in steps.
    second : bool
        Whether the person is a 第2号被保険者.
    answers : tuple of str
        Survey items known; ``*`` for all. Each is mistaken for its neighbour with probability ``answer_error``.
    months, services : int
        Months of use known, and services (kinds) in each.
    units_within : float
        Units known within this share; 0 if unknown.
    misses : int
        How many known facts may disagree and the person still be taken for the same (fuzzy linkage).
    whole : bool
        Knows every released value (holds the same records from elsewhere).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = Field(min_length=1)
    story: str = Field(min_length=1)
    about: About
    birth: Literal["day", "month", "year", "none"]
    birth_error: int = Field(ge=0, le=20)
    sex: bool
    level: bool
    level_error: int = Field(ge=0, le=7)
    second: bool
    answers: tuple[str, ...]
    answer_error: float = Field(ge=0, le=1)
    months: int = Field(ge=0, le=36)
    services: int = Field(ge=0, le=99)
    units_within: float = Field(ge=0, le=1)
    misses: int = Field(ge=0, le=20)
    whole: bool
    effort: str

    def known_answers(self) -> tuple[str, ...]:
        """Survey items, ``*`` written out."""
        return tuple(survey_columns()) if "*" in self.answers else self.answers

    def describe_knowledge(self) -> str:
        """What is known, in words."""
        if self.whole:
            return "提供される値のすべて"
        births = {"day": "生年月日", "month": "生年月", "year": "生年", "none": ""}
        parts = [births[self.birth] + (f"(±{self.birth_error}年)" if self.birth_error else "")]
        parts += ["性別"] if self.sex else []
        parts += (
            [f"要介護状態区分{f'(±{self.level_error}段階)' if self.level_error else ''}"]
            if self.level
            else []
        )
        parts += ["第2号かどうか"] if self.second else []
        parts += [f"認定調査の{len(self.known_answers())}項目"] if self.answers else []
        if self.months:
            units = f"、単位数(±{self.units_within:.0%})" if self.units_within else ""
            parts.append(f"{self.months}か月分のサービス(月に{self.services}種類まで{units})")
        return "、".join(part for part in parts if part)


def load_attackers(path: Path | None = None) -> tuple[Attacker, ...]:
    """想定を読む(既定は同梱のもの)。

    Raises
    ------
    ParameterError
        If the file cannot be read or an attacker is described wrongly.
    """
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path
            else resources.files("kaigo.risk").joinpath("data", "attackers.toml").read_text(encoding="utf-8")
        )
        entries: dict[str, Any] = tomllib.loads(text)
        attackers = tuple(Attacker(id=name, **entry) for name, entry in entries.items())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ParameterError(
            "識別を試みる場面の想定のファイルを読めません。",
            found=path,
            remedy="UTF-8のTOMLで、同梱の attackers.toml と同じ項目を書いてください。",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            f"識別を試みる場面の想定に誤りがあります({error.title} {'.'.join(map(str, first['loc']))})。",
            found=str(first.get("input"))[:80],
            remedy="同梱の attackers.toml を手本に、項目名と値の範囲を直してください。",
        ) from error
    known = set(survey_columns()) | {"*"}
    for attacker in attackers:
        unknown = sorted(set(attacker.answers) - known)
        if unknown:
            raise ParameterError(
                f"想定「{attacker.id}」に、認定調査にない項目があります。",
                found="、".join(unknown),
                remedy="survey_1_7 のような列名か、* を書いてください。",
            )
    return attackers

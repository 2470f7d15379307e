"""Two overlapping releases and a second recipient, really made, and what somebody who holds both can do (差分、突合)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaigo.deidentify import Key, Release, Standard, make_release
from kaigo.deidentify.release_list import describe_release, find_overlaps
from kaigo.engine import open_engine
from kaigo.risk.between import SMALL, TwoReleases, compare_releases, difference_counts
from kaigo.risk.changes import change_standard, load_changes
from kaigo.risk.release_calendar import list_months
from kaigo.tables import BIRTH_COLUMNS, PERSON_KEY, CareTables, write_manifest
from kaigo.tables.in_force import select_in_force

if TYPE_CHECKING:
    import pandas as pd

DIMENSIONS = ("sex", "care_level")
RECIPIENTS = ("甲", "乙", "丙")
WITHOUT_ANSWERS = 2
"""Place of the release that has no survey answers."""


@dataclass(frozen=True)
class Difference:
    """2つの集計の差から分かること。

    Attributes
    ----------
    name : str
        Which counts were subtracted.
    cells : int
        Cells (sex × care level) compared.
    told : int
        Cells whose difference is from 1 to 9 persons: that few persons are told.
    persons : int
        Persons in them.
    """

    name: str
    cells: int
    told: int
    persons: int


@dataclass(frozen=True)
class BetweenTrial:
    """重なる提供を実際に作り、突き合わせた結果。

    Attributes
    ----------
    windows : tuple of (str, str)
        First and last month of the first and of the second release, ``YYYY-MM``.
    month : str
        The month that the counts are of: the first in common.
    overlap : TwoReleases
        The first release beside the second one of later months.
    recipients : TwoReleases
        The second recipient's release without survey answers beside the first release of the same months.
    differences : tuple of Difference
        Empty where the release shows no sex or no level.
    register : tuple of str
        What the list of releases says of the second and of the third release.
    """

    windows: tuple[tuple[str, str], ...]
    month: str
    overlap: TwoReleases
    recipients: TwoReleases
    differences: tuple[Difference, ...]
    register: tuple[str, ...]

    def to_payload(self) -> dict[str, Any]:
        """JSON form, without loss (:meth:`from_payload`)."""
        return dataclasses.asdict(self)

    @classmethod
    def from_payload(cls, found: Mapping[str, Any]) -> BetweenTrial:
        """The result as it was stored."""
        return cls(
            tuple((str(a), str(b)) for a, b in found["windows"]),
            str(found["month"]),
            _read_pair(found["overlap"]),
            _read_pair(found["recipients"]),
            tuple(Difference(**one) for one in found["differences"]),
            tuple(found["register"]),
        )


def _read_pair(found: Mapping[str, Any]) -> TwoReleases:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
    }
    return TwoReleases(**values)


def choose_trial_windows(months: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Two windows of two thirds of the months, which share the third in the middle.

    Examples
    --------
    April to March: April to November, and August to March. With 2 months both windows are the whole.
    """
    start = len(months) // 3
    return (months[0], months[len(months) - start - 1]), (months[start], months[-1])


def try_between(
    tables: CareTables, standard: Standard, keys: tuple[Key, Key, Key], *, engine: str = "duckdb"
) -> BetweenTrial:
    """重なる2つの提供と、別の提供先への提供を実際に作り、突合と差分で何が分かるかを測る。

    Three releases (``linked``): 甲 gets the first months, 乙 later months under another key, 丙 the months of 甲 without the
    survey answers. Nothing is provided, and all is removed at the end.

    Parameters
    ----------
    keys : tuple of Key
        One a release.
    """
    with tempfile.TemporaryDirectory(prefix="kaigo-") as name:
        folder = Path(name)
        with open_engine(engine) as session:
            tables.scan(session)
            first, last = session.rows(
                "select min(service_month) as a, max(service_month) as b from benefits"
            )[0]
        windows = choose_trial_windows(list_months(f"{first}"[:7], f"{last}"[:7]))
        cuts = [
            cut_months(tables, window, folder / f"care{place}", engine=engine)
            for place, window in enumerate(windows)
        ]
        bare = change_standard(standard, "no_answers", load_changes())
        plans = ((cuts[0], standard), (cuts[1], standard), (cuts[0], bare))
        releases = [
            make_release(care, own, folder / f"r{place}", key=key, layout="linked", engine=engine)
            for place, ((care, own), key) in enumerate(zip(plans, keys, strict=True))
        ]
        month = windows[1][0]
        return BetweenTrial(
            windows,
            month,
            compare_releases(releases[0], releases[1], engine=engine),
            compare_releases(releases[2], releases[0], engine=engine),
            _measure_differences(tables, releases, month, engine),
            _ask_register(releases),
        )


def cut_months(
    tables: CareTables, window: tuple[str, str], out: Path, *, engine: str = "duckdb"
) -> CareTables:
    """介護データのうち、給付が期間の月だけのもの(人と認定はそのまま)。"""
    out.mkdir()
    for name in ("persons", "certifications"):
        shutil.copytree(tables.table(name), out / name)
    with open_engine(engine) as session:
        tables.scan(session)
        first, last = (session.dialect.text(f"{month}-01") for month in window)
        session.materialise(
            "kept",
            f"select * from benefits where service_month >= cast({first} as date) and service_month <= cast({last} as date)",
            out / "benefits",
        )
        write_manifest(
            out, parameters={"months": list(window)}, synthetic=tables.is_synthetic, engine=session
        )
    return CareTables.open(out)


def _measure_differences(
    tables: CareTables, releases: Sequence[Release], month: str, engine: str
) -> tuple[Difference, ...]:
    if "sex" not in releases[0].columns("persons") or "care_level" not in releases[0].columns(
        "certifications"
    ):
        return ()
    published = _count_published(tables, month, engine)
    first, second = (_count_released(release, month, engine) for release in releases[:2])
    pairs = (
        ("公表された認定者数と、甲への提供の人数", published, first, "persons", "persons"),
        ("公表された認定者数と、甲への提供で生年の分かる人数", published, first, "persons", "dated"),
        ("甲への提供と、乙への提供の人数", first, second, "persons", "persons"),
        ("甲への提供と、乙への提供の、生年の分かる人数", first, second, "dated", "dated"),
    )
    found = []
    for name, one, other, count_one, count_other in pairs:
        a = one.rename(columns={count_one: "number"})
        b = other.rename(columns={count_other: "number"})
        if one is published:
            # A cell that was not published cannot be subtracted from; one that a release lacks holds nobody.
            b = a[[*DIMENSIONS]].merge(b, on=list(DIMENSIONS), how="left").fillna({"number": 0})
        told = difference_counts(a, b, DIMENSIONS, "number", small=SMALL)
        cells = len(a[[*DIMENSIONS]].merge(b[[*DIMENSIONS]], on=list(DIMENSIONS), how="outer"))
        found.append(Difference(name, cells, len(told), int(told["difference"].abs().sum())))
    return tuple(found)


def _count_published(tables: CareTables, month: str, engine: str) -> pd.DataFrame:
    """Certified persons by sex and level, as a municipality publishes them; cells under 10 are not shown."""
    with open_engine(engine) as session:
        tables.scan(session)
        person = session.dialect.columns(PERSON_KEY)
        session.view(
            "counted_certifications",
            "select p.person, p.sex, c.care_level, c.valid_from, "
            "case when p.disqualified_on < c.valid_to then p.disqualified_on else c.valid_to end as valid_to, "
            "row_number() over (order by p.person, c.valid_from, c.valid_to, c.care_level) as certification "
            f"from certifications as c join (select {person}, sex, disqualified_on, "
            f"row_number() over (order by {person}) as person from persons) as p "
            "on p.insurer_number = c.insurer_number and p.insured_number = c.insured_number",
        )
        session.view(
            "counted_month",
            "select d as service_month, d + interval 1 month - interval 1 day as last_day from "
            f"(select cast({session.dialect.text(f'{month}-01')} as date) as d) as m",
        )
        session.view("counted_in_force", select_in_force("counted_certifications", "counted_month"))
        return session.df(
            "select c.sex, c.care_level, count(*) as persons from counted_in_force as f "
            "join counted_certifications as c on c.certification = f.certification "
            f"group by c.sex, c.care_level having count(*) >= {SMALL}"
        )


def _count_released(release: Release, month: str, engine: str) -> pd.DataFrame:
    """What a recipient counts: pseudonyms of a month by sex and level, and those whose birth is shown."""
    birth = next((name for name in release.columns("persons") if name in BIRTH_COLUMNS), None)
    with open_engine(engine) as session:
        release.scan(session)
        literal = session.dialect.text(month)
        dated = f"count(p.{session.dialect.quote(birth)})" if birth else "0"
        return session.df(
            f"select p.sex, c.care_level, count(*) as persons, {dated} as dated "
            "from released_certifications as c join released_persons as p on p.person_id = c.person_id "
            f"where c.from_month <= {literal} and c.to_month >= {literal} "
            "and p.sex is not null and c.care_level is not null group by p.sex, c.care_level"
        )


def _ask_register(releases: Sequence[Release]) -> tuple[str, ...]:
    """What the list of releases says before 乙 and before 丙 get theirs, each named by recipient, months and standard."""
    made = []
    for place, (release, recipient) in enumerate(zip(releases, RECIPIENTS, strict=True)):
        last = dt.date.fromisoformat(f"{release.manifest['parameters']['last_month']}-01")
        entry = describe_release(release, recipient=recipient, key_kept=False, today=last)
        standard = entry.standard + ("、回答なし" if place == WITHOUT_ANSWERS else "")
        # The folders of this trial are gone afterwards.
        made.append(dataclasses.replace(entry, place=f"{recipient}への提供の控え", standard=standard))
    found = [f"{made[1].name}: {text}" for text in find_overlaps((made[0],), made[1])]
    found += [f"{made[2].name}: {text}" for text in find_overlaps((made[0], made[1]), made[2])]
    return tuple(found)

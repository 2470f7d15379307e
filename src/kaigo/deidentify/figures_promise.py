"""What a promise needs on given data: how many persons stand among few, by how births are banded."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kaigo.deidentify.sources import open_sources
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.workspace import Workspace
from kaigo.display import Table
from kaigo.engine import open_engine
from kaigo.tables import CareTables

BANDS = ("65,70,75,80,85,90,95", "75,80,85,90", "75,85", "80,90", "85")


def show_small_classes(
    tables: CareTables,
    *,
    least: int = 10,
    rotate_months: int = 6,
    bands: Sequence[str] = BANDS,
    engine: str = "duckdb",
) -> Table:
    """性別・生年の区切り・要介護状態区分の組で、何%の人が少ない組に入るか(区切り方ごと)。

    Three ways to show the level are compared: once a pseudonym period; month by month (the whole history of the
    period, absence being a value); once, with the twelve items of special medical care beside it.

    Parameters
    ----------
    tables : CareTables
    least : int
        Persons that a class should hold.
    rotate_months : int
        Months of a pseudonym.
    bands : sequence of str
        Lowest ages of the bands, as ``band_birth`` takes them.

    Returns
    -------
    Table
        Shares are of persons and periods. Internal: small classes are counted.
    """
    import pandas as pd

    rows = []
    with tempfile.TemporaryDirectory(prefix="kaigo-") as folder, open_engine(engine) as session:
        work = open_sources(tables, session, Path(folder), "linked").workspace
        work = dataclasses.replace(work, span_months=rotate_months)
        for ages in bands:
            rule = _make_rule("band_birth", "persons.birth_date", ages=ages)
            banded, _ = TECHNIQUES["band_birth"].apply(work, rule)
            rows.append([ages.replace(",", "・"), *_measure(banded, least)])
    columns = ["生年を区切る年齢", "期間に1回", "月ごとの経過", "1回と特別な医療", "最も少ない組"]
    best = min(rows, key=lambda row: float(str(row[1])))
    return Table(
        pd.DataFrame(rows, columns=columns),
        caption=f"区分を期間に1回だけ示し、{best[0]}歳で区切ると、{least}人未満の組に入る人は{best[1]:.1f}%になります",
        source=f"介護データ({tables.content_sha256['persons'][:12]})を、仮IDを{rotate_months}か月ごとに替える形で数えた",
        units={**dict.fromkeys(columns[1:4], "%"), "最も少ない組": "人"},
        digits=dict.fromkeys(columns[1:4], 1),
        note=f"割合は、性別・生年の区切り・要介護状態区分(7区分)が同じ人が{least}人に満たない人の割合(人と期間の組で数えた)。最も少ない組は期間に1回の場合。",
        internal=True,
    )


def _make_rule(technique: str, column: str, **parameters: str) -> Rule:
    return Rule(
        id="測定",
        number="",
        columns=(column,),
        technique=technique,
        parameters=dict(parameters),
        clause_2018="なし",
        clause_now="なし",
        reason="測定のため。",
        set_by="本書",
    )


def _measure(work: Workspace, least: int) -> list[float]:
    engine = work.engine
    quote = engine.dialect.quote
    special = [name for name in work.columns["certifications"] if name.startswith("survey_6_")]
    vector = ", ".join(
        f"coalesce(cast(c.{quote(name)} as {engine.dialect.text_type}), '-')" for name in special
    )
    months = f"cast(f.month_number as {engine.dialect.text_type})"
    engine.view(
        "measured_months",
        f"select f.person, {work.period('f.month_number')} as period, f.month_number, p.sex, p.birth_date as birth, "
        f"c.care_level as level, concat_ws('', {vector}) as special, concat_ws(':', {months}, c.care_level) as at_month "
        f"from {work.in_force} as f join {work.relations['persons']} as p on p.person = f.person "
        f"join {work.relations['certifications']} as c on c.certification = f.certification",
    )
    engine.view(
        "measured",
        "select m.person, m.period, m.sex, m.birth, h.history, m.level, m.special from (select person, period, sex, birth, "
        "level, special, row_number() over (partition by person, period order by month_number) as place "
        "from measured_months) as m join (select person, period, "
        f"{engine.dialect.sorted_set('at_month', ';')} as history from measured_months group by person, period) as h "
        "on h.person = m.person and h.period = m.period where m.place = 1",
    )
    shares = [
        _share(work, f"period, sex, birth, {keys}", least) for keys in ("level", "history", "level, special")
    ]
    smallest = engine.value(
        "select min(n) from (select count(*) as n from measured group by period, sex, birth, level) as s"
    )
    return [*shares, int(smallest)]


def _share(work: Workspace, keys: str, least: int) -> float:
    sized = f"select count(*) over (partition by {keys}) as n from measured"
    return float(
        work.engine.value(
            f"select 100.0 * sum(case when n < {least} then 1 else 0 end) / count(*) from ({sized}) as s"
        )
    )

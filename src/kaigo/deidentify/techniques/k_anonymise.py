"""一般化・セル削除: several columns at once, until k persons share every combination."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from kaigo.deidentify.k_anonymity.encode import encode_texts, number_values
from kaigo.deidentify.k_anonymity.hierarchy import SUPPRESSED, Hierarchy, read_hierarchies
from kaigo.deidentify.k_anonymity.records import Records, collapse
from kaigo.deidentify.k_anonymity.search import Found, search_lattice
from kaigo.deidentify.standard import Rule
from kaigo.deidentify.techniques.base import Parameters, Technique
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.errors import EmptyResultError, StandardError


class KAnonymiseParameters(Parameters):
    """``k`` persons; ``suppression``: share of persons who may lose all keys; ``hierarchies``: folder of ``COLUMN.csv``."""

    k: int = Field(ge=2, le=1000)
    suppression: float = Field(ge=0, le=1)
    hierarchies: str


class KAnonymise(Technique):
    """k-匿名化(全域一般化とセル削除、損失が最小のもの)。同じ表の列をまとめて、人を数える。

    Each column goes up its hierarchy to one level for all rows; rows whose combination then still has fewer than k
    persons lose all these columns. No other choice of levels within the limit loses less (see
    :mod:`kaigo.deidentify.k_anonymity`). What is generalised away altogether (``*``) and what is suppressed becomes
    empty. A column at level 0 keeps its type, others become text. Persons are those of all municipalities together,
    as a recipient cannot tell them apart.

    Examples
    --------
    persons.birth_date 1943-02, 1943-05, 1951-07 with months → years, k = 2, suppression 0.34: 1943, 1943, empty.
    """

    name = "k_anonymise"
    label = "一般化とセル削除(k-匿名化)"
    recipient_note = "上位の値と空欄を含む"
    parameters = KAnonymiseParameters

    def apply(self, work: Workspace, rule: Rule) -> tuple[Workspace, list[LedgerEntry]]:
        """See :class:`Technique`.

        Raises
        ------
        StandardError
            If the rule's columns stand in several tables, a hierarchy is missing or does not name a value.
        EmptyResultError
            If fewer than k persons are left.
        """
        started = time.perf_counter()
        parameters = KAnonymiseParameters.model_validate(rule.parameters)
        table, columns = _choose_table(rule)
        keys = _read_keys(rule, parameters, columns)
        records, found = _search(work, rule, table, keys, parameters)
        changes, joins = _look_up(work, table, keys, records, found)
        levels = "、".join(f"{key.name} {level}" for key, level in zip(keys, found.levels, strict=True))
        work, entry = work.rewrite(
            rule,
            table,
            changes,
            technique=self.label,
            joins=joins,
            changes_type={key.name for key, level in zip(keys, found.levels, strict=True) if level},
            note=f"段階 {levels}、損失 {float(found.loss):.4f}、すべて空にした人 {found.suppressed_units:,}人",
            started=started,
        )
        return work, [entry]


def _choose_table(rule: Rule) -> tuple[str, tuple[str, ...]]:
    tables = rule.expanded()
    if len(tables) > 1:
        raise StandardError(
            f"定め{rule.id}: k-匿名化は1つの表の列だけに使えます。",
            found="、".join(tables),
            remedy="表ごとに定めを分けてください。",
        )
    return next(iter(tables.items()))


def _read_keys(
    rule: Rule, parameters: KAnonymiseParameters, columns: tuple[str, ...]
) -> tuple[Hierarchy, ...]:
    keys = read_hierarchies(Path(parameters.hierarchies), columns)
    missing = [column for column in columns if column not in {key.name for key in keys}]
    if missing:
        raise StandardError(
            f"定め{rule.id}: 階層のファイルがない列があります({parameters.hierarchies})。",
            found="、".join(f"{column}.csv" for column in missing),
            remedy="列ごとに「列名.csv」を置いてください。",
        )
    return keys


def _search(
    work: Workspace, rule: Rule, table: str, keys: tuple[Hierarchy, ...], parameters: KAnonymiseParameters
) -> tuple[Records, Found]:
    engine = work.engine
    wanted = engine.dialect.columns(("person", *(key.name for key in keys)))
    select = f"select {wanted} from {work.relations[table]}"
    rows = pa.Table.from_batches(engine.batches(select), engine.arrow_schema(select))
    if rows.num_rows == 0:
        raise EmptyResultError(f"定め{rule.id}: 表に1行もありません。", remedy="前の定めを見直してください。")
    codes = []
    for key in keys:
        codes.append(number_values(rows[key.name], key))
        unknown = np.count_nonzero(codes[-1] < 0)
        if unknown:
            raise StandardError(
                f"定め{rule.id}: 列「{key.name}」に、階層のファイルにない値があります。",
                found=f"{unknown:,}行",
                remedy=f"{key.name}.csv に足してください(空欄は「;…;*」のように先頭を空にします)。",
            )
    persons = encode_texts(rows["person"]).indices.to_numpy().astype(np.int64)
    records = collapse(codes, [key.domain_size for key in keys], persons)
    share = Fraction(str(parameters.suppression))
    return records, search_lattice(records, keys, parameters.k, share)


def _look_up(
    work: Workspace, table: str, keys: tuple[Hierarchy, ...], records: Records, found: Found
) -> tuple[dict[str, str | None], str]:
    """New expressions of the columns and the joins behind them; values stand in steps, never in SQL."""
    quote, text = work.engine.dialect.quote, work.engine.dialect.text_type
    stored: dict[str, Any] = {
        f"c{number}": [key.values[code] for code in codes[found.suppressed]]
        for number, (key, codes) in enumerate(zip(keys, records.codes, strict=True))
    }
    gone = _store(work, "suppressed", {**stored, "gone": ["1"] * int(found.suppressed.sum())})
    shown = [f"coalesce(cast(t.{quote(key.name)} as {text}), '')" for key in keys]
    same = " and ".join(f"s.c{number} = {value}" for number, value in enumerate(shown))
    joins, changes = [f"left join {gone} as s on {same}"], dict[str, str | None]()
    for number, (key, level, value) in enumerate(zip(keys, found.levels, shown, strict=True)):
        new = f"t.{quote(key.name)}"
        if level:
            labels = [key.labels[level][code] for code in key.codes[level]]
            upper = [None if label == SUPPRESSED else label for label in labels]
            lookup = _store(work, f"upper_{number}", {"value": list(key.values), "upper_value": upper})
            joins.append(f"join {lookup} as m{number} on m{number}.value = {value}")
            new = f"m{number}.upper_value"
        changes[key.name] = f"case when s.gone is null then {new} end"
    return changes, " ".join(joins)


def _store(work: Workspace, name: str, columns: dict[str, list[Any]]) -> str:
    step = work.own_name(name)
    schema = pa.schema([(column, pa.string()) for column in columns])

    def rows() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array(values, pa.string()) for values in columns.values()], schema=schema)

    return work.engine.store(step, rows(), schema, work.folder / step).name

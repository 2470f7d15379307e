"""From an exchange file to care tables: details are benefits; headers give persons and certifications, if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kaigo.engine import Engine
from kaigo.errors import InputError, ParameterError
from kaigo.intake.accept_rows import accept_rows
from kaigo.intake.checks import Checks
from kaigo.intake.cross_run import take_out, warn_at
from kaigo.intake.exchange_file import LABEL, ExchangeFile
from kaigo.intake.inputs import TableGroup
from kaigo.intake.read_table import Progress, TableWriter
from kaigo.tables.schema import PERSON_KEY, load_schemas

HEADERS = "exchange_headers"
"""View of the accepted header records, with ``row_position``."""


def check_exchange_alone(files: Sequence[ExchangeFile], given: Sequence[str]) -> None:
    """交換ファイルだけから作る表に必要な項目の位置が、並びのファイルにあることを確かめる。

    Parameters
    ----------
    files : sequence of ExchangeFile
    given : sequence of str
        Tables that have a file of their own.

    Raises
    ------
    InputError
        If the layout does not know where a needed field stands.
    """
    for file in files:
        layout = file.header.layout
        for table in ("persons", "certifications"):
            lost = [
                column.label
                for column in load_schemas()[table].columns
                if column.name in layout.missing and table not in given
            ]
            if lost:
                raise InputError(
                    f"{LABEL}のファイル({file.findings.file_name})だけからは、{load_schemas()[table].label}を作れません。",
                    found=f"{layout.name}({layout.record})での位置を確かめられない項目: {'、'.join(lost)}",
                    remedy=f"--{table} も指定するか、位置が分かるなら --exchange-layout で並びのファイルを指定してください。",
                )


def read_exchange(
    file: ExchangeFile,
    benefits: TableWriter,
    headers: TableWriter,
    constants: Mapping[str, object],
    checks: Checks,
    progress: Progress | None = None,
) -> None:
    """交換ファイルを検査しながら読み、明細と基本情報を書きためる。

    Raises
    ------
    InputError
        If the rules say that an incomplete file is not read.
    """
    findings = file.findings
    for part, block in file.blocks():
        if part is file.header:
            # A position that the layout does not know leaves the column empty.
            accepted = accept_rows(part, block, {}, checks)
            headers.append(accepted)
        else:
            accepted = accept_rows(part, block, constants, checks)
            benefits.append(accepted)
        findings.rows_accepted += accepted.num_rows
        if progress:
            progress(LABEL, file.decoded.bytes_read, file.decoded.size)
    _check_frame(file, checks)


def _check_frame(file: ExchangeFile, checks: Checks) -> None:
    """Control record, its count, and the end record."""
    findings, counted = file.findings, file.count_data_records()
    faults: list[tuple[str, str]] = []
    if not file.records["control"]:
        faults.append(("exchange_control_missing", "コントロールレコード 0件"))
    elif file.stated_count is not None and file.stated_count != counted:
        faults.append(
            (
                "exchange_count_differs",
                f"コントロールレコードの件数 {file.stated_count:,}件、データレコード {counted:,}件",
            )
        )
    if not file.records["end"]:
        faults.append(("exchange_end_missing", "エンドレコード 0件"))
    for rule, found in faults:
        action = checks.action(rule)
        if action == "quarantine":
            raise InputError(
                f"{LABEL}のファイル({findings.file_name})が完全ではありません。",
                found=found,
                remedy="ファイルを取り直してください(検査の規則で warn にすれば、注意だけで読みます)。",
            )
        if action == "warn":
            findings.warn(rule, 1, [], [found])
    kinds = {kind for kind in file.creation_kinds if kind.strip()}
    if len(kinds) > 1:
        findings.warn("exchange_creation_kinds", len(kinds), [], ["、".join(sorted(kinds)[:20])])


def settle_exchange_persons(engine: Engine, group: TableGroup, folder: Path) -> str:
    """基本情報から個人属性情報を作るSELECT。生年月日か性別が前の行と違う行は隔離する。"""
    keys = ", ".join(PERSON_KEY)
    ranked = f"select *, row_number() over (partition by {keys} order by row_position) as n from {HEADERS}"
    on_key = " and ".join(f"a.{c} = b.{c}" for c in PERSON_KEY)
    other = engine.rows(
        f"with ranked as ({ranked}) select a.row_position, a.insured_number, b.row_position as kept "
        f"from ranked as a join ranked as b on {on_key} and b.n = 1 "
        "where a.birth_date <> b.birth_date or a.sex <> b.sex order by a.row_position"
    )
    for position, number, kept in other:
        group.quarantine(position, [("insured_number", number, "key_conflict")], kept=kept)
    if other:
        # What a header says of another person is no certification of this one.
        take_out(engine, HEADERS, [position for position, *_ in other], folder)
    schema = load_schemas()["persons"]
    known = {"insurer_number", "insured_number", "birth_date", "sex"}
    return _select_columns(
        engine,
        "persons",
        known,
        f"({ranked}) as r where n = 1",
        {"name": "''", "address": "''"},
        schema.names,
    )


def settle_exchange_certifications(engine: Engine, group: TableGroup) -> str:
    """基本情報から認定情報を作るSELECT。同じ開始日の認定は最後の月のものを採り、次の認定の前日で閉じる。

    A header of an earlier month still carries the end that a later change of level has cut short.
    """
    keys = ", ".join(PERSON_KEY)
    ranked = (
        f"select *, row_number() over (partition by {keys}, valid_from order by service_month desc, row_position desc) as n "
        f"from {HEADERS} where valid_from is not null and valid_to is not null"
    )
    nexts = (
        "select insurer_number, insured_number, care_level, valid_from, row_position, valid_to as stated_to, "
        f"lead(valid_from) over (partition by {keys} order by valid_from) as next_from "
        f"from ({ranked}) as r where n = 1"
    )
    closed = (
        "select *, case when next_from <= stated_to then cast(next_from - interval '1' day as date) "
        f"else stated_to end as valid_to from ({nexts}) as x"
    )
    changed = (
        f"select min(row_position) as row_position from {HEADERS} where valid_from is not null "
        f"group by {keys}, valid_from having count(distinct care_level) > 1"
    )
    cut = f"select row_position from ({nexts}) as x where next_from <= stated_to"
    without = f"select row_position from {HEADERS} where valid_from is null or valid_to is null"
    for rule, select in (
        ("exchange_level_changed", changed),
        ("exchange_period_closed", cut),
        ("exchange_no_period", without),
    ):
        warn_at(engine, group, rule, select)
    known = {"insurer_number", "insured_number", "care_level", "valid_from", "valid_to"}
    return _select_columns(
        engine, "certifications", known, f"({closed}) as c", {}, load_schemas()["certifications"].names
    )


def warn_of_other_persons(engine: Engine, group: TableGroup) -> None:
    """個人属性情報と、生年月日または性別が食い違う基本情報を数える。"""
    on_key = " and ".join(f"h.{c} = p.{c}" for c in PERSON_KEY)
    differs = (
        f"select h.row_position from {HEADERS} as h join persons as p on {on_key} "
        "where h.birth_date <> p.birth_date or h.sex <> p.sex"
    )
    warn_at(engine, group, "exchange_person_differs", differs)


def select_missing_headers(start: int) -> str:
    """Detail rows, from a position on, whose person, month and provider have no header record."""
    on_key = " and ".join(f"h.{c} = b.{c}" for c in (*PERSON_KEY, "service_month", "provider_number"))
    return (
        f"select b.row_position from benefits as b where b.row_position >= {start} "
        f"and not exists (select 1 from {HEADERS} as h where {on_key})"
    )


def _select_columns(
    engine: Engine, table: str, known: set[str], source: str, texts: Mapping[str, str], names: Sequence[str]
) -> str:
    schema = load_schemas()[table]
    parts = []
    for name in names:
        quoted = engine.dialect.quote(name)
        if name in known:
            parts.append(quoted)
        elif name in texts:
            parts.append(f"{texts[name]} as {quoted}")
        else:
            parts.append(f"cast(null as {_sql_type(engine, schema.column(name).dtype)}) as {quoted}")
    return f"select {', '.join(parts)}, row_position from {source}"


def _sql_type(engine: Engine, dtype: object) -> str:
    import pyarrow as pa

    if dtype == pa.string():
        return engine.dialect.text_type
    types = {pa.date32(): "date", pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int"}
    return types[dtype]


def name_what_is_missing(tables: Sequence[str]) -> ParameterError:
    """The error for tables that no file gives."""
    labels = "、".join(f"{load_schemas()[table].label}(--{table})" for table in tables)
    return ParameterError(
        f"読み込むファイルの指定が足りません: {labels}",
        remedy="3つの表のファイルをそれぞれ指定するか、給付実績の交換ファイルを --exchange で指定してください。",
    )

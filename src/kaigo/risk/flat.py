"""Columns of any flat table (CSV or Parquet), and what may be asked of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from kaigo.engine import open_engine
from kaigo.errors import EmptyResultError, InputError, ParameterError
from kaigo.risk import attributes, suda
from kaigo.tables.flat_file import as_parquet, read_flat_table

MISSING_WAYS = ("value", "wildcard")


@dataclass(frozen=True)
class FlatQuestion:
    """1つの表について測ること。

    Attributes
    ----------
    keys : tuple of str
        Quasi-identifiers.
    sensitive : tuple of str
        Columns for l-diversity and t-closeness.
    person, weight : str or None
        Column that names the person; column with sampling weights.
    population : int or None
        Persons (or records) that the table was sampled from.
    suda, attributes : bool
    missing : str
        ``value``: a missing key is a value of its own; ``wildcard``: it matches every value.
    """

    keys: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    person: str | None = None
    weight: str | None = None
    population: int | None = None
    suda: bool = False
    attributes: bool = False
    missing: str = "value"

    def columns(self) -> list[str]:
        """All columns that are read."""
        return [*self.keys, *self.sensitive, *filter(None, (self.person, self.weight))]

    @property
    def wildcard(self) -> bool:
        """Whether a missing key matches every value."""
        return self.missing == "wildcard"

    def check(self) -> None:
        """Refuse what has no meaning.

        Raises
        ------
        InputError
            If no key is given.
        ParameterError
            If a column is given two parts, or options do not go together.
        """
        if not self.keys:
            raise InputError(
                "鍵の列がありません。", remedy="--keys 列名,列名 のように1つ以上指定してください。"
            )
        names = self.columns()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ParameterError(
                "同じ列が2度指定されています。",
                found="、".join(twice),
                remedy="1つの列は、鍵・機微な値・人・重みのどれか1つに1度だけ指定してください。",
            )
        if self.missing not in MISSING_WAYS:
            raise ParameterError(
                "--missing の値を読めません。",
                found=self.missing,
                remedy="value(空欄を1つの値とみなす)か wildcard(どの値とも合うとみなす)を指定してください。",
            )
        for together, why in self._conflicts():
            raise ParameterError(f"{together} は同時に使えません。{why}", remedy="どちらかを外してください。")
        if self.population is not None and self.population < 1:
            raise ParameterError(
                "--population の値が正しくありません。",
                found=self.population,
                remedy="母集団の人数を1以上の整数で指定してください。",
            )
        for wanted, name, most in (
            (self.attributes, "--attributes", attributes.MOST_KEYS),
            (self.suda, "--suda", suda.MOST_KEYS),
        ):
            if wanted and len(self.keys) > most:
                raise ParameterError(
                    f"{name} で使える鍵は{most}個までです(鍵のすべての組を数えるため)。",
                    found=f"{len(self.keys)}個",
                    remedy="鍵を減らしてください。",
                )

    def _conflicts(self) -> list[tuple[str, str]]:
        """Options that do not go together, and why."""
        found = []
        if self.person and self.weight:
            found.append(("--person と --weight", "重みのある標本の危険は、1行1人の表で定義されています。"))
        if self.person and self.suda:
            found.append(("--person と --suda", "SUDAの得点は、1行1人の表で定義されています。"))
        if self.wildcard and self.attributes:
            found.append(
                (
                    "--missing wildcard と --attributes",
                    "空欄がどの値とも合うと、行の組を見分ける力が定まりません。",
                )
            )
        if self.wildcard and self.population is not None:
            found.append(
                (
                    "--missing wildcard と --population",
                    "空欄がどの値とも合うと、同値類が重なり、推定できません。",
                )
            )
        return found


def read_columns(path: Path, names: Sequence[str], engine: str = "duckdb") -> pa.Table:
    """表のファイルから、指定の列を行の順に読む。

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8 or CP932, one header row; every value is read as text) or Parquet (a file or a folder).
    names : sequence of str
    engine : str
        Reads Parquet, so that only the wanted columns are in memory.

    Raises
    ------
    InputError
        If the file cannot be read or a column is missing.
    EmptyResultError
        If the table has no row.
    """
    with open_engine(engine) as session:
        if path.is_dir() or path.suffix.lower() == ".parquet":
            session.scan("flat", as_parquet(path, path))
            schema = session.arrow_schema("select * from flat")
            _check_columns(path, names, schema.names)
            chosen = pa.schema([schema.field(name) for name in names])
            batches = session.batches(f"select {session.dialect.columns(list(names))} from flat")
            table = pa.Table.from_batches(list(batches), chosen)
        else:
            table = read_flat_table(path)
            _check_columns(path, names, table.column_names)
            table = table.select(list(names))
    if table.num_rows == 0:
        raise EmptyResultError("表に1行もありません。", found=path, remedy="ファイルを確かめてください。")
    return table


def _check_columns(path: Path, wanted: Sequence[str], found: Sequence[str]) -> None:
    for name in wanted:
        if name not in found:
            near = difflib.get_close_matches(name, found, n=1)
            hint = f"「{near[0]}」のことですか。" if near else "列名を確かめてください。"
            raise InputError(f"列「{name}」がありません({path.name})。", found="、".join(found), remedy=hint)

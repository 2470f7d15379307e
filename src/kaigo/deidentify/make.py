"""Making a release: scope, rules in order, layout, ledger, manifest, papers for the recipient."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from kaigo import __version__
from kaigo.deidentify.forget import read_records, write_records
from kaigo.deidentify.key import Key
from kaigo.deidentify.layouts import write_joined, write_linked
from kaigo.deidentify.ledger import close_ledger, list_closing_entries
from kaigo.deidentify.papers import write_papers
from kaigo.deidentify.promise_check import check_promise
from kaigo.deidentify.release import Release
from kaigo.deidentify.sources import open_sources
from kaigo.deidentify.standard import Layout, Standard
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.techniques.sample_persons import SamplePersons
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.deidentify.written import WrittenTable
from kaigo.engine import Engine, atomic_folder, check_replaceable, open_engine, write_file
from kaigo.errors import EmptyResultError, StandardError
from kaigo.tables import PERSON_KEY, CareTables, format_month

ACCESS_NOTE = """この中の対応表は、加工の際に削除した情報(削除情報)に当たります。内部限りです。
取り扱ってよい人を決め、提供するデータと同じ場所に置かないでください。
評価が終わったら kaigo forget で消してください。
"""


def make_release(
    tables: CareTables,
    standard: Standard,
    out: Path,
    *,
    key: Key,
    layout: Layout | None = None,
    crosswalk: bool = True,
    csv: bool = False,
    pages: bool = False,
    engine: str = "duckdb",
    progress: Callable[[str], None] | None = None,
) -> Release:
    """介護データを加工基準どおりに加工し、提供するもの(provide/)と内部に残すもの(keep/)に分けて書く。

    Parameters
    ----------
    tables : CareTables
    standard : Standard
    out : pathlib.Path
        Appears whole or not at all. An earlier release there is replaced (what it recorded as destroyed is carried over
        to ``keep/forgotten_earlier.json``); any other folder is left alone.
    key : Key
        Secret of this creation; used in memory only.
    layout : {"joined", "linked"}, optional
        Default: the standard's.
    crosswalk : bool
        Whether to keep the correspondence to persons (削除情報) for evaluation.
    csv : bool
        Whether to write the released tables as CSV too.
    pages : bool
        Whether to write the ledger and the deliberation of 5号 as pages for people (``keep/``).
    progress : callable, optional
        Called with a Japanese label before each stage.

    Returns
    -------
    Release

    Raises
    ------
    EmptyResultError
        If a rule leaves nothing to provide.
    StandardError
        If the release covers more months than the standard allows, the layout needs pseudonyms that the standard
        does not use, or the promise of the standard does not hold.
    OutputError
        If the folder cannot be written, holds something that is no release, or a record there cannot be read.
    """
    layout = layout or standard.layout
    _refuse_layout(standard, layout)
    own_key = key.subkey(name_creation(tables, standard, layout))
    tell = progress or (lambda label: None)
    check_replaceable(out, "keep/manifest.json")
    destroyed = read_records(out)
    with atomic_folder(out) as fresh, open_engine(engine) as session:
        keep, provide, work = fresh / "keep", fresh / "provide", fresh / ".work"
        for folder in (keep, provide, work):
            folder.mkdir(mode=0o700 if folder is not provide else 0o755)
        tell("対象をそろえる")
        scope = open_sources(tables, session, work, layout, deleted=_list_deleted(standard))
        workspace = dataclasses.replace(_cover_months(scope.workspace, standard, layout), key=own_key)
        workspace, entries = apply_rules(workspace, standard, layout, tell)
        tell("書き出す")
        trace = keep / "crosswalk" if crosswalk else None
        started = time.perf_counter()
        if layout == "joined":
            written = write_joined(workspace, own_key, provide, trace)
        else:
            written = write_linked(workspace, own_key, provide, trace)
        rows = {table: each.rows for table, each in written.items()}
        seconds = time.perf_counter() - started
        entries += list_closing_entries(workspace, standard, rows, seconds)
        promise = check_promise(workspace, standard, provide)
        manifest = _describe(session, tables, standard, layout, provide, workspace, written)
        ledger = close_ledger(workspace, standard, entries, scope.balance, rows, promise)
        births = _list_bands(workspace)
        shutil.rmtree(work)
        _protect(keep, trace)
        write_file(keep / "standard.toml", standard.to_toml(), mode=0o600)
        write_file(keep / "ledger.json", _to_json(ledger), mode=0o600)
        write_file(keep / "manifest.json", _to_json(manifest), mode=0o600)
        write_records(keep, destroyed)
        write_papers(provide, standard, manifest, csv=csv, births=births)
        if pages:
            from kaigo.deidentify.pages import write_pages

            # Before the folder appears: a run killed afterwards would leave a release without its pages.
            write_pages(Release.open(fresh), standard)
    return Release.open(out)


def _list_bands(work: Workspace) -> list[str]:
    """Bands of births that are released, the lowest first; none where the birth is no band."""
    name = work.names["birth_date"]
    if not name.endswith("_band") or "birth_date" not in work.columns["persons"]:
        return []
    birth = work.engine.dialect.quote("birth_date")
    rows = work.engine.rows(
        f"select distinct {birth} from {work.relations['persons']} where {birth} is not null"
    )
    return sorted(
        (str(value) for (value,) in rows), key=lambda band: (int(band.strip("-").split("-")[0]), band)
    )


def _list_deleted(standard: Standard) -> frozenset[str]:
    """Numbers on the benefits that a rule deletes before any other reads them."""
    first: dict[str, str] = {}
    for rule in standard.rules:
        # A rule may also read the columns that it is told to stay within.
        read = (str(rule.parameters.get(name, "")).split(",") for name in ("within", "by"))
        for column in (*rule.expanded().get("benefits", ()), *(c.strip() for part in read for c in part)):
            first.setdefault(column.removeprefix("benefits."), rule.technique)
    numbers = (*PERSON_KEY, "provider_number")
    return frozenset(column for column in numbers if first.get(column) == "delete_item")


def _refuse_layout(standard: Standard, layout: Layout) -> None:
    if layout == "linked" and standard.pseudonym.mode == "none":
        raise StandardError(
            f"加工基準「{standard.name}」は仮IDを使わないので、仮IDのある3つの表(linked)を作れません。",
            found=layout,
            remedy="--layout joined を指定するか、仮IDを定めた加工基準を使ってください。",
        )


def name_creation(tables: CareTables, standard: Standard, layout: Layout) -> str:
    """What makes a creation: the same data, standard and layout. Any other gets another key from the same file."""
    parts = [*sorted(tables.content_sha256.items()), standard.to_toml(), layout]
    return f"creation/{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def _cover_months(work: Workspace, standard: Standard, layout: Layout) -> Workspace:
    """Months that one pseudonym covers; refuse a window longer than the standard allows (※2)."""
    months = work.months
    most = standard.period.max_months if standard.period else months
    if months > most:
        raise StandardError(
            f"提供の期間が、加工基準「{standard.name}」の上限({most}か月)を超えています。",
            found=f"{format_month(work.first_month)}から{format_month(work.last_month)}までの{months}か月",
            remedy=f"給付を{most}か月以内に絞って読み込み直すか、期間の定め(period.max_months)を検討し直してください。",
        )
    if layout == "joined":
        span = standard.period.given_every if standard.period else 1
    else:
        # A stable pseudonym covers whatever the release covers.
        span = standard.pseudonym.rotate_months or months
    return dataclasses.replace(work, span_months=span)


def apply_rules(
    workspace: Workspace, standard: Standard, layout: Layout, tell: Callable[[str], None]
) -> tuple[Workspace, list[LedgerEntry]]:
    """Apply the rules in the standard's order.

    Raises
    ------
    EmptyResultError
        If no row of a table is left after a rule.
    """
    entries: list[LedgerEntry] = []
    for rule in standard.rules:
        technique = TECHNIQUES[rule.technique]
        tell(f"定め{rule.id} {technique.label}")
        workspace, made = technique.apply(workspace, rule)
        removed = any(entry.table == "benefits" and entry.rows_out < entry.rows_in for entry in made)
        if removed and layout == "joined":
            workspace, more = workspace.drop_unused(rule)
            made += more
        for entry in made:
            if entry.rows_out == 0:
                raise EmptyResultError(
                    f"定め{rule.id}({technique.label})を行うと、1件も残りませんでした({entry.table})。",
                    found=f"{entry.rows_in:,}件 → 0件",
                    remedy="対象の人と月を増やすか、この定めの基準値を見直してください。",
                )
        entries += made
    return workspace, entries


def _describe(
    engine: Engine,
    tables: CareTables,
    standard: Standard,
    layout: Layout,
    provide: Path,
    workspace: Workspace,
    written: Mapping[str, WrittenTable],
) -> dict[str, Any]:
    described = {}
    for folder in sorted(path for path in provide.iterdir() if path.is_dir()):
        view = f"described_{folder.name}"
        engine.scan(view, folder)
        columns = engine.arrow_schema(f"select * from {view}").names
        described[folder.name] = {
            "rows": engine.count(view),
            "columns": columns,
            "content_sha256": written[folder.name].content_sha256,
        }
    return {
        "version": __version__,
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in ("duckdb", "pyarrow", "numpy")},
        "synthetic": tables.is_synthetic,
        "layout": layout,
        "sampled": any(rule.technique == SamplePersons.name for rule in standard.rules),
        "standard": standard.name,
        "parameters": {
            "first_month": workspace.first_month,
            "last_month": workspace.last_month,
            "rotate_months": workspace.span_months if layout == "linked" else None,
            "pseudonym_mode": standard.pseudonym.mode if layout == "linked" else "none",
            "quasi_identifiers": list(getattr(standard.quasi_identifiers, layout)),
        },
        "pseudo_data": {"persons": workspace.pseudo_persons, "standing": "要確認"}
        if workspace.pseudo_persons
        else None,
        "tables": described,
        "inputs": tables.content_sha256,
        "standard_sha256": hashlib.sha256(standard.to_toml().encode()).hexdigest(),
        "standard_text": standard.to_toml(),
    }


def _protect(keep: Path, crosswalk: Path | None) -> None:
    """Only the owner may read what stays inside."""
    keep.chmod(0o700)
    if crosswalk is None:
        return
    crosswalk.chmod(0o700)
    write_file(crosswalk / "取扱い.txt", ACCESS_NOTE, mode=0o600)
    for path in crosswalk.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _to_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

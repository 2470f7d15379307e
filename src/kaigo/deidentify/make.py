"""Making a release: scope, rules in order, layout, ledger, manifest, papers for the recipient."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaigo import __version__
from kaigo.deidentify.joined import hash_joined
from kaigo.deidentify.key import Key
from kaigo.deidentify.layouts import view_joined, write_joined, write_linked
from kaigo.deidentify.papers import write_papers
from kaigo.deidentify.release import Release
from kaigo.deidentify.sources import Scope, open_sources
from kaigo.deidentify.standard import Layout, Rule, Standard
from kaigo.deidentify.techniques import TECHNIQUES
from kaigo.deidentify.workspace import LedgerEntry, Workspace
from kaigo.engine import Engine, atomic_folder, check_replaceable, open_engine, write_file
from kaigo.errors import EmptyResultError
from kaigo.tables import CareTables, hash_table

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
    engine: str = "duckdb",
    progress: Callable[[str], None] | None = None,
) -> Release:
    """介護データを加工基準どおりに加工し、提供するもの(provide/)と内部に残すもの(keep/)に分けて書く。

    Parameters
    ----------
    tables : CareTables
    standard : Standard
    out : pathlib.Path
        Appears whole or not at all. An earlier release there is replaced; any other folder is left alone.
    key : Key
        Secret of this creation; used in memory only.
    layout : {"joined", "linked"}, optional
        Default: the standard's.
    crosswalk : bool
        Whether to keep the correspondence to persons (削除情報) for evaluation.
    csv : bool
        Whether to write the released tables as CSV too.
    progress : callable, optional
        Called with a Japanese label before each stage.

    Returns
    -------
    Release

    Raises
    ------
    EmptyResultError
        If a rule leaves nothing to provide.
    OutputError
        If the folder cannot be written, or holds something that is no release.
    """
    layout = layout or standard.layout
    tell = progress or (lambda label: None)
    check_replaceable(out, "keep/manifest.json")
    with atomic_folder(out) as fresh, open_engine(engine) as session:
        keep, provide, work = fresh / "keep", fresh / "provide", fresh / ".work"
        for folder in (keep, provide, work):
            folder.mkdir(mode=0o700 if folder is not provide else 0o755)
        tell("対象をそろえる")
        scope = open_sources(tables, session, work, layout)
        workspace, entries = apply_rules(scope.workspace, standard, layout, tell)
        tell("書き出す")
        trace = keep / "crosswalk" if crosswalk else None
        started = time.perf_counter()
        if layout == "joined":
            rows = write_joined(workspace, key, provide, trace)
        else:
            rows = write_linked(workspace, standard, key, provide, trace)
        entries += _closing_entries(workspace, standard, layout, rows, time.perf_counter() - started)
        manifest = _describe(session, tables, standard, layout, provide, workspace)
        shutil.rmtree(work)
        _protect(keep, trace)
        write_file(keep / "standard.toml", standard.to_toml(), mode=0o600)
        write_file(
            keep / "ledger.json", _to_json(_ledger(standard, layout, entries, scope, rows)), mode=0o600
        )
        write_file(keep / "manifest.json", _to_json(manifest), mode=0o600)
        write_papers(provide, standard, manifest, csv=csv)
    return Release.open(out)


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


def _closing_entries(
    work: Workspace, standard: Standard, layout: Layout, rows: dict[str, int], seconds: float
) -> list[LedgerEntry]:
    """Ledger entries of what the layout does: pseudonyms (linked) and the order of rows."""
    persons = work.engine.count(work.relations["persons"])
    released = sum(rows.values())
    shuffled = Rule(
        id="並べ替え",
        number="",
        columns=("*",),
        technique="shuffle",
        set_by="本書",
        **standard.shuffle.model_dump(),
    )
    made = [_entry(shuffled, "すべての表", "行の順序", "並べ替え", released, 0, persons, seconds)]
    if layout == "linked":
        rule = standard.pseudonym
        pseudonym = Rule(
            id="※1",
            number="※1",
            columns=("persons.insured_number",),
            technique="pseudonymise",
            parameters={"rotate_months": rule.rotate_months, "mode": rule.mode},
            **rule.model_dump(exclude={"mode", "rotate_months"}),
        )
        replaced = int(work.engine.value("select count(distinct person) from pseudonyms"))
        made.insert(
            0,
            _entry(
                pseudonym, "すべての表", "person_id", "仮IDへの置き換え", released, released, replaced, 0.0
            ),
        )
    return made


def _entry(
    rule: Rule, table: str, column: str, technique: str, rows: int, cells: int, persons: int, seconds: float
) -> LedgerEntry:
    return LedgerEntry(
        id=rule.id,
        number=rule.number,
        table=table,
        column=column,
        technique=technique,
        parameters=rule.parameters,
        clause_2018=rule.clause_2018,
        clause=rule.clause_now,
        reason=rule.reason,
        set_by=rule.set_by,
        rows_in=rows,
        rows_out=rows,
        cells_changed=cells,
        persons_touched=persons,
        seconds=round(seconds, 3),
    )


def _ledger(
    standard: Standard, layout: Layout, entries: list[LedgerEntry], scope: Scope, rows: dict[str, int]
) -> dict[str, Any]:
    balance = {name: {**part, "left_out": dict(part["left_out"])} for name, part in scope.balance.items()}
    removed = dict.fromkeys(balance, 0)
    for entry in entries:
        if entry.table in removed:
            removed[entry.table] += entry.rows_in - entry.rows_out
    for table, part in balance.items():
        if removed[table]:
            part["left_out"]["定めにより削除したレコード"] = removed[table]
            part["rows_kept"] -= removed[table]
        part["closes"] = part["rows_in"] == part["rows_kept"] + sum(part["left_out"].values())
    return {
        "standard": standard.name,
        "layout": layout,
        "audience": "内部限り",
        "rules": [dataclasses.asdict(entry) for entry in entries],
        "balance": balance,
        "released_rows": rows,
    }


def _describe(
    engine: Engine,
    tables: CareTables,
    standard: Standard,
    layout: Layout,
    provide: Path,
    workspace: Workspace,
) -> dict[str, Any]:
    described = {}
    for folder in sorted(path for path in provide.iterdir() if path.is_dir()):
        view = f"described_{folder.name}"
        engine.scan(view, folder)
        columns = engine.arrow_schema(f"select * from {view}").names
        described[folder.name] = {
            "rows": engine.count(view),
            "columns": columns,
            "content_sha256": _hash_content(engine, workspace, view, columns),
        }
    return {
        "version": __version__,
        "synthetic": tables.is_synthetic,
        "layout": layout,
        "standard": standard.name,
        "parameters": {
            "first_month": workspace.first_month,
            "last_month": workspace.last_month,
            "rotate_months": standard.pseudonym.rotate_months if layout == "linked" else None,
            "quasi_identifiers": list(getattr(standard.quasi_identifiers, layout)),
        },
        "tables": described,
        "inputs": tables.content_sha256,
    }


def _hash_content(engine: Engine, workspace: Workspace, view: str, columns: list[str]) -> str:
    parts = view_joined(workspace) if view == "described_joined" else None
    if parts and all(parts.columns):
        return hash_joined(engine, parts, workspace.folder)
    return hash_table(engine, view, columns, columns[:1])


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

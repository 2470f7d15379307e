"""`write_report`: run the chapters, render them, and put the whole set in place at the end, or nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaigo.display.decision import Verdict
from kaigo.errors import InputError, OutputError
from kaigo.workbook.chapter_parts import Chapter, read_chapter
from kaigo.workbook.index import Card, judge_overall, make_card, make_verdicts, render_index
from kaigo.workbook.kept import drop_places
from kaigo.workbook.normalise import dump_notebook
from kaigo.workbook.params import Params
from kaigo.workbook.project import choose_chapters, find_project_root, list_chapters
from kaigo.workbook.record import describe_run, read_clock, write_command
from kaigo.workbook.render import Neighbours, make_downloads, render_chapter
from kaigo.workbook.run import ChapterRun, run_chapters

STATE = "report.json"
INDEX = "index.html"
OWN_CACHE = ".kaigo"
"""Where chapters keep releases of own data, beside the data; removed after each report."""


@dataclass(frozen=True)
class ReportResult:
    """書き終えた報告書。

    Attributes
    ----------
    index : Path
        ``index.html``.
    overall : {"可", "要検討", "不可"} or None
        Worst verdict of all chapters in the folder.
    cards : tuple of Card
        One a chapter in the folder, whether made now or before.
    """

    index: Path
    overall: Verdict | None
    cards: tuple[Card, ...]


def write_report(
    params: Params,
    *,
    only: Sequence[str] = (),
    out: Path | None = None,
    root: Path | None = None,
    command: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> ReportResult:
    """章を実行して、報告書と索引を書く。

    Parameters
    ----------
    params : Params
        Parameters of the run; paths in them are relative to the working directory.
    only : sequence of str
        Chapters to make ("40_risk"); the others stay as they are. All if empty.
    out : Path, optional
        Folder of the reports; ``reports/`` of the project by default.
    root : Path, optional
        Folder of the project; found by `find_project_root` by default.
    command : str
        The command that makes the reports again, for their footers; by default it is written from ``params``.
    progress : callable
        Receives one Japanese line a step.

    Raises
    ------
    NotebookError
        If a chapter fails; the reports of the previous run, index included, are untouched.
    OutputError
        If the folder cannot be written.
    """
    root = root or find_project_root()
    out = out or root / "reports"
    every = list_chapters(root)
    chosen = choose_chapters(every, tuple(only))
    existed = out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".building-", dir=out))
    except OSError as error:
        raise _refuse_folder(out, error) from error
    try:
        runs = run_chapters(chosen, _resolve_paths(params, root), progress=progress)
        before = {} if len(chosen) == len(every) else read_cards(out)
        cards = _write_set(place, runs, before, params, command or write_command(params, only))
        _move_in(place, out, cards, read_cards(out))
    except OSError as error:
        raise _refuse_folder(out, error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _forget_own_releases(params)
        if not existed and not any(out.iterdir()):
            out.rmdir()
    progress(f"{len(runs)}章の報告書を {out / INDEX} に書きました")
    return ReportResult(out / INDEX, judge_overall(cards), tuple(cards))


def _forget_own_releases(params: Params) -> None:
    """Releases of own data that the chapters made (with their crosswalks) do not outlive the run."""
    if params.data:
        shutil.rmtree(Path(params.data) / OWN_CACHE, ignore_errors=True)


def read_cards(out: Path) -> dict[str, Card]:
    """The cards that the folder's last run left; empty if there was none (or it was of another form)."""
    try:
        state = json.loads((out / STATE).read_text(encoding="utf-8"))
        return {name: Card.from_payload(card) for name, card in state["chapters"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write_set(
    place: Path,
    runs: Sequence[ChapterRun],
    before: Mapping[str, Card],
    params: Params,
    command: str,
) -> list[Card]:
    """Writes pages, notebooks, downloads, index and JSON into a folder of their own."""
    finished = read_clock()
    chapters = [read_chapter(run.name, run.notebook) for run in runs]
    titles = {name: card.title for name, card in before.items()} | {c.name: c.title for c in chapters}
    cards = dict(before)
    for run, chapter in zip(runs, chapters, strict=True):
        record = describe_run(
            finished, parameters=chapter.parameters, command=command, data_hash=chapter.data_hash
        )
        neighbours = _find_neighbours(chapter, titles)
        files = {
            f"{chapter.name}.html": render_chapter(
                chapter, run.notebook, neighbours=neighbours, record=record
            ).encode("utf-8"),
            f"{chapter.name}.ipynb": dump_notebook(drop_places(run.notebook)),
            **make_downloads(chapter),
        }
        _write_files(place, files)
        cards[chapter.name] = make_card(chapter, finished=finished, files=tuple(files))
    ordered = [cards[name] for name in sorted(cards)]
    # An index over chapters of several runs has no one set of parameters; each page says its own.
    record = [] if before else describe_run(finished, parameters=params.model_dump(), command=command)
    state = {"chapters": {card.name: card.to_payload() for card in ordered}}
    _write_files(
        place,
        {
            INDEX: render_index(ordered, record).encode("utf-8"),
            "verdict.json": _dump(make_verdicts(ordered)),
            STATE: _dump(state),
        },
    )
    return ordered


def _find_neighbours(chapter: Chapter, titles: Mapping[str, str]) -> Neighbours:
    names = sorted(titles)
    at = names.index(chapter.name)
    before = names[at - 1] if at else None
    after = names[at + 1] if at + 1 < len(names) else None
    return Neighbours((before, titles[before]) if before else None, (after, titles[after]) if after else None)


def _move_in(place: Path, out: Path, cards: Sequence[Card], old: Mapping[str, Card]) -> None:
    """Replaces file by file, the index last; what an earlier run wrote and this one does not is taken away."""
    new = [path.relative_to(place) for path in sorted(place.rglob("*")) if path.is_file()]
    new.sort(key=lambda path: path.as_posix() in (INDEX, STATE, "verdict.json"))
    for path in new:
        (out / path).parent.mkdir(exist_ok=True)
        (place / path).replace(out / path)
    kept = {name for card in cards for name in card.files}
    for card in old.values():
        for name in set(card.files) - kept:
            (out / name).unlink(missing_ok=True)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _dump(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _resolve_paths(params: Params, root: Path) -> Params:
    """Paths as the notebooks' folder sees them: kernels work there, not where the command was called."""
    changes = {}
    for name, value in (("data", params.data), ("standard", params.standard)):
        if not value or (name == "standard" and not value.endswith(".toml")):
            continue
        path = Path(value).resolve()
        if not path.exists():
            label = Params.model_fields[name].description
            raise InputError(
                f"{label}({name})が見つかりません。", found=value, remedy="場所を確かめてください。"
            )
        try:
            changes[name] = Path(os.path.relpath(path, (root / "notebooks").resolve())).as_posix()
        except ValueError:  # another drive of Windows
            changes[name] = path.as_posix()
    return params.model_copy(update=changes)


def _refuse_folder(out: Path, error: OSError) -> OutputError:
    return OutputError(
        "報告書のフォルダに書けません。",
        found=f"{out}({error.strerror or error})",
        remedy="書き込みの権限とディスクの空きを確かめるか、--out で別のフォルダを指定してください。",
    )

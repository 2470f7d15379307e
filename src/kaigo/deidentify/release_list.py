"""The list of releases made (提供の一覧): whose copies are out, which months, which keys and crosswalks are gone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kaigo.deidentify.release import Release
from kaigo.engine import write_file
from kaigo.errors import InputError

VERSION = 1


@dataclass(frozen=True)
class MadeRelease:
    """一覧の1行: 1回の作成。人の値も鍵も含まない。

    Attributes
    ----------
    place : str
        Folder of the release as it was written.
    made_on : str
        ISO date.
    recipient : str
        To whom it goes; empty if not said.
    standard, layout : str
    first_month, last_month : str
        ``YYYY-MM``.
    rotate_months : int or None
    inputs : mapping of str to str
        Content hash of each care table that it was made from.
    tables : mapping of str to str
        Content hash of each released table: names the creation.
    crosswalk, key : str
        ``kept`` or ``destroyed`` (for the key also ``never kept``).
    """

    place: str
    made_on: str
    recipient: str
    standard: str
    layout: str
    first_month: str
    last_month: str
    rotate_months: int | None
    inputs: Mapping[str, str]
    tables: Mapping[str, str]
    crosswalk: str
    key: str

    @property
    def name(self) -> str:
        """What tells it from others made on the same day: recipient, months, standard.

        Examples
        --------
        甲社への提供(2025-04から2025-09まで、soumu-2018)
        """
        to = f"{self.recipient}への提供" if self.recipient else "提供先の記録のない提供"
        return f"{to}({self.first_month}から{self.last_month}まで、{self.standard})"


def describe_release(release: Release, *, recipient: str, key_kept: bool, today: dt.date) -> MadeRelease:
    """作成した加工データを、一覧の1行にする。"""
    parameters = release.manifest["parameters"]
    return MadeRelease(
        place=str(release.folder),
        made_on=today.isoformat(),
        recipient=recipient,
        standard=str(release.manifest["standard"]),
        layout=release.layout,
        first_month=str(parameters["first_month"]),
        last_month=str(parameters["last_month"]),
        rotate_months=parameters["rotate_months"],
        inputs=dict(release.manifest["inputs"]),
        tables={name: table["content_sha256"] for name, table in release.manifest["tables"].items()},
        crosswalk="kept" if release.has_crosswalk else "destroyed",
        key="kept" if key_kept else "never kept",
    )


def read_list(path: Path) -> tuple[MadeRelease, ...]:
    """一覧を読む(ファイルがなければ空)。

    Raises
    ------
    InputError
        If the file is there and is no such list.
    """
    if not path.exists():
        return ()
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(MadeRelease(**entry) for entry in content["releases"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "提供の一覧を読めません。",
            found=path,
            remedy="kaigo deidentify --release-list で作ったファイルを指定してください。",
        ) from error


def write_list(path: Path, releases: tuple[MadeRelease, ...]) -> None:
    """一覧を書く(0600、途中で切れない)。"""
    content = {"version": VERSION, "audience": "内部限り", "releases": [asdict(one) for one in releases]}
    write_file(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n", mode=0o600)


def find_overlaps(earlier: tuple[MadeRelease, ...], new: MadeRelease) -> list[str]:
    """新しい作成を、前の作成と突き合わせ、気を付けることを1件1文で返す。

    Told: months in common with an earlier release of the same source (the same benefits or the same persons), in another layout
    or to another recipient; and crosswalks or keys of earlier releases that are still there.

    Examples
    --------
    Earlier: April to September to A. New: July to December to B, same persons → one sentence on July to September.
    """
    found = []
    for made in earlier:
        if made.tables == new.tables:
            continue
        first, last = max(made.first_month, new.first_month), min(made.last_month, new.last_month)
        same = any(made.inputs.get(name) == new.inputs.get(name) for name in ("persons", "benefits"))
        told = f"{made.made_on}に作成した{made.name}"
        if same and first <= last:
            found.append(
                f"{told}と、{first}から{last}までの月が重なり、もとの人も同じです。"
                "両方を持つ者は、中身を見比べて同じ人を結べます。45 蓄積と仮ID の結び直しの割合を確かめてください。"
            )
        if same and made.layout != new.layout and first <= last:
            found.append(
                f"{told}は形が違います({made.layout})。形の違う提供を合わせると、仮IDのない行も人ごとにまとまります。"
            )
        if made.crosswalk == "kept":
            found.append(f"{told}の対応表が、まだ消されていません({made.place})。")
        if made.key == "kept":
            found.append(f"{told}の鍵が、まだ消されていません。")
    return found


def mark_destroyed(
    releases: tuple[MadeRelease, ...], release: Release, *, key_destroyed: bool
) -> tuple[MadeRelease, ...]:
    """対応表(と鍵)を消したことを、一覧に記す。"""
    names = {name: table["content_sha256"] for name, table in release.manifest["tables"].items()}
    return tuple(
        replace(one, crosswalk="destroyed", key="destroyed" if key_destroyed else one.key)
        if dict(one.tables) == names
        else one
        for one in releases
    )

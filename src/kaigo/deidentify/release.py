"""The noun ``Release``: what a recipient gets (``provide/``) and what stays inside (``keep/``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.engine import Engine
from kaigo.errors import InputError
from kaigo.tables.care_tables import MANIFEST, read_manifest

CROSSWALK_MISSING = "対応表(keep/crosswalk)がありません。"


@dataclass(frozen=True)
class Release:
    """加工したデータ一式。

    Attributes
    ----------
    folder : pathlib.Path
        ``provide/`` (提供先に渡すもの) and ``keep/`` (内部限り: ledger, standard, manifest, crosswalk).
    manifest : mapping
        Layout, standard's name, window, rows and content hash of each released table. No person's value.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def layout(self) -> str:
        """``joined`` or ``linked``."""
        return str(self.manifest["layout"])

    @property
    def provide(self) -> Path:
        """What the recipient gets."""
        return self.folder / "provide"

    @property
    def keep(self) -> Path:
        """What stays inside."""
        return self.folder / "keep"

    @property
    def is_synthetic(self) -> bool:
        """Whether it was made from synthetic data."""
        return bool(self.manifest.get("synthetic"))

    @property
    def is_sampled(self) -> bool:
        """Whether persons were drawn at random (レコード一部抽出)."""
        return bool(self.manifest.get("sampled"))

    @property
    def has_crosswalk(self) -> bool:
        """Whether rows can still be traced to persons of the source."""
        return any((self.keep / "crosswalk").glob("*/*.parquet"))

    def ledger(self) -> dict[str, Any]:
        """``keep/ledger.json``."""
        path = self.keep / "ledger.json"
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                "加工の記録(ledger.json)を読めません。",
                found=path,
                remedy="kaigo deidentify をやり直してください。",
            ) from error
        return content

    def scan(self, engine: Engine) -> None:
        """Make the released tables known as ``released`` (joined) or ``released_persons`` … (linked)."""
        for name in self.manifest["tables"]:
            engine.scan("released" if name == "joined" else f"released_{name}", self.provide / name)

    def scan_persons(self, engine: Engine) -> None:
        """Make rows with their person of the source known, through the crosswalk.

        ``joined``: view ``traced`` = the released columns + ``row_position``, ``person`` (running number),
        ``insurer_number``, ``insured_number``.
        ``linked``: view ``traced_ids`` = ``person_id``, ``period``, ``person``, ``insurer_number``, ``insured_number``.

        Raises
        ------
        InputError
            If the crosswalk was destroyed or never written.
        """
        if not self.has_crosswalk:
            raise InputError(
                CROSSWALK_MISSING,
                found=self.folder,
                remedy="人数で数えるには、対応表を残して(--no-crosswalk を付けずに)作り直してください。",
            )
        crosswalk = self.keep / "crosswalk"
        if self.layout == "linked":
            engine.scan("traced_ids", crosswalk / "persons")
            return
        engine.scan_positions("released_positions", self.provide / "joined" / "part-00000.parquet")
        engine.scan("crosswalk_rows", crosswalk / "rows")
        engine.scan("crosswalk_persons", crosswalk / "persons")
        names = [f"t.{engine.dialect.quote(name)}" for name in self.columns("joined")]
        engine.view(
            "traced",
            f"select {', '.join(names)}, t.row_position, w.person, p.insurer_number, p.insured_number "
            "from released_positions as t join crosswalk_rows as w on w.row_position = t.row_position "
            "join crosswalk_persons as p on p.person = w.person",
        )

    def columns(self, table: str) -> list[str]:
        """Column names of a released table."""
        return list(self.manifest["tables"][table]["columns"])

    @classmethod
    def open(cls, folder: Path | str) -> Release:
        """加工したデータのフォルダを開く。

        Raises
        ------
        InputError
            If the folder is no release.
        """
        folder = Path(folder)
        remedy = "kaigo deidentify で作ったフォルダを指定してください。"
        manifest = read_manifest(folder / "keep", "加工したデータ", remedy)
        for name in manifest["tables"]:
            if not any((folder / "provide" / name).glob("*.parquet")):
                raise InputError(
                    f"加工したデータの表({name})がありません。",
                    found=folder / "provide" / name,
                    remedy=remedy,
                )
        return cls(folder, manifest)

    @staticmethod
    def is_release(folder: Path) -> bool:
        """Whether a folder looks like a release."""
        return (folder / "keep" / MANIFEST).is_file() and (folder / "provide").is_dir()

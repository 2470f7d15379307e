"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonTo = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help="結果をJSONでFILEに書く(- は標準出力)", show_default=False),
]
EngineText = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="計算エンジン。例: duckdb:memory=4GB,threads=2、Sparkは sc://ホスト名:15002",
        show_default=True,
    ),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="書き出すフォルダ", show_default=False)]

"""What is needed to make a report again: when, with which parameters, versions, data and command."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from kaigo.workbook.params import Params

JST = dt.timezone(dt.timedelta(hours=9), "JST")
SYNTHETIC = frozenset({"persons", "months", "start", "municipalities"})
"""Parameters that only make synthetic data; with own data they say nothing."""
PLACES = frozenset({"data", "standard"})
"""Parameters that may be paths."""
PACKAGES = ("kaigo", "pandas", "scikit-learn", "duckdb")


def read_clock() -> str:
    """Now in Japan, ISO with seconds; fixed by ``SOURCE_DATE_EPOCH`` for reproducible pages."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    now = dt.datetime.fromtimestamp(int(fixed), tz=JST) if fixed else dt.datetime.now(tz=JST)
    return now.isoformat(timespec="seconds")


def write_command(
    params: Params,
    only: Sequence[str] = (),
    *,
    file: Path | None = None,
    base: Params | None = None,
    out: Path | None = None,
) -> str:
    """``kaigo report …`` that makes the same reports again (from the root given, a path is shortened to its name).

    Parameters
    ----------
    params : Params
    only : sequence of str
        ``--only``.
    file, out : pathlib.Path, optional
        ``--params`` and ``--out`` as they were given.
    base : Params, optional
        What the command starts from without ``--set``; default: the defaults of `Params`.
    """
    words = ["kaigo", "report"]
    if file is not None:
        words += ["--params", _name_place(file)]
    for name, value in params.changed(base).items():
        if not (params.data and name in SYNTHETIC):
            shown = _name_place(value) if name in PLACES else value
            words += ["--data", str(shown)] if name == "data" else ["--set", f"{name}={shown}"]
    for chapter in only:
        words += ["--only", chapter]
    if out is not None:
        words += ["--out", _name_place(out)]
    return shlex.join(words)


def _name_place(given: object) -> str:
    """A path as it was given; of one from the root or far above its last name only: a page tells no place of a machine."""
    path = Path(str(given))
    return path.name if path.is_absolute() or path.parts[:2] == ("..", "..") else str(given)


def describe_run(
    finished: str, *, parameters: Mapping[str, object], command: str, data_hash: str = ""
) -> list[tuple[str, str]]:
    """Label and value of each line of the reproducibility footer.

    Parameters
    ----------
    finished : str
        Time of the run (`read_clock`).
    parameters : mapping
        Name → value; names of `Params` get their Japanese description. Where own data were read, what only makes
        synthetic data is left out.
    command : str
        The command that makes it again.
    data_hash : str, optional
        Content hash of the data.
    """
    rows = [("実行日時", finished)]
    own = bool(parameters.get("data"))
    for name, value in parameters.items():
        if own and name in SYNTHETIC:
            continue
        field = Params.model_fields.get(name)
        label = f"{field.description}({name})" if field else name
        shown = _name_place(value) if name in PLACES and value else value
        rows.append((label, str(shown) if shown != "" else "指定なし"))
    if data_hash:
        rows.append(("データの内容ハッシュ", data_hash))
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
    rows.append(("版", "、".join(versions)))
    rows.append(("再現のコマンド", command))
    return rows

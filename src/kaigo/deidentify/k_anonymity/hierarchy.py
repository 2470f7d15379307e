"""Generalisation hierarchies (一般化階層) of one key in ARX's file form, read and checked."""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kaigo.errors import InputError
from kaigo.tables.flat_file import check_source

SUPPRESSED = "*"
_FORM = "1行に「値;1段階上の値;…;*」を、見出しなしで書いてください。"


@dataclass(frozen=True)
class Hierarchy:
    """1つの鍵の値と、その上位の値(段階0はもとの値、最後の段階はすべて ``*``)。

    The key's domain is what the file lists, whether or not a value occurs in the table.

    Attributes
    ----------
    name : str
        Column of the table.
    values : tuple of str
        The domain, in the order of the file; D values.
    codes : numpy.ndarray
        Shape (levels, D), int32: number of the generalised value of each value at each level.
    labels : tuple of tuple of str
        Generalised values of each level by their number.
    """

    name: str
    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]
    labels: tuple[tuple[str, ...], ...]

    @property
    def levels(self) -> int:
        """Number of levels, the values themselves included."""
        return len(self.labels)

    @property
    def domain_size(self) -> int:
        """D."""
        return len(self.values)

    def covered(self) -> npt.NDArray[np.int64]:
        """G − 1 of each value at each level: how many other values its generalised value may stand for.

        Returns
        -------
        numpy.ndarray
            Shape (levels, D), int64.
        """
        return np.stack([np.bincount(codes)[codes] - 1 for codes in self.codes]).astype(np.int64)

    @classmethod
    def from_rows(cls, name: str, rows: Sequence[Sequence[str]], origin: str | None = None) -> Hierarchy:
        """階層の行(値、その上位の値、…、``*``)から作る。

        Raises
        ------
        InputError
            If rows differ in length, a value stands twice, the last level is not ``*`` throughout, or two values
            that one level puts together are apart at a higher level.

        Examples
        --------
        65;60代;*  66;60代;*  71;70代;* → 3 levels, D = 3; at level 1 g is 2, 2, 1.
        """
        origin = origin or f"{name}の階層"
        if not rows:
            raise InputError(f"階層に1行もありません({origin})。", remedy=_FORM)
        _check_rows(rows, origin)
        labels: list[tuple[str, ...]] = []
        codes = []
        for level in zip(*rows, strict=True):
            number = {label: n for n, label in enumerate(dict.fromkeys(level))}
            labels.append(tuple(number))
            codes.append([number[label] for label in level])
        made = cls(name, tuple(row[0] for row in rows), np.array(codes, dtype=np.int32), tuple(labels))
        _check_nested(made, origin)
        return made


def read_hierarchy(path: Path, name: str) -> Hierarchy:
    """階層のファイル(ARXのCSV: 見出しなし、``;`` 区切り、最後は ``*``)を読む。

    Parameters
    ----------
    path : pathlib.Path
        UTF-8 or CP932. An empty first cell is the missing value.
    name : str
        Column of the table.

    Raises
    ------
    InputError
        As :meth:`Hierarchy.from_rows`, or if the file cannot be read.
    """
    check_source("階層", path)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = path.read_bytes().decode(encoding)
        except UnicodeDecodeError:
            continue
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=";") if row]
        return Hierarchy.from_rows(name, rows, path.name)
    raise InputError(
        "階層の文字コードを読めません。", found=path, remedy="UTF-8かCP932で保存し直してください。"
    )


def _check_rows(rows: Sequence[Sequence[str]], origin: str) -> None:
    width, seen = len(rows[0]), dict[str, int]()
    if width < 2:
        raise InputError(f"階層に上位の値がありません({origin})。", found=f"1行目は{width}列", remedy=_FORM)
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise InputError(
                f"階層の行の長さがそろっていません({origin}、{number}行目)。",
                found=f"1行目は{width}列、{number}行目は{len(row)}列",
                remedy="どの値にも同じ数の上位の値を書いてください。段階を飛ばすときは同じ値を繰り返します。",
            )
        if row[0] in seen:
            raise InputError(
                f"階層に同じ値が2回あります({origin}、{number}行目)。",
                found=f"{seen[row[0]]}行目と同じ値",
                remedy="1つの値を1行だけにしてください。",
            )
        seen[row[0]] = number
        if row[-1] != SUPPRESSED:
            raise InputError(
                f"階層の最後の段階が {SUPPRESSED} ではありません({origin}、{number}行目)。",
                found=f"{width}列目",
                remedy=_FORM,
            )


def _check_nested(made: Hierarchy, origin: str) -> None:
    """What is put together must stay together: else a higher level could tell apart what a lower one does not."""
    for level in range(made.levels - 1):
        pairs = np.unique(np.stack([made.codes[level], made.codes[level + 1]]), axis=1)
        twice = np.flatnonzero(np.diff(pairs[0]) == 0)
        if twice.size:
            rows = np.flatnonzero(made.codes[level] == pairs[0, twice[0]])
            apart = rows[made.codes[level + 1][rows] != made.codes[level + 1][rows[0]]][0]
            raise InputError(
                f"階層が入れ子になっていません({origin}、{rows[0] + 1}行目と{apart + 1}行目)。",
                found=f"段階{level}(左から{level + 1}列目)では同じ値、段階{level + 1}では別の値",
                remedy="下の段階で同じ値にまとめたものは、上の段階でも同じ値にしてください。",
            )


def read_hierarchies(folder: Path, columns: Sequence[str]) -> tuple[Hierarchy, ...]:
    """フォルダにある階層のファイル(``列名.csv``)をすべて読む。列名が鍵になる。

    Parameters
    ----------
    folder : pathlib.Path
    columns : sequence of str
        Columns of the table; the hierarchies come in their order.

    Raises
    ------
    InputError
        If there is no hierarchy, or a file has the name of no column.
    """
    if not folder.is_dir():
        raise InputError(
            "階層のフォルダがありません。",
            found=folder,
            remedy="「列名.csv」を入れたフォルダを指定してください。",
        )
    # A name typed on macOS may be stored with its voicing marks apart.
    files = {
        unicodedata.normalize("NFC", path.stem): path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() == ".csv" and not path.name.startswith(".")
    }
    known = {unicodedata.normalize("NFC", column): column for column in columns}
    if not files:
        raise InputError(
            "フォルダに階層のファイルがありません。",
            found=folder,
            remedy=f"鍵にする列ごとに「列名.csv」を置いてください。{_FORM}",
        )
    for stem, path in files.items():
        if stem not in known:
            near = difflib.get_close_matches(stem, known, n=1)
            hint = f"「{near[0]}」のことですか。" if near else "ファイルの名前を列名にそろえてください。"
            raise InputError(
                f"階層のファイル「{path.name}」に当たる列が、表にありません。",
                found="、".join(columns),
                remedy=hint,
            )
    return tuple(read_hierarchy(files[stem], column) for stem, column in known.items() if stem in files)

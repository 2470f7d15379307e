"""The noun ``CareTables``: one municipality's (or several') three tables on disk, schema-checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kaigo import __version__
from kaigo.engine import Engine, open_engine, write_file
from kaigo.errors import InputError
from kaigo.tables.content_hash import hash_table
from kaigo.tables.schema import TableSchema, load_schemas

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class CareTables:
    """介護データ一式: 個人属性情報、認定情報、介護給付情報。

    Attributes
    ----------
    folder : pathlib.Path
        Holds ``persons/``, ``certifications/``, ``benefits/`` (Parquet) and ``manifest.json``.
    manifest : mapping
        Version, parameters, seed (synthetic only), rows and content hash of each table.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def is_synthetic(self) -> bool:
        """Whether the persons do not exist."""
        return bool(self.manifest.get("synthetic"))

    @property
    def content_sha256(self) -> dict[str, str]:
        """Content hash by table."""
        return {name: table["content_sha256"] for name, table in self.manifest["tables"].items()}

    def rows(self, table: str) -> int:
        """Number of rows of a table."""
        return int(self.manifest["tables"][table]["rows"])

    def table(self, name: str) -> Path:
        """Parquet folder of one table."""
        return self.folder / name

    def scan(self, engine: Engine) -> None:
        """Make the three tables known to an engine under their names."""
        for name in load_schemas():
            engine.scan(name, self.table(name))

    @classmethod
    def open(cls, folder: Path | str) -> CareTables:
        """フォルダを開き、3つの表の列と型を確かめる。

        Raises
        ------
        InputError
            If the folder, the manifest or a table is missing, or a column is missing or of another type.
        """
        folder = Path(folder)
        manifest = read_manifest(
            folder, "介護データ", "kaigo synthesize または kaigo intake で作ったフォルダを指定してください。"
        )
        for schema in load_schemas().values():
            _check_table(folder, schema)
            if not isinstance(manifest["tables"].get(schema.name), dict):
                raise InputError(
                    f"介護データの目録({MANIFEST})に{schema.label}の表({schema.name})がありません。",
                    found="、".join(manifest["tables"]) or "表なし",
                    remedy="kaigo intake で読み込み直してください。",
                )
        return cls(folder, manifest)


def read_manifest(folder: Path, noun: str, remedy: str) -> dict[str, Any]:
    """Read ``manifest.json`` of a folder or explain in Japanese why it cannot be read."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise InputError(f"{noun}のフォルダがありません。", found=folder, remedy=remedy)
    if not path.is_file():
        raise InputError(f"{noun}の目録({MANIFEST})がありません。", found=folder, remedy=remedy)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{noun}の目録({MANIFEST})を読めません。", found=path, remedy="作り直してください。"
        ) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("tables"), dict):
        raise InputError(f"{noun}の目録({MANIFEST})の形が違います。", found=path, remedy=remedy)
    return manifest


def _check_table(folder: Path, schema: TableSchema) -> None:
    files = sorted((folder / schema.name).glob("*.parquet"))
    remedy = "kaigo intake で読み込み直してください。"
    if not files:
        raise InputError(
            f"{schema.label}の表({schema.name})がありません。", found=folder / schema.name, remedy=remedy
        )
    for file in files:
        try:
            found = pq.read_schema(file)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"{schema.label}の表({schema.name})を読めません。", found=file, remedy=remedy
            ) from error
        _check_columns(schema, found, remedy)


def _check_columns(schema: TableSchema, found: pa.Schema, remedy: str) -> None:
    for column in schema.columns:
        index = found.get_field_index(column.name)
        if index < 0:
            raise InputError(
                f"{schema.label}の表に列「{column.label}」({column.name})がありません。",
                found="、".join(found.names),
                remedy=remedy,
            )
        if found.field(index).type != column.dtype:
            raise InputError(
                f"{schema.label}の列「{column.label}」({column.name})の型が違います(必要な型: {column.dtype})。",
                found=found.field(index).type,
                remedy=remedy,
            )


def write_manifest(
    folder: Path,
    *,
    parameters: Mapping[str, Any],
    synthetic: bool,
    seed: int | None = None,
    inputs: Mapping[str, str] | None = None,
    engine: Engine | None = None,
    content: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """3つの表を数え、内容のハッシュを取り、目録を書く。

    Parameters
    ----------
    folder : pathlib.Path
        Holds the three tables (Parquet).
    parameters : mapping
        What the set was made with. Never a person's value.
    synthetic : bool
    seed : int, optional
        Synthetic data only.
    inputs : mapping, optional
        Name of each input file to its SHA-256.
    engine : Engine, optional
        A session to reuse.
    content : mapping, optional
        Content hashes that are known already, by table.

    Returns
    -------
    dict
        The manifest as written.
    """
    if engine is None:
        with open_engine() as session:
            return write_manifest(
                folder,
                parameters=parameters,
                synthetic=synthetic,
                seed=seed,
                inputs=inputs,
                engine=session,
                content=content,
            )
    tables, known = {}, content or {}
    for schema in load_schemas().values():
        view = f"hashed_{schema.name}"
        engine.scan(view, folder / schema.name)
        tables[schema.name] = {
            "rows": engine.count(view),
            "content_sha256": known.get(schema.name) or hash_table(engine, view, schema.names, schema.key),
        }
    manifest: dict[str, Any] = {
        "version": __version__,
        "synthetic": synthetic,
        "parameters": dict(parameters),
    }
    if seed is not None:
        manifest["seed"] = seed
    manifest |= {"tables": tables, "inputs": dict(inputs or {})}
    write_file(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    return manifest

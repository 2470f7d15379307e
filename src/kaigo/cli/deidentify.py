"""`kaigo deidentify` and `kaigo forget`."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Annotated, Literal

import typer

from kaigo.cli.command import JapaneseCommand
from kaigo.cli.messages import say, show_stages, write_json
from kaigo.cli.options import EngineText, JsonTo, Out
from kaigo.errors import InputError, ParameterError

ReleaseList = Annotated[
    Path | None,
    typer.Option(
        "--release-list",
        metavar="F",
        help="提供の一覧(これまでの作成と突き合わせ、今回を書き足す)",
        show_default=False,
    ),
]
LAYOUTS: tuple[Literal["joined", "linked"], ...] = ("joined", "linked")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("deidentify", cls=JapaneseCommand)(deidentify)
    app.command("forget", cls=JapaneseCommand)(forget)


def deidentify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="介護データのフォルダ", show_default=False)],
    standard: Annotated[
        str,
        typer.Option("--standard", metavar="NAME|FILE", help="加工基準の名前またはTOML", show_default=False),
    ],
    out: Out,
    layout: Annotated[
        str | None,
        typer.Option(
            "--layout", metavar="joined|linked", help="形(既定は加工基準のもの)", show_default=False
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="F", help="鍵のファイル(無ければ作る)", show_default=False),
    ] = None,
    forget_key: Annotated[
        bool, typer.Option("--forget-key", help="鍵を残さない(既定)", show_default=False)
    ] = False,
    no_crosswalk: Annotated[
        bool, typer.Option("--no-crosswalk", help="対応表を書かない", show_default=False)
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="提供する表をCSVでも書く", show_default=False)] = False,
    release_list: ReleaseList = None,
    recipient: Annotated[
        str, typer.Option("--recipient", metavar="NAME", help="提供先(一覧に記す)", show_default=False)
    ] = "",
    engine: EngineText = "duckdb",
    json_to: JsonTo = None,
) -> None:
    """介護データを加工基準どおりに加工する(provide/ は提供先に渡すもの、keep/ は内部限り)。

    例: kaigo deidentify own --standard soumu-2018 --out release

    例: kaigo deidentify own --standard recommended --out release --release-list 提供の一覧.json --recipient 甲社
    """
    from kaigo.deidentify import Key, load_standard, make_release
    from kaigo.deidentify.release_list import describe_release, find_overlaps, read_list, write_list
    from kaigo.tables import CareTables

    shape = next((known for known in LAYOUTS if known == layout), None)
    if layout is not None and shape is None:
        raise ParameterError(
            "形の名前を読めません。", found=layout, remedy=f"{' か '.join(LAYOUTS)} を指定してください。"
        )
    if key_file and forget_key:
        raise ParameterError(
            "--key-file と --forget-key は同時に使えません。", remedy="どちらか一方にしてください。"
        )
    if recipient and release_list is None:
        raise ParameterError(
            "--recipient は、提供の一覧に記すためのものです。",
            found=recipient,
            remedy="--release-list に一覧のファイルを指定してください。",
        )
    earlier = read_list(release_list) if release_list else ()
    replaced = _describe_replaced(out)
    rules, tables = load_standard(standard), CareTables.open(folder)
    key = Key.from_file(key_file) if key_file else Key.random()
    with show_stages() as progress:
        release = make_release(
            tables,
            rules,
            out,
            key=key,
            layout=shape,
            crosswalk=not no_crosswalk,
            csv=csv,
            pages=True,
            engine=engine,
            progress=progress,
        )
    ledger = release.ledger()
    told = [*replaced, *ledger["warnings"]]
    if release_list:
        made = describe_release(
            release, recipient=recipient, key_kept=key_file is not None, today=dt.date.today()
        )
        told += find_overlaps(earlier, made)
        write_list(release_list, (*earlier, made))
    for warning in told:
        say(f"注意: {warning}", json_to)
    rows = "、".join(f"{name} {count:,}行" for name, count in ledger["released_rows"].items())
    say(
        f"加工しました: {out}\n提供するもの: {release.provide}({rows})\n内部に残すもの: {release.keep}(加工の記録、5号検討書、加工基準、対応表)",
        json_to,
    )
    if not no_crosswalk:
        say("評価が終わったら kaigo forget で対応表を消してください。", json_to)
    write_json(
        {"layout": release.layout, "manifest": release.manifest, "ledger": ledger, "notes": told}, json_to
    )


def _describe_replaced(out: Path) -> list[str]:
    """What stands where the new release goes, as a notice for afterwards."""
    from kaigo.deidentify import Release
    from kaigo.deidentify.forget import EARLIER, RECORD
    from kaigo.tables.care_tables import MANIFEST

    if not Release.is_release(out):
        return []
    try:
        old = Release.open(out)
    except InputError:
        return [f"{out} にあった加工データ(壊れていました)を置き換えました。"]
    made = dt.datetime.fromtimestamp((old.keep / MANIFEST).stat().st_mtime).strftime("%Y-%m-%d %H:%M")
    lost = "前の対応表もなくなりました。" if old.has_crosswalk else ""
    kept = any((old.keep / name).exists() for name in (RECORD, EARLIER))
    carried = f"消した記録は keep/{EARLIER} に引き継ぎました。" if kept else ""
    return [
        f"{out} にあった加工データ({old.manifest['standard']}、作成 {made})を置き換えました。{lost}{carried}"
    ]


def forget(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="RELEASE|DIR",
            help="加工したデータのフォルダ、または介護データのフォルダ(途中の加工データを消す)",
            show_default=False,
        ),
    ],
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file", metavar="F", help="加工に使った鍵のファイル(これも消す)", show_default=False
        ),
    ] = None,
    release_list: ReleaseList = None,
    json_to: JsonTo = None,
) -> None:
    """対応表(と、指定すれば鍵)を消し、消したことを記録する。

    介護データのフォルダを指定すると、JupyterLabなどで開いたときに中に残った途中の加工データ(.kaigo)を、対応表とともに消します。

    例: kaigo forget release

    例: kaigo forget own
    """
    from kaigo.deidentify import Release, forget_release
    from kaigo.deidentify.release_list import mark_destroyed, read_list, write_list

    if not Release.is_release(folder) and _is_care(folder):
        if key_file or release_list:
            raise ParameterError(
                "介護データのフォルダには、--key-file と --release-list を使えません。",
                found=folder,
                remedy="鍵と一覧は、加工したデータのフォルダとともに指定してください。",
            )
        _forget_cache(folder, json_to)
        return
    release = Release.open(folder)
    had = release.has_crosswalk
    listed = read_list(release_list) if release_list else ()
    record = forget_release(release, key_file)
    if release_list:
        write_list(release_list, mark_destroyed(listed, release, key_destroyed=key_file is not None))
    what = "対応表を消しました。" if had else "対応表はありませんでした。"
    say(f"{what}{'鍵を消しました。' if key_file else ''}記録: {record}", json_to)
    write_json({"forgotten": had, "key_forgotten": key_file is not None, "record": str(record)}, json_to)


def _is_care(folder: Path) -> bool:
    """Whether notebooks leave releases there."""
    from kaigo.tables.care_tables import MANIFEST

    return (folder / ".kaigo").is_dir() or all(
        (folder / name).exists() for name in (MANIFEST, "persons", "benefits")
    )


def _forget_cache(folder: Path, json_to: str | None) -> None:
    """Destroy releases that notebooks left beside own care tables."""
    from kaigo.deidentify import Release, forget_release

    releases = sorted(folder.glob(".kaigo/*/release"))
    for path in releases:
        forget_release(Release.open(path))
    if releases:
        shutil.rmtree(folder / ".kaigo")
        say(f"JupyterLabなどで作られた加工データ({len(releases)}件)を、対応表とともに消しました。", json_to)
    else:
        say(
            f"消すものはありません。介護データのフォルダ {folder} に、途中の加工データは残っていません。",
            json_to,
        )
    write_json({"forgotten": bool(releases), "releases": len(releases)}, json_to)

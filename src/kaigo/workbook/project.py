"""Where the project is: the folder with ``notebooks/10_guide.ipynb``."""

from __future__ import annotations

from pathlib import Path

from kaigo.errors import InputError

GUIDE = Path("notebooks") / "10_guide.ipynb"


def find_project_root(start: Path | None = None) -> Path:
    """プロジェクトのフォルダを探す。

    Looks upward from ``start`` (the working directory by default), then from where the package lies.

    Raises
    ------
    InputError
        If neither is inside the project.
    """
    here = (start or Path.cwd()).resolve()
    package = Path(__file__).resolve()
    for folder in (here, *here.parents, *package.parents):
        if (folder / GUIDE).is_file():
            return folder
    raise InputError(
        f"プロジェクトのフォルダ({GUIDE.as_posix()} のあるフォルダ)が見つかりません。",
        found=here,
        remedy="取得したプロジェクトのフォルダに移ってから、もう一度実行してください。",
    )


def list_chapters(root: Path) -> tuple[Path, ...]:
    """The chapters (``notebooks/NN_name.ipynb``) in their order."""
    return tuple(sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")))


def choose_chapters(chapters: tuple[Path, ...], only: tuple[str, ...]) -> tuple[Path, ...]:
    """The chapters named in ``only`` (``40_risk`` or ``40``); all of them if nothing is named.

    Raises
    ------
    InputError
        If a name is no chapter.
    """
    chosen = set()
    for name in only:
        wanted = name.removesuffix(".ipynb")
        found = [path for path in chapters if path.stem == wanted or path.stem.split("_")[0] == wanted]
        if not found:
            raise InputError(
                "指定された章がありません。",
                found=name,
                remedy=f"{', '.join(path.stem for path in chapters)} から選んでください。",
            )
        chosen.update(found)
    return tuple(path for path in chapters if not only or path in chosen)

"""Small projects of one or two chapters, made from the committed fixture notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOWN = Path(__file__).parents[1] / "fixtures_notebooks" / "10_town.ipynb"


def make_cell(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"x{abs(hash(source)) % 10**6}",
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def write_project(folder: Path, **chapters: list[dict[str, Any]] | str | None) -> Path:
    """A project whose chapters are the fixture, with other cells where these are given.

    A text takes the place of the fixture's code from its third code cell on.
    """
    (folder / "notebooks").mkdir(parents=True)
    for name, content in {"10_guide": None, **chapters}.items():
        notebook = json.loads(TOWN.read_text(encoding="utf-8"))
        if isinstance(content, str):
            notebook["cells"] = [*notebook["cells"][:5], make_cell(content)]
        elif content is not None:
            notebook["cells"] = content
        title = notebook["cells"][0]
        if title["cell_type"] == "markdown":
            title["source"] = "".join(title["source"]).replace("小さな町の認定者", f"章 {name}")
        text = json.dumps(notebook, ensure_ascii=False).replace("10_town", name)
        (folder / "notebooks" / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def town() -> Path:
    return TOWN


@pytest.fixture(scope="session")
def make_project() -> Callable[..., Path]:
    return write_project


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    return lambda **chapters: write_project(tmp_path / "project", **chapters)

"""The committed form is text, stable, and tells an unexecuted notebook from an executed one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kaigo.errors import InputError, NotebookError
from kaigo.workbook.normalise import check_normalised, execute_notebook, main, normalise_file


@pytest.fixture
def copy(town: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(town, tmp_path / "10_town.ipynb"))


def edit(path: Path, change: Callable[[dict[str, Any]], object], **options: Any) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook, **options), encoding="utf-8")


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def add_noise(notebook: dict[str, Any]) -> None:
    """What JupyterLab, papermill and another machine leave in a notebook."""
    notebook["metadata"]["papermill"] = {"duration": 1.0}
    notebook["metadata"]["language_info"]["version"] = "3.99.1"
    notebook["metadata"]["kernelspec"] = {"name": "my-env", "display_name": "私の環境"}
    for cell in notebook["cells"]:
        cell["id"] = f"r{len(cell['source'])}"
        cell["metadata"]["papermill"] = {"start_time": "2024-01-01"}
        cell["metadata"].setdefault("tags", [])
    figure = code_cells(notebook)[3]["outputs"][0]
    figure["data"]["image/png"] = "iVBORw0KGgo="
    figure["metadata"] = {"image/png": {"width": 1}}
    code_cells(notebook)[2]["metadata"]["execution"] = {"iopub.execute_input": "2024-01-01T00:00:00Z"}
    injected = {**code_cells(notebook)[0], "metadata": {"tags": ["injected-parameters"]}}
    notebook["cells"].insert(2, injected)


def test_noise_of_machines_and_runs_goes_and_nothing_else(copy: Path, town: Path) -> None:
    edit(copy, add_noise)
    assert check_normalised(copy) == ["10_town.ipynb: 正規化されていません"]
    assert normalise_file(copy)
    assert copy.read_bytes() == town.read_bytes()
    assert not normalise_file(copy)


@pytest.mark.slow
def test_executing_again_gives_the_same_bytes(copy: Path, town: Path) -> None:
    edit(
        copy,
        lambda notebook: [cell.update(outputs=[], execution_count=None) for cell in code_cells(notebook)],
    )
    assert execute_notebook(copy)
    assert copy.read_bytes() == town.read_bytes()


def test_the_form_is_readable_text_without_pictures(town: Path) -> None:
    text = town.read_text(encoding="utf-8")
    assert "要介護1の人がいちばん多い" in text
    assert "image/png" not in text
    assert '"id": "c010"' in text
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda cells: cells[2].update(execution_count=None), "実行番号がありません"),
        (lambda cells: cells[2].update(outputs=[]), "出力がありません"),
        (
            lambda cells: [cell.update(outputs=[], execution_count=None) for cell in cells],
            "出力が1つもありません",
        ),
        (
            lambda cells: cells[2]["outputs"].append(
                {"output_type": "stream", "name": "stderr", "text": ["警告"]}
            ),
            "stderr の出力",
        ),
        (
            lambda cells: cells[2]["outputs"].append(
                {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
            ),
            "誤りで終わっています",
        ),
    ],
    ids=["no count", "no output", "stripped", "stderr", "error"],
)
def test_a_notebook_on_which_nbval_would_check_nothing_is_found(
    copy: Path,
    change: Callable[[list[dict[str, Any]]], object],
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit(copy, lambda notebook: change(code_cells(notebook)))
    normalise_file(copy)
    assert any(problem in line for line in check_normalised(copy))
    assert main(["--check", str(copy)]) == 1
    assert problem in capsys.readouterr().err


def test_the_check_passes_on_the_committed_form(town: Path) -> None:
    assert check_normalised(town) == []
    assert main(["--check", str(town)]) == 0


def test_what_is_no_notebook_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.ipynb").write_text("[]", encoding="utf-8")
    with pytest.raises(NotebookError):
        normalise_file(tmp_path / "a.ipynb")
    with pytest.raises(InputError):
        normalise_file(tmp_path / "none.ipynb")
    assert main([str(tmp_path / "none.ipynb")]) == 2
    assert "対処" in capsys.readouterr().err

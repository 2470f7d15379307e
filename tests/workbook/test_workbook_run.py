"""A chapter gets only its own parameters, runs in its own folder, and says in Japanese where it failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kaigo.errors import InputError, NotebookError, ParameterError
from kaigo.workbook.parameter_cell import write_line
from kaigo.workbook.params import Params
from kaigo.workbook.run import run_chapters


def write_notebook(path: Path, *sources: str) -> Path:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": ["parameters"]} if number == 0 else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    metadata = {**kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_two_chapters_run_at_once_each_with_its_own_parameters_in_its_own_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = 'from pathlib import Path; (Path.cwd().name, {}, "persons" in globals())'
    first = write_notebook(tmp_path / "10_a.ipynb", write_line("standard"), code.format("standard"))
    (tmp_path / "other").mkdir()
    second = write_notebook(tmp_path / "other" / "20_b.ipynb", write_line("persons"), code.format("persons"))
    lines: list[str] = []
    params = Params.from_values({"standard": "市の'基準'\\", "persons": 700})
    runs = run_chapters([first, second], params, progress=lines.append)
    answers = [run.notebook.cells[-1].outputs[0]["data"]["text/plain"] for run in runs]
    assert answers[0] == repr((tmp_path.name, "市の'基準'\\", False))
    assert answers[1] == repr(("other", 700, True))
    # The injected cell is readable Japanese, without the records of papermill.
    assert "市の'基準'" in runs[0].notebook.cells[1].source
    assert "persons" not in runs[0].notebook.cells[1].source
    assert "papermill" not in json.dumps(runs[0].notebook)
    assert sorted(line.split(" ")[0] for line in lines) == ["10_a", "20_b"]
    # Kernels say nothing on the terminal.
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("injected", [False, True])
def test_a_failure_names_chapter_and_cell_as_a_reader_counts_them(tmp_path: Path, injected: bool) -> None:
    path = write_notebook(tmp_path / "40_risk.ipynb", write_line("persons"), "1", "1 / 0", "2")
    with pytest.raises(NotebookError) as caught:
        run_chapters([path], Params.from_values({"persons": 700} if injected else {}))
    assert "章 40_risk の3番目のセル" in caught.value.what
    assert caught.value.found == "ZeroDivisionError: division by zero"


def test_the_users_own_error_is_shown_with_its_remedy(tmp_path: Path) -> None:
    code = 'from kaigo.errors import EmptyResultError; raise EmptyResultError("1人も残りません。", found=0, remedy="緩める。")'
    path = write_notebook(tmp_path / "40_risk.ipynb", write_line("persons"), code)
    with pytest.raises(NotebookError) as caught:
        run_chapters([path], Params())
    for words in ("2番目のセル", "1人も残りません。", "見つかった値: 0", "対処: 緩める。"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("code", "stream"),
    [("print('a')", "stdout"), ("import warnings; warnings.warn('古い', stacklevel=1)", "stderr")],
)
def test_anything_printed_or_warned_is_a_failure(tmp_path: Path, code: str, stream: str) -> None:
    path = write_notebook(tmp_path / "40_risk.ipynb", write_line("persons"), "1", code)
    with pytest.raises(NotebookError, match=f"3番目のセルが、{stream}"):
        run_chapters([path], Params.from_values({"persons": 700}))


def test_a_dead_kernel_is_told_from_a_wrong_cell(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "40_risk.ipynb", write_line("persons"), "import os; os._exit(1)")
    with pytest.raises(NotebookError, match="カーネルが止まりました"):
        run_chapters([path], Params())


def test_a_notebook_that_declares_an_unknown_parameter_does_not_start(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "40_risk.ipynb", "person: int = 600  # 人数(1〜2)")
    with pytest.raises(ParameterError, match="知らないパラメータ"):
        run_chapters([path], Params())


def test_a_missing_or_broken_notebook_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ありません"):
        run_chapters([tmp_path / "none.ipynb"], Params())
    (tmp_path / "10_bad.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(NotebookError, match="読めません"):
        run_chapters([tmp_path / "10_bad.ipynb"], Params())

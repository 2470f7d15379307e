"""The parameters cell of every notebook says the same as `Params`: name, type, default, help."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kaigo.errors import NotebookError
from kaigo.workbook.normalise import check_normalised
from kaigo.workbook.parameter_cell import find_differences, read_declared, write_cell, write_line
from kaigo.workbook.params import Params

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = [
    "10_guide",
    "20_synthetic_data",
    "30_deidentification",
    "40_risk",
    "45_accumulation",
    "60_conditions",
    "70_service_use",
    "80_care_plans",
]


def notebook(source: str) -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}]}


def test_what_is_written_is_read_again_for_every_parameter() -> None:
    declared = read_declared(notebook(write_cell(Params.model_fields)))
    assert {item.name: item.default for item in declared} == Params().model_dump()
    assert find_differences(notebook(write_cell(Params.model_fields))) == []


def test_the_canonical_line_is_readable() -> None:
    assert write_line("persons") == "persons: int = 600  # 認定者数、単位は人(100〜7000000)"
    assert write_line("start") == 'start: str = "2024-04"  # 最初の月(YYYY-MM)'


@pytest.mark.parametrize(
    "line",
    [
        "persons: int = 601  # 認定者数、単位は人(100〜7000000)",
        "persons: float = 600  # 認定者数、単位は人(100〜7000000)",
        "persons: int = 600  # 人数",
        "person: int = 600  # 認定者数、単位は人(100〜7000000)",
    ],
)
def test_a_line_that_differs_in_default_type_help_or_name_is_found(line: str) -> None:
    assert len(find_differences(notebook(line))) == 1


@pytest.mark.parametrize(
    "line", ["persons = 600", "persons: int = 600", "persons: int = f()  # x", "x: list = []  # x"]
)
def test_a_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(NotebookError, match="決まった形でない行"):
        read_declared(notebook(line))


def test_a_notebook_without_the_cell_declares_nothing() -> None:
    assert read_declared({"cells": [{"cell_type": "markdown", "metadata": {}, "source": ""}]}) == ()


@pytest.mark.skipif(not NOTEBOOKS, reason="notebooks/ はまだない")
def test_the_chapters_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == CHAPTERS


@pytest.mark.parametrize(
    "path",
    [*NOTEBOOKS, ROOT / "tests" / "fixtures_notebooks" / "10_town.ipynb"],
    ids=lambda path: path.stem,
)
def test_committed_notebooks_agree_with_params_and_are_normalised(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert read_declared(content, name=path.stem)
    assert find_differences(content, name=path.stem) == []
    assert check_normalised(path) == []

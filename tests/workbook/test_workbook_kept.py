"""The notebook that a report keeps names no place of own data."""

from __future__ import annotations

import copy
import json
from typing import Any

import nbformat.v4 as nb
import pytest

from kaigo.display.page import Audience
from kaigo.workbook.info import CHAPTER_MIME, ChapterInfo
from kaigo.workbook.kept import OWN_DATA, drop_places

AUDIENCE: Audience = "内部限り"


def make_executed(data: str, standard: str) -> Any:
    """A notebook as papermill leaves it, with the chapter's own data among its outputs."""
    parameters = {"persons": 600, "data": data, "standard": standard}
    info = ChapterInfo("60_conditions", "ab12", False, AUDIENCE, parameters)
    declared = nb.new_code_cell('data: str = ""  # 介護データのフォルダ', metadata={"tags": ["parameters"]})
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    injected = nb.new_code_cell(
        "\n".join(["# Parameters", *lines]), metadata={"tags": ["injected-parameters"]}
    )
    shown = nb.new_code_cell("chapter.info")
    shown.outputs = [
        nb.new_output("execute_result", data={CHAPTER_MIME: info.to_payload(), "text/plain": info.to_text()})
    ]
    return nb.new_notebook(cells=[declared, injected, shown])


@pytest.mark.parametrize(
    "data", ["../own", "../../../home/太郎/架空市/own", "/srv/架空市/own", "架空's 市/own", "C:/架空市/own"]
)
def test_the_folder_becomes_a_word_in_the_parameters_and_in_the_output(data: str) -> None:
    executed = make_executed(data, "../../架空市/基準.toml")
    before = copy.deepcopy(executed)
    kept = drop_places(executed)
    text = json.dumps(kept, ensure_ascii=False)
    assert executed == before
    assert data not in text and "架空" not in text and "太郎" not in text
    assert kept.cells[1].source.splitlines() == [
        "# Parameters",
        "persons = 600",
        f"data = {OWN_DATA!r}",
        "standard = '基準.toml'",
    ]
    assert kept.cells[2].outputs[0].data[CHAPTER_MIME]["parameters"] == {
        "persons": 600,
        "data": OWN_DATA,
        "standard": "基準.toml",
    }


def test_synthetic_data_and_a_shipped_standard_stay_as_they_are() -> None:
    executed = make_executed("", "soumu-2018")
    assert drop_places(executed) == executed

"""The committed notebooks: executed, normalised, short, each ending in something shown, and no way around the library."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from kaigo.workbook.normalise import check_normalised
from kaigo.workbook.parameter_cell import find_differences, read_declared, write_cell
from kaigo.workbook.params import Params, read_yaml_texts

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = (
    "10_guide",
    "20_synthetic_data",
    "30_deidentification",
    "40_risk",
    "45_accumulation",
    "60_conditions",
    "70_service_use",
    "80_care_plans",
)
LONGEST_CELL = 10
DISPLAYS = (
    "application/vnd.kaigo.figure+json",
    "application/vnd.kaigo.table+json",
    "application/vnd.kaigo.decision+json",
)
CHAPTER = "application/vnd.kaigo.chapter+json"
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\bgroup by\b|\binsert into\b|\bcreate (?:table|view)\b|\bwhere\b.+=", re.I | re.S
)
SESSION = re.compile(
    r"\b(?:duckdb|pyarrow|pyspark|open_engine|connect|session|read_parquet|read_csv|open)\s*[(.]|\bimport duckdb"
)
PATH = re.compile(r"\bPath\b|\bpathlib\b|\bos\.|\.parquet|\.csv|\"[^\"]*/[^\"]*\"|'[^']*/[^']*'")


@pytest.fixture(params=CHAPTERS)
def path(request: pytest.FixtureRequest) -> Path:
    return ROOT / "notebooks" / f"{request.param}.ipynb"


@pytest.fixture
def notebook(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def codes(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def read_source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def list_kinds(cell: dict[str, Any]) -> set[str]:
    return {kind for output in cell["outputs"] for kind in output.get("data", {})}


def test_the_folder_holds_these_chapters() -> None:
    assert tuple(sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))) == CHAPTERS


def test_a_notebook_is_executed_and_normalised(path: Path) -> None:
    assert check_normalised(path) == []


def test_every_code_cell_was_executed_once_from_the_top(codes: list[dict[str, Any]]) -> None:
    assert [cell["execution_count"] for cell in codes] == list(range(1, len(codes) + 1))


def test_no_cell_printed_warned_or_failed(codes: list[dict[str, Any]]) -> None:
    kinds = {output["output_type"] for cell in codes for output in cell["outputs"]}
    assert kinds == {"execute_result", "display_data"} or kinds == {"execute_result"}


def test_the_first_cell_says_title_purpose_time_and_what_can_be_changed(notebook: dict[str, Any]) -> None:
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    lines = read_source(first).splitlines()
    assert re.fullmatch(r"# \S.*", lines[0])
    assert lines[1] == ""
    for line, head in zip(lines[2:], ("目的", "所要時間", "変えられるもの"), strict=True):
        assert re.match(rf"\*\*{head}\*\*: \S", line)
    assert re.search(r"[0-9]+分", lines[3])


def test_the_second_cell_holds_the_parameters_exactly_as_params_has_them(
    path: Path, notebook: dict[str, Any]
) -> None:
    tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
    assert [number for number, found in enumerate(tags) if "parameters" in found] == [1]
    assert find_differences(notebook, name=path.stem) == []
    declared = read_declared(notebook)
    assert declared
    assert read_source(notebook["cells"][1]) == write_cell(item.name for item in declared)
    for item in declared:
        field = Params.model_fields[item.name]
        assert type(item.default) is type(field.default)
        assert item.default == field.default


def test_the_notebooks_together_use_every_parameter() -> None:
    used = {
        item.name
        for name in CHAPTERS
        for item in read_declared(
            json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        )
    }
    assert used == set(Params.model_fields)


def test_the_quick_parameters_are_those_that_the_notebooks_stand_at() -> None:
    quick = read_yaml_texts(ROOT / "params" / "quick.yaml")
    assert {name: str(field.default) for name, field in Params.model_fields.items()} == quick


def test_a_cell_is_short(codes: list[dict[str, Any]]) -> None:
    for cell in codes:
        if "parameters" not in cell["metadata"].get("tags", []):
            assert len(read_source(cell).splitlines()) <= LONGEST_CELL


def test_every_cell_ends_in_one_thing_shown(codes: list[dict[str, Any]]) -> None:
    parameters, opening, *others = codes
    assert parameters["outputs"] == []
    assert list_kinds(opening) == {CHAPTER, "text/html", "text/plain"}
    for cell in others:
        last = ast.parse(read_source(cell)).body[-1]
        assert isinstance(last, ast.Expr), read_source(cell)
        shown = [kind for kind in list_kinds(cell) if kind in DISPLAYS]
        assert len(shown) == 1, read_source(cell)
        # A reader without the report's own types still gets words, a reader of HTML a table.
        assert {"text/plain", "text/html"} <= list_kinds(cell)


def test_no_picture_and_no_stamp_of_time_or_machine_is_committed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert '"image/png"' not in text
    assert "base64" not in text
    for word in ("papermill", "iopub", "/" + "tmp/", "/" + "home/", "/Users/", str(ROOT)):
        assert word not in text
    assert json.loads(text)["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_no_cell_holds_sql_a_session_or_a_path(codes: list[dict[str, Any]]) -> None:
    for cell in codes:
        if "parameters" in cell["metadata"].get("tags", []):
            continue
        for pattern in (SQL, SESSION, PATH):
            # `engine=engine` passes the parameter on; `open_chapter` is the one way in.
            code = read_source(cell).replace("open_chapter(", "chapter_of(")
            assert not pattern.search(code), code


def test_cells_import_the_library_alone(codes: list[dict[str, Any]]) -> None:
    for cell in codes:
        for node in ast.walk(ast.parse(read_source(cell))):
            if isinstance(node, ast.Import):
                raise AssertionError(ast.unparse(node))
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "kaigo"
                # Private things are not a notebook's business.
                assert not [alias.name for alias in node.names if alias.name.startswith("_")]


def test_the_limits_stand_before_the_first_result(notebook: dict[str, Any]) -> None:
    cells = notebook["cells"]
    limits = next(n for n, cell in enumerate(cells) if "読み方と限界" in read_source(cell))
    results = [
        n for n, cell in enumerate(cells) if any(k in DISPLAYS for k in list_kinds({"outputs": [], **cell}))
    ]
    assert limits < min(results)


def test_the_verdict_is_the_cell_that_is_tagged_for_the_summary(
    path: Path, codes: list[dict[str, Any]]
) -> None:
    tagged = [cell for cell in codes if "summary" in cell["metadata"].get("tags", [])]
    if path.stem == "10_guide":
        assert tagged == []
        return
    assert len(tagged) == 1
    assert DISPLAYS[2] in list_kinds(tagged[0])
    text = "".join(next(o for o in tagged[0]["outputs"])["data"]["text/plain"])
    assert "本書の目安による技術的な評価であり、法114条の審査結果ではありません" in text


def test_nothing_of_the_truth_is_in_a_notebook(path: Path) -> None:
    """Names of the columns that only synthetic data have (latent states, causes)."""
    from kaigo.synthetic.diseases import DIMENSIONS

    text = path.read_text(encoding="utf-8")
    for name in (*DIMENSIONS, "intensity", "truth", "theta"):
        assert not re.search(rf"\b{name}\b", text), name


def test_the_checks_of_this_file_would_see_what_they_forbid() -> None:
    assert SQL.search("engine.rows('select a from b group by c')")
    assert SESSION.search("duckdb.connect()")
    assert SESSION.search("with open_engine(engine) as session:")
    assert PATH.search('read("data/own/persons.csv")')
    assert PATH.search("from pathlib import Path")

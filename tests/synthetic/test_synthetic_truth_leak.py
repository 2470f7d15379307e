"""Nothing of ``truth/`` reaches a release, a report or a notebook: neither by its path nor by its values."""

import ast
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kaigo
from kaigo.deidentify import Key, load_standard, make_release
from kaigo.risk import measure_release
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.synthetic.truth import TRUTH_TABLES
from kaigo.tables import PERSON_KEY, CareTables, load_schemas

SOURCE = Path(kaigo.__file__).parent
NOTEBOOKS = sorted((SOURCE.parents[1] / "notebooks").glob("*.ipynb"))
CANARY = "カナリア7351924680"
NUMBERS = (73_519_246, 0.7351924680)
"""Values that stand in every whole-number and every fractional column of the truth."""
MAY_NAME_TRUTH = {"cli/synthesize.py"}
"""Outside ``synthetic``: the command that writes the folder says where the list of faults is."""
CHAPTERS = (
    "20_synthetic_data",
    "30_deidentification",
    "40_risk",
    "45_accumulation",
    "60_conditions",
    "70_service_use",
    "80_care_plans",
)


def names_truth(tree: ast.AST) -> bool:
    """Whether code (not its docstrings) holds a text with the word, or imports the module."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            if "truth" in node.value.lower():
                return True
        elif isinstance(node, ast.ImportFrom):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            if any(part.lower() in ("truth", "replay", "register", "truth_tables") for part in parts):
                return True
        elif isinstance(node, ast.Attribute) and node.attr.lower() == "truth":
            return True
    return False


def test_no_module_outside_the_generator_names_the_truth() -> None:
    outside = {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] != "synthetic"
    }
    assert len(outside) > 50
    assert {name for name, tree in outside.items() if names_truth(tree)} <= MAY_NAME_TRUTH


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("path = folder / 'truth'", True),
        ("from kaigo.synthetic.truth import make_truth", True),
        ("from kaigo.synthetic import replay", True),
        ("tables.truth", True),
        ("'''Where truth is.'''\nx = 1", False),
        ("path = folder / 'benefits'", False),
    ],
)
def test_a_module_that_names_the_truth_is_caught(code: str, named: bool) -> None:
    assert names_truth(ast.parse(code)) is named


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_names_the_truth_in_its_code(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not names_truth(ast.parse("".join(cell["source"]))), cell["id"]


def read_truth(folder: Path) -> Iterator[tuple[Path, pa.Table]]:
    for path in sorted((folder / "truth").rglob("*.parquet")):
        yield path, pq.ParquetFile(path).read()


def mark(table: pa.Table) -> pa.Table:
    """Every value but the persons' numbers becomes a canary of its type."""

    def canary(kind: pa.DataType) -> object:
        if pa.types.is_list(kind):
            return [canary(kind.value_type)] * 3
        if pa.types.is_floating(kind):
            return NUMBERS[1]
        if pa.types.is_integer(kind):
            return NUMBERS[0] % (2 ** (kind.bit_width - 1))
        if pa.types.is_date(kind):
            return 0
        return CANARY

    columns = [
        table[field.name]
        if field.name in PERSON_KEY
        else pa.array([canary(field.type)] * table.num_rows, field.type)
        for field in table.schema
    ]
    return pa.table(columns, names=table.column_names)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CareTables]:
    """One town three times: with its truth, with canaries in place of it, and without any."""
    folder = tmp_path_factory.mktemp("leak")
    plan = SynthesisPlan(persons=300, months=12, seed=11)
    synthesize(folder / "true", plan, csv=True, faults=0.02)
    shutil.copytree(folder / "true", folder / "marked")
    shutil.copytree(folder / "true", folder / "bare")
    marked = 0
    for path, table in read_truth(folder / "marked"):
        pq.write_table(mark(table), path)
        marked += 1
    for path in (folder / "marked/truth").rglob("*"):
        if path.suffix in (".json", ".csv"):
            path.write_text(f'{{"{CANARY}": {NUMBERS[1]}}}', encoding="utf-8")
    assert marked >= len(TRUTH_TABLES)
    shutil.rmtree(folder / "bare/truth")
    return {name: CareTables.open(folder / name) for name in ("true", "marked", "bare")}


def list_contents(folder: Path) -> dict[str, bytes]:
    """Content of every file; Parquet as its rows, archives as their parts."""
    contents: dict[str, bytes] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            contents[name] = pq.ParquetFile(path).read().to_pandas().to_csv(index=False).encode()
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                contents[name] = b"".join(parts.read(part) for part in parts.namelist())
        else:
            contents[name] = path.read_bytes()
    return contents


def assert_no_canary(contents: dict[str, bytes]) -> None:
    marks = [
        CANARY.encode(),
        json.dumps(CANARY)[1:-1].encode(),
        str(NUMBERS[1])[:8].encode(),
        b"73519246",
        b"73,519,246",
    ]
    assert contents
    for name, content in contents.items():
        for each in marks:
            assert each not in content, (name, each)


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_a_release_and_its_risk_are_the_same_whatever_the_truth_says(
    towns: dict[str, CareTables], tmp_path: Path, layout: str
) -> None:
    standard, provided, risks = load_standard("soumu-2018"), {}, {}
    for name, tables in towns.items():
        out = tmp_path / name
        release = make_release(tables, standard, out, key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
        assert not list(out.rglob("*truth*"))
        contents = list_contents(out)
        assert_no_canary(contents)
        provided[name] = {path: content for path, content in contents.items() if path.startswith("provide/")}
        risks[name] = json.dumps(measure_release(release).to_payload(), sort_keys=True)
    assert provided["true"] == provided["marked"] == provided["bare"]
    assert risks["true"] == risks["marked"] == risks["bare"]


def test_no_column_of_the_truth_has_the_name_of_a_released_column(
    towns: dict[str, CareTables], tmp_path: Path
) -> None:
    # What stands in the tables anyway (a disease, a birth date) may stand in the truth under the same name.
    open_names = {column for schema in load_schemas().values() for column in schema.names} | {
        "birth_year",
        "month",
    }
    hidden = {
        name for _, table in read_truth(towns["true"].folder) for name in table.column_names
    } - open_names
    assert {"mobility", "cognition", "pattern"} <= hidden
    for layout in ("joined", "linked"):
        make_release(
            towns["true"], load_standard("soumu-2018"), tmp_path / layout, key=Key.derive(1), layout=layout
        )  # type: ignore[arg-type]
        released = {
            column
            for path in (tmp_path / layout / "provide").rglob("*.parquet")
            for column in pq.read_schema(path).names
        }
        assert released
        assert not released & hidden


@pytest.mark.slow
def test_no_value_of_the_truth_stands_in_a_report_its_downloads_or_its_notebooks(
    towns: dict[str, CareTables], tmp_path: Path
) -> None:
    from kaigo.workbook.params import Params
    from kaigo.workbook.report import write_report

    params = Params.from_values({"data": str(towns["marked"].folder)})
    write_report(params, out=tmp_path / "reports", only=CHAPTERS, root=SOURCE.parents[1])
    contents = list_contents(tmp_path / "reports")
    assert {f"{chapter}.html" for chapter in CHAPTERS} <= set(contents)
    assert_no_canary(contents)


def test_a_canary_that_gets_out_is_caught(towns: dict[str, CareTables], tmp_path: Path) -> None:
    path = next((towns["marked"].folder / "truth").rglob("*.parquet"))
    shutil.copy(path, tmp_path)
    with pytest.raises(AssertionError):
        assert_no_canary(list_contents(tmp_path))

"""Nobody of the data leaves them: no name, address, number or key in reports, logs or committed notebooks."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from running import ROOT, TOWN, Project, Reports, copy_project
from towns import list_secrets, name_files, read_rows, write_rows

from canary.scan import Hit, scan_folder

pytestmark = pytest.mark.slow

# The key of the quick parameters' seed, as a leak would write it.
KEY = hmac.digest(b"kaigo synthetic data only", b"42", hashlib.sha256).hex()
# The document's own example person, printed in the guide on purpose.
EXAMPLE = ("1234567890", "佐藤 一雄", "東京都○○市○○町１－１－１")


@pytest.fixture(scope="module")
def town_secrets() -> list[str]:
    """Every person of the committed town."""
    secrets = list_secrets(read_rows(TOWN / "persons.csv")[1])
    assert len(secrets) > 1000
    assert not set(secrets) & set(EXAMPLE)
    return secrets


@pytest.fixture(scope="module")
def quick_secrets(quick: Reports) -> list[str]:
    """Every person of the synthetic data behind the quick reports and the committed notebooks, and the key."""
    folder = next((quick.project.root / "data" / "synthetic" / "cache").glob("care-tables-*"))
    persons = pq.read_table(folder / "tables" / "persons").to_pylist()
    labels = {"被保険者番号": "insured_number", "氏名": "name", "住所": "address"}
    rows = [{label: str(person[column]) for label, column in labels.items()} for person in persons]
    return [KEY, *list_secrets(rows)]


def without_example(hits: list[Hit]) -> list[tuple[str, str, str]]:
    return [(hit.path.name, hit.inside, hit.secret) for hit in hits if hit.secret not in EXAMPLE]


def test_the_scan_sees_these_persons_where_they_are(quick: Reports, quick_secrets: list[str]) -> None:
    """The control: the care tables themselves hold every name and number."""
    folder = next((quick.project.root / "data" / "synthetic" / "cache").glob("care-tables-*"))
    found = {hit.secret for hit in scan_folder(folder / "tables" / "persons", quick_secrets)}
    assert found == set(quick_secrets) - {KEY}


def test_the_scan_sees_one_name_in_one_download(
    quick: Reports, quick_secrets: list[str], tmp_path: Path
) -> None:
    shutil.copy(quick.folder / "downloads" / "40_risk_table1.csv", tmp_path)
    name = next(secret for secret in quick_secrets if " " in secret)
    with (tmp_path / "40_risk_table1.csv").open("a", encoding="utf-8") as file:
        file.write(f"{name},1\n")
    assert {hit.secret for hit in scan_folder(tmp_path, quick_secrets)} == {name}


def test_no_person_of_the_synthetic_data_is_in_the_quick_reports(
    quick: Reports, quick_secrets: list[str]
) -> None:
    assert without_example(scan_folder(quick.folder, quick_secrets)) == []


def test_no_person_is_in_the_committed_notebooks(quick_secrets: list[str]) -> None:
    assert without_example(scan_folder(ROOT / "notebooks", quick_secrets)) == []


def test_the_example_person_alone_is_named_and_only_where_the_example_is_shown(quick: Reports) -> None:
    places = {
        hit.path.name.partition(".")[0].partition("_table")[0] for hit in scan_folder(quick.folder, EXAMPLE)
    }
    assert places == {"10_guide"}


def test_no_person_of_a_municipality_is_in_its_reports(other: Reports, town_secrets: list[str]) -> None:
    persons = read_rows(other.folder.parents[1] / "other-csv" / "persons.csv")[1]
    twins = {row["被保険者番号"] for row in persons} - set(town_secrets)
    assert len(twins) == 400
    assert without_example(scan_folder(other.folder, [*town_secrets, *twins])) == []


def test_no_person_of_a_town_is_in_what_would_be_provided(other: Reports, town_secrets: list[str]) -> None:
    for folder in (other.folder.parent / "own" / ".kaigo").glob("release-*/release/provide"):
        assert scan_folder(folder, town_secrets) == []


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, town_secrets: list[str]) -> Project:
    """Every command on the town's files, some rows of which are broken; what they printed and their JSON."""
    folder = tmp_path_factory.mktemp("chain")
    project = copy_project(folder / "project", "10_guide")
    csv = folder / "csv"
    shutil.copytree(TOWN, csv)
    for table, column in (
        ("persons", "生年月日"),
        ("certifications", "要介護状態区分"),
        ("benefits", "点数"),
    ):
        header, rows = read_rows(csv / f"{table}.csv")
        for row in rows[5:8]:
            row[column] = "読めない値"
        write_rows(csv / f"{table}.csv", header, rows)
    project.call("intake", *name_files(csv), "--out", "own")
    for layout in ("joined", "linked"):
        release, key = f"release-{layout}", ("--key-file", "key")
        line = ("deidentify", "own", "--standard", "soumu-2018", "--layout", layout, "--out", release, *key)
        project.call(*line, "--json", f"results/{release}.json")
        project.call("risk", release, "--json", f"results/risk-{layout}.json")
    for what in ("conditions", "service-use", "care-plans"):
        project.call("analyze", "release-linked", "--what", what, "--json", f"results/{what}.json")
    # Lines without persons cannot be followed: refused.
    project.call("analyze", "release-joined", "--what", "care-plans", code=2)
    project.call("synthesize", "--out", "made", "--persons", 100, "--months", 1)
    # What goes wrong is told without a person's value, too.
    project.call("risk", "own/persons", "--keys", "名前", code=2)
    write_rows(csv / "persons.csv", *strip_columns(csv / "persons.csv"))
    project.call("intake", *name_files(csv), "--out", "again", code=2)
    project.call("forget", "release-linked", "--json", "results/forget.json")
    (project.root / "results" / "printed.txt").write_text("\n".join(project.printed), encoding="utf-8")
    return project


def strip_columns(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The file with a heading that nobody knows in place of the birth date."""
    header, rows = read_rows(path)
    wrong = ["誕生" if name == "生年月日" else name for name in header]
    return wrong, [dict(zip(wrong, row.values(), strict=True)) for row in rows]


def test_no_command_prints_or_counts_out_a_person(chain: Project, town_secrets: list[str]) -> None:
    key = (chain.root / "key").read_text(encoding="ascii").strip()
    assert len(chain.printed) == 2 * (1 + 2 * 2 + 4 + 1 + 2 + 1)
    assert "分けた行 3" in "".join(chain.printed)
    assert scan_folder(chain.root / "results", [*town_secrets, key]) == []


def test_no_release_holds_a_person_or_the_key(chain: Project, town_secrets: list[str]) -> None:
    secrets = [*town_secrets, (chain.root / "key").read_text(encoding="ascii").strip()]
    for layout in ("joined", "linked"):
        folder = chain.root / f"release-{layout}"
        assert scan_folder(folder, secrets, skip=lambda path: "crosswalk" in path.parts) == []
    # After `kaigo forget` not even there.
    assert scan_folder(chain.root / "release-linked", secrets) == []

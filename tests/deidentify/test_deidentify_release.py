"""Making a release: the two layouts, what stays inside, repeatability, refusals, forgetting."""

import csv
import json
import math
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_town import Town, make_town

from kaigo.deidentify import Key, Release, forget_release, layouts, load_standard, make_release
from kaigo.engine import open_engine
from kaigo.errors import EmptyResultError, InputError, OutputError
from kaigo.tables import CareTables

Make = Callable[..., CareTables]
SOUMU = load_standard("soumu-2018")
FEW = SOUMU.with_parameters(
    {name: {"persons": 2} for name in ("delete_rare_answers", "roll_up_rare_codes", "top_code")}
)


def read(release: Release, table: str) -> pd.DataFrame:
    return pq.read_table(release.provide / table).to_pandas()


def read_crosswalk(release: Release) -> pd.DataFrame:
    persons = pq.read_table(release.keep / "crosswalk" / "persons").to_pandas()
    if release.layout == "linked":
        return persons
    rows = pq.read_table(release.keep / "crosswalk" / "rows").to_pandas()
    return rows.merge(persons, on="person", how="left")


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def tables(town: Town, tmp_path_factory: pytest.TempPathFactory) -> CareTables:
    return town.write(tmp_path_factory.mktemp("town") / "care")


@pytest.fixture(scope="module")
def joined(tables: CareTables, tmp_path_factory: pytest.TempPathFactory) -> Release:
    out = tmp_path_factory.mktemp("joined") / "release"
    return make_release(tables, SOUMU, out, key=Key.derive(1), layout="joined", csv=True)


@pytest.fixture(scope="module")
def linked(tables: CareTables, tmp_path_factory: pytest.TempPathFactory) -> Release:
    out = tmp_path_factory.mktemp("linked") / "release"
    return make_release(tables, SOUMU, out, key=Key.derive(1), layout="linked", csv=True)


# joined ------------------------------------------------------------------------------------------------------


def test_joined_has_the_document_s_columns_and_no_identifier(joined: Release) -> None:
    columns = joined.columns("joined")
    assert columns[:2] == ["birth_month", "sex"]
    assert columns[-5:] == ["care_level", "service_month", "service_code", "days", "units"]
    assert len(columns) == 2 + 74 + 5
    assert all(column.startswith("survey_") for column in columns[2:-5])
    assert list(read(joined, "joined").columns) == columns


def test_the_crosswalk_of_joined_leads_each_row_to_its_person(joined: Release, town: Town) -> None:
    frame, crosswalk = read(joined, "joined"), read_crosswalk(joined)
    assert crosswalk["row_position"].tolist() == list(range(len(frame)))
    births = {(p["insurer_number"], f"{p['person']:010d}"): p["birth_date"][:7] for p in town.persons}
    lines = {
        (line["insurer_number"], f"{line['person']:010d}", line.get("service_month", "2024-04"))
        for line in town.benefits
    }
    own = zip(crosswalk["insurer_number"], crosswalk["insured_number"], strict=True)
    for who, birth, month in zip(own, frame["birth_month"], frame["service_month"], strict=True):
        assert birth == births[who] or (pd.isna(birth) and births[who] <= "1924-12")
        assert (*who, month) in lines
    with open_engine() as engine:
        joined.scan_persons(engine)
        traced = engine.df(
            "select insurer_number, insured_number, birth_month, units from traced order by row_position"
        )
    assert traced["units"].tolist() == frame["units"].tolist()
    assert traced["insured_number"].tolist() == crosswalk["insured_number"].tolist()


def test_the_order_of_joined_says_nothing_about_persons_or_months(joined: Release) -> None:
    """Neighbours are of one person as often as in a random order; rank correlations are near 0."""
    crosswalk, frame = read_crosswalk(joined), read(joined, "joined")
    people = crosswalk["insurer_number"] + crosswalk["insured_number"]
    n = len(people)
    expected = sum(count * (count - 1) for count in people.value_counts()) / n
    neighbours = int((people.to_numpy()[1:] == people.to_numpy()[:-1]).sum())
    assert abs(neighbours - expected) < 5 * math.sqrt(expected), (neighbours, expected)
    place = pd.Series(range(n))
    for column in (
        people,
        frame["service_month"],
        frame["service_code"].fillna(""),
        frame["birth_month"].fillna(""),
    ):
        correlation = place.corr(column.rank())
        assert abs(correlation) < 5 / math.sqrt(n), correlation


def test_another_key_gives_another_order_of_the_same_rows(
    tables: CareTables, joined: Release, tmp_path: Path
) -> None:
    other = make_release(tables, SOUMU, tmp_path / "r", key=Key.derive(2), layout="joined")
    assert other.manifest["tables"] == joined.manifest["tables"]
    assert not read(other, "joined").equals(read(joined, "joined"))


# linked ------------------------------------------------------------------------------------------------------


def test_linked_has_pseudonyms_in_place_of_numbers(linked: Release) -> None:
    assert linked.columns("persons") == ["person_id", "birth_month", "sex"]
    assert linked.columns("benefits") == ["person_id", "service_month", "service_code", "days", "units"]
    assert linked.columns("certifications")[:4] == ["person_id", "from_month", "to_month", "care_level"]
    for table in ("persons", "certifications", "benefits"):
        assert read(linked, table)["person_id"].str.fullmatch("[0-9a-f]{32}").all()


def test_a_person_has_one_pseudonym_a_period_and_none_in_common(linked: Release) -> None:
    crosswalk = read_crosswalk(linked)
    who = ["insurer_number", "insured_number"]
    assert sorted(crosswalk["period"].unique()) == [0, 1]  # nine months, six a period
    assert not crosswalk.duplicated([*who, "period"]).any()
    assert not crosswalk["person_id"].duplicated().any()
    assert crosswalk.groupby(who)["period"].nunique().max() == 2


def test_months_of_a_period_go_by_the_first_month_of_the_release(linked: Release) -> None:
    periods = read(linked, "benefits").merge(read_crosswalk(linked), on="person_id")
    first = periods.groupby("period")["service_month"]
    assert (first.min()[0], first.max()[0], first.min()[1], first.max()[1]) == (
        "2024-04",
        "2024-09",
        "2024-10",
        "2024-12",
    )


def test_the_three_tables_fit_together_within_a_period(linked: Release) -> None:
    persons, certifications, benefits = (read(linked, t) for t in ("persons", "certifications", "benefits"))
    assert not persons["person_id"].duplicated().any()
    assert set(benefits["person_id"]) <= set(persons["person_id"]) == set(certifications["person_id"])
    lines = benefits.merge(certifications[["person_id", "from_month", "to_month"]], on="person_id")
    fits = (lines["service_month"] >= lines["from_month"]) & (lines["service_month"] <= lines["to_month"])
    assert fits.sum() == len(benefits), "each line has exactly one certification in force"


def test_the_order_of_linked_is_that_of_pseudonyms(linked: Release) -> None:
    for table in ("persons", "certifications", "benefits"):
        ids = read(linked, table)["person_id"].tolist()
        assert ids == sorted(ids)


def test_pseudonyms_cannot_be_made_again_with_another_key(
    tables: CareTables, linked: Release, tmp_path: Path
) -> None:
    other = make_release(tables, SOUMU, tmp_path / "r", key=Key.derive(2), layout="linked")
    assert set(read(other, "persons")["person_id"]).isdisjoint(read(linked, "persons")["person_id"])


def test_a_key_used_again_does_not_link_other_months(make_tables: Make, tmp_path: Path) -> None:
    people = range(1, 4)
    ids = []
    for month in ("2024-04", "2024-10"):
        made = make_tables(people, benefits=[{"person": n, "service_month": month} for n in people])
        release = make_release(made, FEW, tmp_path / month, key=Key.derive(1), layout="linked")
        ids.append(set(read(release, "persons")["person_id"]))
    assert ids[0].isdisjoint(ids[1]) and len(ids[0]) == 3


def test_the_interval_of_pseudonyms_is_a_parameter(make_tables: Make, tmp_path: Path) -> None:
    lines = [{"person": n, "service_month": f"2024-{m:02d}"} for n in (1, 2) for m in range(1, 13)]
    made = make_tables([1, 2], benefits=lines)
    for months, periods in ((1, 12), (5, 3), (12, 1), (36, 1)):
        standard = FEW.with_parameters({"pseudonym": {"rotate_months": months}})
        release = make_release(made, standard, tmp_path / str(months), key=Key.derive(1), layout="linked")
        assert len(read(release, "persons")) == 2 * periods


# what goes out and what stays --------------------------------------------------------------------------------


@pytest.fixture(params=["joined", "linked"])
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.getfixturevalue(request.param)
    return found


def test_what_stays_inside_only_the_owner_may_read(release: Release) -> None:
    assert release.keep.stat().st_mode & 0o777 == 0o700
    for path in release.keep.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_folders_hold_what_they_should_and_nothing_hidden(release: Release) -> None:
    tables = ["joined"] if release.layout == "joined" else ["benefits", "certifications", "persons"]
    names = sorted(path.name for path in release.provide.iterdir())
    assert names == sorted(["README.txt", "dictionary.csv", *tables, *(f"{name}.csv" for name in tables)])
    kept = sorted(path.name for path in release.keep.iterdir())
    assert kept == ["crosswalk", "ledger.json", "manifest.json", "standard.toml"]
    assert sorted(path.name for path in release.folder.iterdir()) == ["keep", "provide"]


def test_nothing_that_is_provided_names_a_threshold_or_the_inside(tables: CareTables, tmp_path: Path) -> None:
    """加工の方法に関する情報 stays inside: thresholds that occur nowhere else are looked for in every text."""
    standard = SOUMU.with_parameters(
        {
            "delete_rare_answers": {"persons": 17},
            "roll_up_rare_codes": {"persons": 23},
            "top_code": {"persons": 19, "percentile": 0.9731},
            "delete_super_aged": {"age": 97},
            "pseudonym": {"rotate_months": 7},
        }
    )
    for layout in ("joined", "linked"):
        release = make_release(tables, standard, tmp_path / layout, key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
        for name in ("README.txt", "dictionary.csv"):
            text = (release.provide / name).read_text(encoding="utf-8-sig")
            # Codes such as 11-17 and labels such as 身体介護１７ are no thresholds.
            words = "\n".join(line for line in text.splitlines() if not line.startswith("(コード)"))
            for secret in (
                "17",
                "19",
                "23人",
                "0.9731",
                "97",
                "1927",
                "7か月",
                "閾",
                "人未満",
                "keep",
                "crosswalk",
            ):
                assert secret not in words.replace("2017", ""), (name, secret)


def test_the_dictionary_lists_every_released_column_once(release: Release) -> None:
    with (release.provide / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = [(row["表"], row["列"]) for row in rows if row["表"] != "(コード)"]
    released = [(table, column) for table in release.manifest["tables"] for column in release.columns(table)]
    assert listed == released
    assert all(row["名称"] for row in rows)


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_the_dictionary_names_the_codes_that_a_roll_up_shows(
    make_tables: Make, tmp_path: Path, layout: str
) -> None:
    codes = {1: "111111", 2: "111112", 3: "11Z002", 4: "11Z003", 5: "121111", 6: "131111"}
    care = make_tables(
        list(codes), benefits=[{"person": n, "service_code": code} for n, code in codes.items()]
    )
    release = make_release(care, FEW, tmp_path / "r", key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
    with (release.provide / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["値・単位"]: row["名称"] for row in csv.DictReader(file) if row["表"] == "(コード)"}
    table = "joined" if release.layout == "joined" else "benefits"
    shown = set(read(release, table)["service_code"].dropna())
    rolled_up = {code for code in shown if len(code) < 6}
    assert rolled_up == {"11-03", "11", "G1"}
    assert [names[code] for code in ("11-03", "11", "G1")] == ["身体介護１", "訪問介護", "訪問"]


def test_the_csv_copies_hold_the_same_rows(release: Release) -> None:
    for table in release.manifest["tables"]:
        frame = read(release, table)
        raw = (release.provide / f"{table}.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        copy = pd.read_csv(release.provide / f"{table}.csv", dtype=str, encoding="utf-8-sig")
        assert list(copy.columns) == list(frame.columns) and len(copy) == len(frame)
        text = frame.astype(object).where(frame.notna(), None)
        for column in frame.columns:
            found = [None if pd.isna(value) else value for value in copy[column]]
            expected = [
                None if value is None else str(int(value)) if isinstance(value, int | float) else value
                for value in text[column]
            ]
            assert found == expected, column


def test_the_readme_says_where_the_data_come_from_and_what_is_forbidden(release: Release) -> None:
    text = (release.provide / "README.txt").read_text(encoding="utf-8")
    assert "合成データ" in text and "照合してはなりません" in text
    assert "令和6年4月から令和6年12月まで" in text


def test_the_manifest_hashes_what_is_provided(release: Release) -> None:
    from kaigo.tables import hash_table

    with open_engine() as engine:
        release.scan(engine)
        for table, part in release.manifest["tables"].items():
            view = "released" if table == "joined" else f"released_{table}"
            assert engine.count(view) == part["rows"]
            assert hash_table(engine, view, part["columns"], part["columns"][:1]) == part["content_sha256"]


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_without_crosswalk_nothing_leads_back(tables: CareTables, tmp_path: Path, layout: str) -> None:
    release = make_release(
        tables,
        SOUMU,
        tmp_path / "r",
        key=Key.random(),
        layout=layout,
        crosswalk=False,  # type: ignore[arg-type]
    )
    assert not release.has_crosswalk and not (release.keep / "crosswalk").exists()
    with open_engine() as engine, pytest.raises(InputError, match="対応表"):
        release.scan_persons(engine)


# repeatability -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_threads_order_of_rows_and_files_do_not_change_what_is_provided(
    town: Town, request: pytest.FixtureRequest, tmp_path: Path, layout: str
) -> None:
    release: Release = request.getfixturevalue(layout)
    for number, (options, engine) in enumerate(
        [({}, "duckdb:threads=1"), ({}, "duckdb:threads=2"), ({"shuffle": 3, "files": 4}, "duckdb:threads=2")]
    ):
        care = town.write(tmp_path / f"care-{number}", **options)
        again = make_release(
            care, SOUMU, tmp_path / f"r-{number}", key=Key.derive(1), layout=layout, engine=engine
        )  # type: ignore[arg-type]
        assert again.manifest["tables"] == release.manifest["tables"]
        for table in release.manifest["tables"]:
            one, other = read(again, table), read(release, table)
            if layout == "joined":  # its order is random; what stands in it is not
                one, other = (frame.sort_values(list(frame)).reset_index(drop=True) for frame in (one, other))
            assert one.equals(other)


def test_equal_spans_with_other_answers_give_the_same_whatever_the_order(
    make_tables: Make, tmp_path: Path
) -> None:
    twice = [{"person": n, "survey_1_7": answer} for n in (1, 2, 3) for answer in (1, 2)]
    hashes = []
    for certifications in (twice, twice[::-1]):
        care = make_tables([1, 2, 3], certifications)
        release = make_release(care, FEW, tmp_path / f"r{len(hashes)}", key=Key.derive(1))
        hashes.append(release.manifest["tables"])
    assert hashes[0] == hashes[1]


# refusals ----------------------------------------------------------------------------------------------------


def refuse(tables: CareTables, out: Path, error: type[Exception], words: str, **options: object) -> None:
    with pytest.raises(error, match=words):
        make_release(tables, options.pop("standard", FEW), out, key=Key.derive(1), **options)  # type: ignore[arg-type]
    assert not out.exists()
    assert not list(out.parent.glob(f".{out.name}*"))


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_without_any_line_there_is_nothing_to_make(make_tables: Make, tmp_path: Path, layout: str) -> None:
    refuse(make_tables([1], benefits=[]), tmp_path / "r", EmptyResultError, "1件もありません", layout=layout)


def test_without_persons_there_is_nothing_to_make(make_tables: Make, tmp_path: Path) -> None:
    care = make_tables([], [{"person": 1}], [{"person": 1}])
    refuse(care, tmp_path / "r", EmptyResultError, "1件も残りませんでした")


def test_without_a_certification_in_force_there_is_nothing_to_make(make_tables: Make, tmp_path: Path) -> None:
    care = make_tables([1, 2], [{"person": n, "valid_to": "2023-12-31"} for n in (1, 2)])
    refuse(care, tmp_path / "r", EmptyResultError, "認定のある給付")


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_a_rule_that_leaves_nobody_is_named(make_tables: Make, tmp_path: Path, layout: str) -> None:
    words = r"定め09[\s\S]*1件も残りませんでした[\s\S]*9件 → 0件[\s\S]*基準値"
    refuse(make_tables(range(1, 10)), tmp_path / "r", EmptyResultError, words, standard=SOUMU, layout=layout)


def test_a_person_listed_twice_is_refused_without_the_number(make_tables: Make, tmp_path: Path) -> None:
    refuse(make_tables([1, 2, 2]), tmp_path / "r", InputError, r"2回以上あります。\n  見つかった値: 1人")


def test_a_service_month_that_is_a_day_is_refused(make_tables: Make, tmp_path: Path) -> None:
    care = make_tables([1, 2], benefits=[{"person": 1}, {"person": 2, "service_month": "2024-04-15"}])
    refuse(care, tmp_path / "r", InputError, r"月の1日になっていない給付があります。\n  見つかった値: 1件")


def test_a_release_may_be_made_anew_but_nothing_else_is_overwritten(
    make_tables: Make, tmp_path: Path
) -> None:
    care = make_tables([1, 2])
    first = make_release(care, FEW, tmp_path / "r", key=Key.derive(1))
    second = make_release(care, FEW, tmp_path / "r", key=Key.derive(2), layout="linked")
    assert (first.folder, second.layout) == (second.folder, "linked")
    with pytest.raises(OutputError, match="別のファイルが入っています"):
        make_release(care, FEW, care.folder, key=Key.derive(1))
    assert CareTables.open(care.folder).rows("persons") == 2


def test_a_failed_run_leaves_the_earlier_release_as_it_was(make_tables: Make, tmp_path: Path) -> None:
    first = make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.derive(1))
    before = json.dumps(first.manifest)
    with pytest.raises(EmptyResultError):
        make_release(make_tables([1, 2]), SOUMU, tmp_path / "r", key=Key.derive(1))
    assert json.dumps(Release.open(tmp_path / "r").manifest) == before
    assert [path.name for path in tmp_path.glob("*r*") if not path.name.startswith("care")] == ["r"]


def test_a_place_that_cannot_be_written_is_refused(make_tables: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="書き込めません"):
        make_release(make_tables([1, 2]), FEW, tmp_path / "file" / "r", key=Key.derive(1))


def test_a_folder_that_is_no_release_is_refused(make_tables: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="加工したデータのフォルダがありません"):
        Release.open(tmp_path)
    release = make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.derive(1))
    shutil.rmtree(release.provide / "joined")
    with pytest.raises(InputError, match=r"表\(joined\)がありません"):
        Release.open(tmp_path / "r")
    (release.keep / "ledger.json").write_text("{")
    with pytest.raises(InputError, match=r"ledger\.json"):
        release.ledger()


def test_progress_is_told_in_japanese(make_tables: Make, tmp_path: Path) -> None:
    told: list[str] = []
    make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.derive(1), progress=told.append)
    assert told[0] == "対象をそろえる" and told[-1] == "書き出す"
    assert "定め02 項目削除" in told


# forgetting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["joined", "linked"])
def test_forgetting_destroys_the_crosswalk_and_says_so(
    make_tables: Make, tmp_path: Path, layout: str
) -> None:
    release = make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.derive(1), layout=layout)  # type: ignore[arg-type]
    assert release.has_crosswalk
    record = forget_release(release)
    assert not release.has_crosswalk and not (release.keep / "crosswalk").exists()
    (entry,) = json.loads(record.read_text(encoding="utf-8"))
    folders = ["persons", "rows"] if layout == "joined" else ["persons"]
    assert entry["destroyed"] == [f"crosswalk/{folder}/part-00000.parquet" for folder in folders]
    assert entry["key_destroyed"] is False
    assert record.stat().st_mode & 0o777 == 0o600
    with open_engine() as engine, pytest.raises(InputError, match="対応表"):
        Release.open(tmp_path / "r").scan_persons(engine)
    assert len(read(release, "joined" if layout == "joined" else "persons")) == 2


def test_forgetting_again_keeps_the_first_record(make_tables: Make, tmp_path: Path) -> None:
    release = make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.derive(1))
    before = forget_release(release).read_text()
    assert forget_release(release).read_text() == before


def test_forgetting_destroys_the_key_file_too(make_tables: Make, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    release = make_release(make_tables([1, 2]), FEW, tmp_path / "r", key=Key.from_file(key_file))
    with pytest.raises(InputError, match="鍵ファイルがありません"):
        forget_release(release, tmp_path / "none")
    assert release.has_crosswalk
    record = forget_release(release, key_file)
    assert not key_file.exists()
    assert json.loads(record.read_text(encoding="utf-8"))[0]["key_destroyed"] is True


def test_a_certification_ends_with_the_insured_status(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    months = ("2024-04", "2024-05", "2024-06")
    persons = [{"person": 1, "disqualified_on": "2024-05-10", "disqualified_reason": "死亡"}, *range(2, 13)]
    benefits = [{"person": person, "service_month": month} for person in range(1, 13) for month in months]
    tables = make_tables(persons, None, benefits)
    release = make_release(
        tables, load_standard("soumu-2018"), tmp_path / "r", key=Key.derive(1), layout="linked"
    )
    spans = pq.read_table(release.provide / "certifications").to_pandas()
    months_applied = sorted(zip(spans["from_month"], spans["to_month"], strict=True))
    assert months_applied == [("2024-04", "2024-05")] + 11 * [("2024-04", "2024-06")]
    assert release.ledger()["balance"]["benefits"]["left_out"]["その月に有効な認定のない給付"] == 1


def test_a_line_gets_the_certification_of_its_month_also_where_a_shorter_one_stands_within_a_longer(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    longer = {"valid_from": "2024-04-01", "valid_to": "2024-12-31", "care_level": "21"}
    shorter = {"valid_from": "2024-05-01", "valid_to": "2024-05-31", "care_level": "25"}
    certifications = [{"person": person, **each} for person in range(1, 13) for each in (longer, shorter)]
    months = ("2024-04", "2024-05", "2024-06", "2024-07")
    benefits = [{"person": person, "service_month": month} for person in range(1, 13) for month in months]
    tables = make_tables(range(1, 13), certifications, benefits)
    release = make_release(tables, SOUMU, tmp_path / "r", key=Key.derive(1), layout="joined")
    lines = read(release, "joined").to_dict("records")
    assert Counter((line["service_month"], line["care_level"]) for line in lines) == {
        ("2024-04", "21"): 12,
        ("2024-05", "25"): 12,
        ("2024-06", "21"): 12,
        ("2024-07", "21"): 12,
    }


def test_a_table_written_in_passes_is_the_same(
    tables: CareTables, linked: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "PASS_ROWS", {"persons": 5, "certifications": 7, "benefits": 11})
    again = make_release(tables, SOUMU, tmp_path / "r", key=Key.derive(1), layout="linked")
    assert len(list((again.provide / "certifications").glob("*.parquet"))) > 3
    assert again.manifest["tables"] == linked.manifest["tables"]
    for table in linked.manifest["tables"]:
        assert read(again, table).equals(read(linked, table)), "ranges follow one another in order"

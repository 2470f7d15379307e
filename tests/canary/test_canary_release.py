"""No name, address, number or key of a town leaves it: neither in ``provide/`` nor, but for the crosswalk, in ``keep/``."""

from pathlib import Path
from typing import Any

import pytest

from canary.scan import Hit, scan_folder
from care_factory import build_care_tables
from kaigo.deidentify import Key, Release, forget_release, load_standard, make_release

EXAMPLE = {
    "person": "1234567890",
    "name": "佐藤 一雄",
    "address": "東京都○○市○○町1-1-1",
    "birth_date": "1943-02-19",
}
KEY = bytes(range(64, 96))
NAMES = [
    f"{family}{given}"
    for family in ("鵜飼", "雁屋", "鷲見", "鶴亀")
    for given in ("カナリア", "すずめ", "つぐみ")
]


def make_people() -> list[dict[str, Any]]:
    return [
        {
            "person": f"90817{n:02d}354",
            "name": name,
            "address": f"架空県鳥籠市止まり木{n}丁目{n * 7}-{n * 3}",
            "birth_date": f"19{30 + n}-0{n % 9 + 1}-2{n % 9}",
        }
        for n, name in enumerate(NAMES)
    ]


def list_secrets() -> list[str]:
    """What must not leave; the document's own example person is exempt by literal."""
    people = make_people()
    return [
        *(str(p[c]) for p in people for c in ("person", "name", "address", "birth_date")),
        KEY.hex(),
        "9970000001",
    ]


def make_town_release(folder: Path, layout: str, key: Key) -> Release:
    people = [*make_people(), EXAMPLE]
    few = {name: {"persons": 2} for name in ("roll_up_rare_codes", "top_code")}
    standard = load_standard("soumu-2018").with_parameters(few)
    tables = build_care_tables(folder / "care", people)
    return make_release(tables, standard, folder / "release", key=key, layout=layout, csv=True)  # type: ignore[arg-type]


def is_crosswalk(path: Path) -> bool:
    return "crosswalk" in path.parts


@pytest.fixture(scope="module", params=["joined", "linked"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return make_town_release(tmp_path_factory.mktemp(request.param), request.param, Key(KEY))


@pytest.mark.parametrize("part", ["provide", "keep"])
def test_no_secret_of_the_town_is_in_the_release(release: Release, part: str) -> None:
    hits: list[Hit] = scan_folder(release.folder / part, list_secrets(), skip=is_crosswalk)
    assert hits == []


def test_the_scanner_would_have_seen_them(release: Release) -> None:
    source = scan_folder(release.folder.parent / "care", list_secrets())
    assert {hit.secret for hit in source} == set(list_secrets()) - {KEY.hex()}
    crosswalk = {hit.secret for hit in scan_folder(release.keep / "crosswalk", list_secrets())}
    assert crosswalk == {str(person["person"]) for person in make_people()}


def test_after_forgetting_no_secret_is_left_anywhere(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    release = make_town_release(tmp_path, "linked", Key.from_file(key_file))
    secret = key_file.read_text().strip()
    forget_release(release, key_file)
    assert scan_folder(release.folder, [*list_secrets(), secret]) == []


def test_nothing_of_a_run_stays_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    make_town_release(tmp_path, "joined", Key(KEY))
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["care", "release", "temporary"]


def test_messages_of_a_failed_run_name_no_person(tmp_path: Path) -> None:
    from kaigo.errors import KaigoError

    people = make_people()
    tables = build_care_tables(tmp_path / "care", [*people, people[0]])
    with pytest.raises(KaigoError) as caught:
        make_release(tables, load_standard("soumu-2018"), tmp_path / "release", key=Key(KEY))
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "message.txt").write_text(str(caught.value), encoding="utf-8")
    assert scan_folder(tmp_path / "log", list_secrets()) == []

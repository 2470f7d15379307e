"""The list of releases: what is told of an overlap, and that nothing secret stands in it."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kaigo.deidentify import Key, forget_release, load_standard, make_release
from kaigo.deidentify.release_list import (
    MadeRelease,
    describe_release,
    find_overlaps,
    mark_destroyed,
    read_list,
    write_list,
)
from kaigo.errors import InputError
from kaigo.tables import CareTables

FIRST = MadeRelease(
    place="r1", made_on="2026-04-01", recipient="甲社", standard="soumu-2018", layout="linked",
    first_month="2025-04", last_month="2025-09", rotate_months=6, inputs={"persons": "p", "benefits": "b"},
    tables={"persons": "x"}, crosswalk="destroyed", key="never kept",
)  # fmt: skip


def test_overlapping_months_of_the_same_persons_are_told() -> None:
    new = replace(
        FIRST, made_on="2026-10-01", recipient="乙社", first_month="2025-07", last_month="2025-12",
        inputs={"persons": "p", "benefits": "other"}, tables={"persons": "y"},
    )  # fmt: skip
    (told,) = find_overlaps((FIRST,), new)
    assert "甲社" in told and "2025-07から2025-09まで" in told


@pytest.mark.parametrize(
    "change",
    [
        {"first_month": "2025-10", "last_month": "2026-03"},
        {"inputs": {"persons": "q", "benefits": "c"}},
    ],
)
def test_other_months_or_other_persons_are_no_overlap(change: dict[str, object]) -> None:
    assert find_overlaps((FIRST,), replace(FIRST, tables={"persons": "y"}, **change)) == []


def test_another_layout_and_what_was_not_destroyed_are_told() -> None:
    old = replace(FIRST, crosswalk="kept", key="kept")
    told = find_overlaps((old,), replace(FIRST, layout="joined", tables={"joined": "z"}))
    assert len(told) == 4
    assert "形が違います" in told[1] and "対応表" in told[2] and "鍵" in told[3]


def test_releases_of_one_day_are_told_apart() -> None:
    earlier = (
        FIRST,
        replace(FIRST, recipient="乙社", tables={"persons": "y"}),
        replace(FIRST, standard="recommended", tables={"persons": "z"}),
        replace(FIRST, recipient="", last_month="2025-08", tables={"persons": "w"}),
    )
    told = find_overlaps(earlier, replace(FIRST, tables={"persons": "v"}))
    assert len({text.partition("と、")[0] for text in told}) == len(earlier)
    assert told[0].startswith("2026-04-01に作成した甲社への提供(2025-04から2025-09まで、soumu-2018)と、")
    assert "提供先の記録のない提供(2025-04から2025-08まで" in told[3]


def test_the_same_creation_again_is_nothing_new() -> None:
    assert find_overlaps((FIRST,), replace(FIRST, place="elsewhere")) == []


def test_a_release_is_listed_and_its_end_is_marked(
    make_tables: Callable[..., CareTables], tmp_path: Path
) -> None:
    tables = make_tables([1, 2, 3], None, [{"person": n, "service_month": "2024-04"} for n in (1, 2, 3)])
    standard = load_standard("soumu-2018").with_parameters(
        {name: {"persons": 2} for name in ("delete_rare_answers", "roll_up_rare_codes", "top_code")}
    )
    release = make_release(tables, standard, tmp_path / "r", key=Key.derive(5), layout="linked")
    made = describe_release(release, recipient="甲社", key_kept=True, today=dt.date(2026, 4, 1))
    path = tmp_path / "list.json"
    assert read_list(path) == ()
    write_list(path, (made,))
    assert read_list(path) == (made,)
    assert path.stat().st_mode & 0o077 == 0
    assert (made.first_month, made.crosswalk, made.key) == ("2024-04", "kept", "kept")
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["audience"] == "内部限り"
    assert "0000000001" not in text
    forget_release(release)
    (after,) = mark_destroyed(read_list(path), release, key_destroyed=True)
    assert (after.crosswalk, after.key) == ("destroyed", "destroyed")


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="提供の一覧"):
        read_list(path)

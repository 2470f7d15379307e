"""Every error that a user can cause says in Japanese what is wrong, what was found and what to do."""

import inspect

import pytest

from kaigo import errors

FAMILY = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.KaigoError)
]


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_shows_its_three_parts_on_three_lines(kind: type[errors.KaigoError]) -> None:
    error = kind("月数が範囲の外です。", found=0, remedy="1以上にしてください。")
    assert str(error) == "月数が範囲の外です。\n  見つかった値: 0\n  対処: 1以上にしてください。"
    assert (error.what, error.found, error.remedy) == ("月数が範囲の外です。", "0", "1以上にしてください。")


def test_an_error_without_a_value_does_not_print_none() -> None:
    assert str(errors.InputError("表がありません。", remedy="作ってください。")) == (
        "表がありません。\n  対処: 作ってください。"
    )


def test_the_command_line_can_catch_the_family_by_one_name() -> None:
    assert len(FAMILY) == 10
    with pytest.raises(errors.KaigoError):
        raise errors.OutputError("書けません。", remedy="場所を変えてください。")


@pytest.mark.parametrize("kind", FAMILY)
def test_each_kind_of_error_is_described_in_japanese(kind: type[errors.KaigoError]) -> None:
    assert any("ぁ" <= letter <= "ん" for letter in kind.__doc__ or "")

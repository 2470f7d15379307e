"""Every page of help is Japanese, shows an example and the way to JSON."""

from __future__ import annotations

import re

import pytest
import typer
from commands import Run, list_commands

from kaigo.cli.app import build_app

COMMANDS = dict(list_commands(typer.main.get_command(build_app())))
VERBS = [words for words, command in COMMANDS.items() if not hasattr(command, "commands")]
# What the library would say in English, and names of its types.
ENGLISH = re.compile(
    r"usage|\boptions?\b|arguments?|commands?\b|required|default|dynamic|env var|show this|and exit|missing|error|"
    r"try '|<\w+>|\b(?:text|integer|float|boolean|directory|args)\b",
    re.IGNORECASE,
)


@pytest.fixture(params=COMMANDS, ids=lambda words: " ".join(("kaigo", *words)))
def page(kaigo: Run, request: pytest.FixtureRequest) -> str:
    done = kaigo(*request.param, "--help")
    assert (done.code, done.err) == (0, "")
    return done.out


def test_all_verbs_of_this_version_are_there() -> None:
    assert {" ".join(words) for words in VERBS} == {
        "report",
        "lab",
        "synthesize",
        "calibrate",
        "intake",
        "deidentify",
        "forget",
        "k-anonymize",
        "risk",
        "analyze",
        "standard show",
        "standard check",
    }


def test_a_page_of_help_has_no_english_word_of_the_library(page: str) -> None:
    # Names of options and files are the interface, not words.
    assert ENGLISH.findall(re.sub(r"--[a-z-]+|[a-z/]+\.yaml", "", page)) == []


def test_every_line_of_help_is_explained_in_japanese(page: str) -> None:
    lines = [line for line in re.split(r"\n(?=  \S)", page) if line.startswith(("  --", "  -"))]
    assert lines
    assert [line for line in lines if not re.search("[ぁ-んァ-ヶ一-龠]", line)] == []


def test_a_page_of_help_has_an_example_of_its_own_command(page: str, request: pytest.FixtureRequest) -> None:
    words = request.node.callspec.params["page"]
    assert re.search(rf"^  例: {' '.join(('kaigo', *words))}", page, re.MULTILINE)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_writes_json_when_asked(kaigo: Run, words: tuple[str, ...]) -> None:
    assert re.search(r"^  --json FILE +結果をJSONで", kaigo(*words, "--help").out, re.MULTILINE)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_the_words_of_the_example_are_options_of_the_verb(kaigo: Run, words: tuple[str, ...]) -> None:
    page = kaigo(*words, "--help").out
    head, _, options = page.partition("オプション:\n")
    for option in re.findall(r"--[a-z-]+", head):
        assert f"  {option}" in options


def test_verbs_on_tables_name_the_engine(kaigo: Run) -> None:
    for verb in ("synthesize", "intake", "deidentify", "risk", "analyze"):
        assert "--engine ENGINE" in kaigo(verb, "--help").out


@pytest.mark.parametrize("words", [(), ("standard",)])
def test_a_group_called_alone_shows_its_help(kaigo: Run, words: tuple[str, ...]) -> None:
    assert kaigo(*words).out.strip() == kaigo(*words, "--help").out.strip()
    assert kaigo(*words).code == 0

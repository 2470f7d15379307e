"""The key: hidden wherever it could be shown, private on disk, repeatable only where asked."""

import copy
import hmac
import os
import pickle
import re
from pathlib import Path

import pytest

from kaigo.deidentify import Key
from kaigo.errors import InputError, OutputError

SECRET = bytes(range(32))


def test_a_key_never_shows_itself() -> None:
    key = Key(SECRET)
    for shown in (repr(key), str(key), f"{key}", f"{[key]}", f"{key.subkey('a')}"):
        assert SECRET.hex()[:8] not in shown and "hidden" in shown
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("copy_it", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_is_never_serialised(copy_it: object) -> None:
    with pytest.raises(TypeError, match="never serialised"):
        copy_it(Key(SECRET))  # type: ignore[operator]


def test_a_digest_is_32_hex_digits_and_depends_on_key_purpose_and_message() -> None:
    digests = {
        Key(SECRET).digest("a", "x"),
        Key(SECRET).digest("a", "y"),
        Key(SECRET).digest("b", "x"),
        Key(SECRET[::-1]).digest("a", "x"),
        Key.random().digest("a", "x"),
        Key.derive(1).digest("a", "x"),
        Key.derive(2).digest("a", "x"),
    }
    assert len(digests) == 7
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)
    assert Key(SECRET).digest("a", "x") == Key(SECRET).subkey("a").sign("x")


def test_a_short_key_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError, match="短すぎます") as caught:
        Key(b"short-secret")
    assert "short-secret" not in str(caught.value)


def test_a_new_key_file_is_private_and_gives_the_same_key_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "k"
    first = Key.from_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("[0-9a-f]{64}\n", path.read_text())
    assert Key.from_file(path).digest("a", "x") == first.digest("a", "x")


@pytest.mark.parametrize("content", ["", "not hex", "とても秘密", "abcd"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "k"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError, match=r"鍵[\s\S]*対処") as caught:
        Key.from_file(path)
    assert content == "" or content not in str(caught.value).replace(str(path), "")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused_with_the_mending_command(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "k"
    Key.from_file(path)
    path.chmod(mode)
    with pytest.raises(InputError, match=r"権限[\s\S]*chmod 600"):
        Key.from_file(path)


def test_a_place_where_no_key_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="鍵ファイルを作れません"):
        Key.from_file(tmp_path / "file" / "k")
    with pytest.raises(InputError, match="読めません"):
        Key.from_file(tmp_path)


def test_a_key_does_not_reach_the_environment() -> None:
    Key(SECRET).digest("a", "x")
    assert SECRET.hex() not in "".join(os.environ.values())


@pytest.mark.parametrize("length", [32, 63, 64, 65, 131])
def test_a_signature_is_the_library_s_hmac_for_keys_below_and_beyond_a_block(length: int) -> None:
    secret = bytes(range(length))
    key = Key(secret)
    for message in ("", "990001/0000000001", "介護" * 50):
        expected = hmac.digest(secret, message.encode(), "sha256").hex()[:32]
        assert (key.sign(message), key.sign(message)) == (expected, expected)

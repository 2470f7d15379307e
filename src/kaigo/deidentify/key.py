"""The secret key of a creation. It never touches SQL, a plan, a log or an output."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kaigo.engine import write_file
from kaigo.errors import InputError, OutputError

KEY_BYTES = 32
_BLOCK = 64


class Key:
    """作成ごとの秘密鍵(HMAC-SHA256)。表示しても中身は出ない。"""

    __slots__ = ("_inner", "_outer", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise InputError(
                "鍵が短すぎます。",
                found=f"{len(secret)}バイト",
                remedy=f"{KEY_BYTES}バイト以上の乱数を鍵にしてください。",
            )
        self._secret = secret
        # RFC 2104 with the two blocks of the key hashed once: half the time of a call a message.
        block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __repr__(self) -> str:
        return "<Key: hidden>"

    def __reduce__(self) -> str:
        raise TypeError("a key is never serialised")

    def digest(self, purpose: str, message: str) -> str:
        """Keyed hash of a message, 32 hex digits (128 bits).

        ``purpose`` separates uses: a fresh subkey is derived for each, e.g. each pseudonym period.
        """
        return self.subkey(purpose).sign(message)

    def subkey(self, purpose: str) -> Key:
        """The key of one purpose."""
        return Key(hmac.digest(self._secret, f"kaigo/{purpose}".encode(), "sha256"))

    def sign(self, message: str) -> str:
        """HMAC-SHA256 of a message, first 32 hex digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    def words(self, block: int, count: int) -> npt.NDArray[np.int64]:
        """Random numbers from 0 to 2^63 - 1 of one block of a stream (SHAKE-256 under the key).

        The key and the block fix them, so the same creation draws the same numbers again; without the key
        nothing follows from numbers that were seen.
        """
        stream = hashlib.shake_256(self._secret + block.to_bytes(8, "big")).digest(8 * count)
        return (np.frombuffer(stream, dtype="<u8") >> np.uint64(1)).astype(np.int64)

    @classmethod
    def random(cls) -> Key:
        """A key that nobody knows and that is gone with the process."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def derive(cls, seed: int) -> Key:
        """A repeatable key for synthetic data only (notebooks, tests)."""
        return cls(hmac.digest(b"kaigo synthetic data only", str(seed).encode(), "sha256"))

    @classmethod
    def from_file(cls, path: Path) -> Key:
        """鍵ファイル(16進64桁以上)を読む。無ければ、自分だけが読める権限(0600)で作る。

        Raises
        ------
        InputError
            If the file is no hex key or others may read it.
        OutputError
            If a new file cannot be written.
        """
        if not path.exists():
            try:
                # Whole or not at all: a run killed in between would leave a key too short for the next one.
                write_file(path, secrets.token_hex(KEY_BYTES) + "\n", mode=0o600)
            except OutputError as error:
                raise OutputError(
                    "鍵ファイルを作れません。", found=path, remedy="書き込める場所を指定してください。"
                ) from error
        try:
            text = path.read_text(encoding="ascii").strip()
            mode = path.stat().st_mode & 0o077
            secret = bytes.fromhex(text)
        except (OSError, ValueError) as error:
            raise InputError(
                "鍵ファイルを読めません。",
                found=path,
                remedy="16進64桁のファイルか、まだ無いファイル名を指定してください。",
            ) from error
        if mode:
            raise InputError(
                "鍵ファイルをほかの人が読める権限になっています。",
                found=f"{path}(権限 {mode:03o})",
                remedy=f"chmod 600 {path} を実行してください。",
            )
        return cls(secret)

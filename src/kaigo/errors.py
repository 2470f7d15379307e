"""The one family of errors that a user can cause.

Every message has three parts, in Japanese: what is wrong and where, the value that was found, what to do.
The command line prints them without a traceback and exits 2.
"""

from __future__ import annotations


class KaigoError(Exception):
    """利用者が直せる誤り。何が・見つかった値・どうすればよいか、の3点を持つ。

    Parameters
    ----------
    what : str
        What is wrong and where (Japanese, one sentence).
    remedy : str
        What the reader should do (Japanese, one sentence).
    found : object, optional
        The value that was found. Never a person's value (name, number, address).
    """

    def __init__(self, what: str, *, remedy: str, found: object = None) -> None:
        self.what = what
        self.remedy = remedy
        self.found = None if found is None else str(found)
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.found is not None:
            lines.append(f"  見つかった値: {self.found}")
        lines.append(f"  対処: {self.remedy}")
        return "\n".join(lines)


class ParameterError(KaigoError):
    """パラメータの名前・型・範囲の誤り。"""


class InputError(KaigoError):
    """入力ファイルが無い、読めない、列や文字コードが違う。"""


class OutputError(KaigoError):
    """書き込み先が使えない、ディスクに空きがない。"""


class EngineError(KaigoError):
    """計算エンジンの指定または実行の誤り(結果が大きすぎる場合を含む)。"""


class StandardError(KaigoError):
    """加工基準(TOML)の誤り。"""


class EmptyResultError(KaigoError):
    """処理の結果、1件も残らなかった。"""


class RefusedError(KaigoError):
    """求められた分析や測定を、この加工基準やデータの形では行えない。報告書は止まらず、章にその理由を載せる。"""


class MissingColumnsError(InputError, RefusedError):
    """分析に要る列が、加工したデータにない。"""


class NotebookError(KaigoError):
    """章(ノートブック)の実行が失敗した。"""

"""What a standard's texts may say about a municipality's own data: nothing that was measured on synthetic data."""

from __future__ import annotations

import re
import shlex

from kaigo.deidentify.release import Release
from kaigo.deidentify.standard_parts import Deliberation

NOT_MEASURED = "このデータでは測っていません"
LEFT_OUT = "(合成データで測った値を含む文は、このデータに当てはまらないので省いた)"
# The town, the demo, and shares with one decimal place are how the shipped texts quote synthetic data.
_MEASURED = re.compile(r"合成データ|例示|(?<!市)町(?!村)|人規模|[1-9][0-9]*\.[0-9]%")
_WITH_REGISTER = frozenset({"提供の期間", "ほかに公表されている情報"})


def say_measured(part: Deliberation, release: Release | None, place: str = "") -> str:
    """測ったもの。自治体のデータを加工したときは、合成データの値の代わりに、測るコマンドを示す。

    Parameters
    ----------
    part : Deliberation
    release : Release or None
        Made by the standard; None: the standard alone is shown.
    place : str
        What the command calls the release; its folder by default.
    """
    if release is None or release.is_synthetic or part.measured_on != "合成データ":
        return part.measured
    folder = place or shlex.quote(str(release.folder))
    register = " --register 加工前の介護データ" if part.topic in _WITH_REGISTER else ""
    return f"{NOT_MEASURED}。測るコマンド: kaigo risk {folder}{register}"


def say_reason(reason: str, release: Release | None) -> str:
    """理由。自治体のデータを加工したときは、合成データで測った値を含む文を省く。

    Examples
    --------
    "85歳で2つに区切る。町で60.5%が残る。" → "85歳で2つに区切る。(合成データで測った値を含む文は、…省いた)".
    """
    if release is None or release.is_synthetic:
        return reason
    sentences = re.findall(r"[^。]*。\)?|[^。]+$", reason)
    kept = [sentence for sentence in sentences if not _MEASURED.search(sentence)]
    return "".join(kept) + (LEFT_OUT if len(kept) < len(sentences) else "")

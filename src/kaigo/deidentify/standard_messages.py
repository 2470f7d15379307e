"""What is wrong with the parts of a standard's file, in Japanese: where, what, and which values are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

MOST = 5
"""Sentences shown at once."""

_KINDS = {
    "string_type": '文字を " " で囲んで書いてください',
    "int_type": "整数で書いてください",
    "int_parsing": "整数で書いてください",
    "int_from_float": "整数で書いてください",
    "tuple_type": "[ ] の中に並べて書いてください",
    "model_type": "[項目] の表にして、その下に書いてください",
    "model_attributes_type": "[項目] の表にして、その下に書いてください",
    "dict_type": "{ 名前 = 値 } の形で書いてください",
    "too_short": "1つ以上書いてください",
    "string_too_short": "空にはできません",
}


def explain_errors(
    errors: Sequence[Mapping[str, Any]], data: Mapping[str, Any], model: type[BaseModel]
) -> list[str]:
    """項目名と値の誤りを、1件1文の日本語で返す。

    Parameters
    ----------
    errors : sequence of mapping
        Of ``pydantic.ValidationError.errors()``.
    data : mapping
        As read from the file.
    model : type of BaseModel
        The standard.

    Examples
    --------
    [[rules]] の定め「05」: set_by は「自治」にできません(使える値: 資料、本書、自治体)。
    """
    # A value that may have several types brings one error a type.
    return list(dict.fromkeys(_explain(error, data, model) for error in errors))


def _explain(error: Mapping[str, Any], data: Mapping[str, Any], model: type[BaseModel]) -> str:
    loc, kind = list(error["loc"]), error["type"]
    where, rest = _name_place(loc, data)
    name = "の".join(f"{part + 1}番目" if isinstance(part, int) else str(part) for part in rest[:2])
    if kind == "missing":
        return f"{where}項目 {name} がありません。"
    if kind == "extra_forbidden":
        return f"{where}項目 {name} は使えません(名前を確かめてください)。"
    value = str(error["input"])
    shown = f"{name} は「{value if len(value) <= 40 else value[:40] + '…'}」にできません"
    if kind == "literal_error":
        allowed = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").replace(", ", "、")
        return f"{where}{shown}(使える値: {allowed})。"
    if kind in {"greater_than_equal", "less_than_equal"}:
        low, high = _find_limits(loc, model)
        return f"{where}{shown}({low}から{high}までの整数で書いてください)。"
    if kind == "value_error":
        return f"{where}{shown}({error['ctx']['error']})。"
    return f"{where}{shown}({_KINDS.get(kind, '値の型が違います')})。"


def _name_place(loc: list[Any], data: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Where, in the words of the file, and what of the location is left to name."""
    if len(loc) < 2:
        return "", loc
    part = data.get(loc[0])
    if not isinstance(loc[1], int):
        return f"[{loc[0]}]: ", loc[1:]
    entry = part[loc[1]] if isinstance(part, list | tuple) and loc[1] < len(part) else None
    own_id = entry.get("id") if isinstance(entry, dict) else None
    if isinstance(entry, dict) and loc[2:]:
        known = f"定め「{own_id}」" if own_id and loc[2] != "id" else f"{loc[1] + 1}番目"
        return f"[[{loc[0]}]] の{known}: ", loc[2:]
    return "", loc


def _find_limits(loc: Sequence[Any], model: type[BaseModel]) -> tuple[Any, Any]:
    """Least and greatest value of a number in a part of the standard."""
    own = next(
        each
        for each in (model.model_fields[loc[0]].annotation, *get_args(model.model_fields[loc[0]].annotation))
        if isinstance(each, type) and issubclass(each, BaseModel)
    )
    bounds = own.model_fields[loc[1]].metadata
    low, high = (
        next(getattr(bound, key) for bound in bounds if getattr(bound, key, None) is not None)
        for key in ("ge", "le")
    )
    return low, high

"""`Params`: the frozen parameters of a run, read from text once and validated against their types and ranges."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from kaigo.errors import InputError, ParameterError

if TYPE_CHECKING:
    from typing import Self

MONTH_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


class Params(BaseModel):
    """1回の実行のパラメータ。既定値は、ノートブックの既定値(小さな合成データ)と同じ。

    Every field is a scalar with a Japanese description; its range is part of its type. Use `from_values` or `load`,
    which answer a mistake in Japanese.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="乱数の種")] = 42
    persons: Annotated[int, Field(ge=100, le=7_000_000, description="認定者数、単位は人")] = 600
    months: Annotated[int, Field(ge=1, le=36, description="データの月数")] = 12
    start: Annotated[
        str, Field(pattern=MONTH_PATTERN, description="最初の月", json_schema_extra={"range": "YYYY-MM"})
    ] = "2024-04"
    municipalities: Annotated[int, Field(ge=1, le=2000, description="市町村の数")] = 1
    data: Annotated[
        str, Field(description="介護データのフォルダ", json_schema_extra={"range": "空なら合成データ"})
    ] = ""
    standard: Annotated[
        str,
        Field(min_length=1, description="加工基準", json_schema_extra={"range": "名前またはTOMLファイル"}),
    ] = "soumu-2018"
    threshold: Annotated[int, Field(ge=2, le=100, description="これ未満の人数を「少ない」とみなす")] = 10
    super_aged: Annotated[int, Field(ge=85, le=120, description="この年齢以上を超高齢とする")] = 100
    top_percentile: Annotated[
        float, Field(ge=0.5, le=1.0, description="この百分位数を超える日数・点数を頭打ちにする")
    ] = 0.99
    rotate_months: Annotated[int, Field(ge=1, le=36, description="仮IDを替える間隔、単位は月")] = 6
    inhabitants: Annotated[
        int,
        Field(ge=0, le=20_000_000, description="自治体の人口", json_schema_extra={"note": "0は未申告"}),
    ] = 0
    engine: Annotated[
        str,
        Field(
            min_length=1,
            description="計算エンジン",
            json_schema_extra={"range": "duckdb またはSpark Connectのアドレス"},
        ),
    ] = "duckdb"

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Self:
        """値の組を検査して、パラメータにする。

        Parameters
        ----------
        values : mapping of str to object
            Name → value, or the value as text; what is not named keeps its default.

        Raises
        ------
        ParameterError
            For an unknown name (with the nearest one), a wrong type or a value out of range.
        """
        check_names(values, cls.model_fields)
        try:
            return cls.model_validate({name: _read_text(name, value) for name, value in values.items()})
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            field = cls.model_fields[name]
            raise ParameterError(
                f"パラメータ {name}「{describe_field(field)}」の値が正しくありません。",
                found=repr(values[name]),
                remedy=f"{_describe_type(field)}で指定してください(例: {name}={field.default!s})。",
            ) from error

    @classmethod
    def load(cls, path: Path | None = None, overrides: Mapping[str, str] | None = None) -> Self:
        """パラメータのファイルと、その場で指定された値を合わせる。

        Parameters
        ----------
        path : Path, optional
            YAML file of ``name: value`` lines. Every value is read as the text that stands there, so that ``no``, ``010``
            and ``1e-3`` mean what a person reads, and is then checked against the field's type.
        overrides : mapping of str to str, optional
            Name → text, stronger than the file.
        """
        values: dict[str, object] = dict(read_yaml_texts(path)) if path else {}
        values.update(overrides or {})
        return cls.from_values(values)

    def changed(self, base: Params | None = None) -> dict[str, object]:
        """The parameters that differ from those of ``base`` (by default from their defaults)."""
        start = (base or Params()).model_dump()
        return {name: value for name, value in self.model_dump().items() if value != start[name]}


def check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuses names that are no parameters, with the nearest known one.

    Raises
    ------
    ParameterError
        For the first unknown name.
    """
    allowed = list(known)
    for name in names:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, n=1, cutoff=0.5)
            hint = f"{near[0]} のことではありませんか。" if near else ""
            raise ParameterError(
                "知らないパラメータが指定されました。",
                found=name,
                remedy=f"{hint}使えるのは {', '.join(allowed)} です。",
            )


def read_yaml_texts(path: Path) -> dict[str, str]:
    """Name → value as text from a flat YAML file; nothing is guessed from the look of a value.

    Raises
    ------
    InputError
        If the file is missing, not UTF-8 or not YAML.
    ParameterError
        If it is not a list of ``name: value``.
    """
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506 (texts only)
    except FileNotFoundError:
        raise InputError(
            "パラメータのファイルが見つかりません。",
            found=path,
            remedy="ファイル名とフォルダを確かめてください。",
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            "パラメータのファイルを読めません。",
            found=f"{path}({type(error).__name__})",
            remedy="UTF-8 の YAML(1行に「名前: 値」)で保存してください。",
        ) from error
    if content in (None, ""):
        return {}
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ParameterError(
            "パラメータのファイルの形が違います。",
            found=path,
            remedy="1行に「名前: 値」を1つずつ書いてください。",
        )
    return content


def describe_params() -> list[tuple[str, str, str, str]]:
    """Name, type, default and Japanese description with range of every parameter, for help texts."""
    return [
        (name, _name_type(field), str(field.default), describe_field(field))
        for name, field in Params.model_fields.items()
    ]


def describe_field(field: FieldInfo) -> str:
    """Description with range, as the parameters cell has it: 認定者数、単位は人(100〜7000000)."""
    extra: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    scope = extra.get("range") or f"{_bound(field, 'ge')}〜{_bound(field, 'le')}"
    note = f"、{extra['note']}" if "note" in extra else ""
    return f"{field.description}({scope}{note})"


def _bound(field: FieldInfo, side: str) -> object:
    return next(getattr(item, side) for item in field.metadata if hasattr(item, side))


def _read_text(name: str, value: object) -> object:
    """Text for a number as people type it: full-width digits and separators of thousands are read, too."""
    if isinstance(value, str) and not isinstance(Params.model_fields[name].default, str):
        return unicodedata.normalize("NFKC", value).replace(",", "")
    return value


def _name_type(field: FieldInfo) -> str:
    return type(field.default).__name__


def _describe_type(field: FieldInfo) -> str:
    words = {"int": "整数", "float": "小数", "str": "文字"}
    return f"{describe_field(field).rpartition('(')[2].rstrip(')')} の{words[_name_type(field)]}"

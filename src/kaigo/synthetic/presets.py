"""Named sizes of synthetic data: town, demo, city, prefecture, national."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

from kaigo.errors import ParameterError
from kaigo.synthetic.parameters import read_toml
from kaigo.synthetic.plan import SynthesisPlan

DEFAULT_PRESET = "demo"


@dataclass(frozen=True)
class Preset:
    """合成データの大きさの見本。

    Attributes
    ----------
    name, label : str
    plan : SynthesisPlan
    reason, source : str
        Why this size, and where its figures are from.
    """

    name: str
    label: str
    plan: SynthesisPlan
    reason: str
    source: str


@cache
def load_presets() -> dict[str, Preset]:
    """大きさの見本を、小さい順に名前で返す。"""
    presets = {}
    for name, values in read_toml("presets").items():
        texts = {key: values.pop(key) for key in ("label", "reason", "source")}
        presets[name] = Preset(name=name, plan=SynthesisPlan(**values), **texts)
    return presets


def plan_from_preset(
    name: str,
    *,
    persons: int | None = None,
    months: int | None = None,
    start: str | None = None,
    municipalities: int | None = None,
    seed: int | None = None,
) -> SynthesisPlan:
    """見本の大きさから計画を作る(明示した値が優先する)。

    Parameters
    ----------
    name : str
        ``town``, ``demo``, ``city``, ``prefecture`` or ``national``.
    persons, months, start, municipalities, seed : optional
        In place of the preset's values.

    Raises
    ------
    ParameterError
        If there is no such preset, or a value is out of range.
    """
    presets = load_presets()
    if name not in presets:
        near = difflib.get_close_matches(name, presets, n=1)
        raise ParameterError(
            "知らない大きさの見本(preset)です。",
            found=name,
            remedy=f"{f'{near[0]} のことですか。' if near else ''}{'、'.join(presets)} から選んでください。",
        )
    plan = presets[name].plan
    return SynthesisPlan(
        persons=plan.persons if persons is None else persons,
        months=plan.months if months is None else months,
        start=plan.start if start is None else start,
        municipalities=plan.municipalities if municipalities is None else municipalities,
        seed=plan.seed if seed is None else seed,
    )

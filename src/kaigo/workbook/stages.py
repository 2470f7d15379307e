"""The stages that chapters share: care tables and releases, built once and found again by their parameters."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaigo.deidentify import Key, Release, Standard, load_standard, make_release
from kaigo.deidentify.standard import Layout
from kaigo.risk import BetweenTrial, Mitigation, measure_mitigations, try_between
from kaigo.synthetic import SynthesisPlan, synthesize
from kaigo.tables import CareTables
from kaigo.workbook.artifacts import Artifact, load_or_build
from kaigo.workbook.params import Params

SYNTHETIC_CACHE = Path("data/synthetic/cache")
OWN_CACHE = ".kaigo"

_OVERRIDES = {
    "threshold": (
        ("delete_rare_answers", "persons"),
        ("roll_up_rare_codes", "persons"),
        ("top_code", "persons"),
    ),
    "top_percentile": (("top_code", "percentile"),),
    "super_aged": (("delete_super_aged", "age"),),
    "rotate_months": (("pseudonym", "rotate_months"),),
}
"""Parameter of a run to the values of a standard that it replaces."""


@dataclass(frozen=True)
class Stages:
    """章が共有する段階。同じパラメータなら、前に作ったものを使う。

    Attributes
    ----------
    params : Params
    root : pathlib.Path
        Project root. Artifacts of synthetic data go below ``data/synthetic/cache``, those of own data into
        ``.kaigo`` beside the data, so that they never leave the municipality's folder.
    """

    params: Params
    root: Path

    @property
    def cache(self) -> Path:
        """Where artifacts go."""
        return Path(self.params.data) / OWN_CACHE if self.params.data else self.root / SYNTHETIC_CACHE

    def standard_in_force(self) -> Standard:
        """The standard with what this run sets in place of its own values (a default is no setting)."""
        overrides: dict[str, dict[str, Any]] = {}
        for name, places in _OVERRIDES.items():
            value = getattr(self.params, name)
            if value != Params.model_fields[name].default:
                for technique, parameter in places:
                    overrides.setdefault(technique, {})[parameter] = value
        return load_standard(self.params.standard).with_parameters(overrides)

    def load_tables(self) -> CareTables:
        """介護データ: own data where ``data`` names a folder, else synthetic data made (or found)."""
        if self.params.data:
            return CareTables.open(self.params.data)
        return CareTables.open(self._tables_artifact().path / "tables")

    def load_release(self, layout: Layout) -> Release:
        """加工したデータ(形ごと)を作るか、前に作ったものを使う。"""
        standard = self.standard_in_force()
        tables = self.load_tables()
        upstream = self._own_tables(tables) if self.params.data else self._tables_artifact()
        parameters: dict[str, object] = {"layout": layout, "standard": _digest(standard.to_toml())}

        def build(folder: Path) -> None:
            # Synthetic runs repeat exactly; real data get a key that nobody knows.
            key = Key.random() if self.params.data else Key.derive(self.params.seed)
            make_release(
                tables, standard, folder / "release", key=key, layout=layout, engine=self.params.engine
            )

        artifact = load_or_build(
            f"release-{layout}", parameters, build, root=self.cache, upstream=(upstream,)
        )
        return Release.open(artifact.path / "release")

    def load_mitigations(self) -> list[Mitigation]:
        """変更の候補の効き目と代償を測るか、前に測ったものを使う(変更ごとに加工をやり直すため)。"""
        standard, tables, params = self.standard_in_force(), self.load_tables(), self.params
        upstream = self._own_tables(tables) if params.data else self._tables_artifact()
        parameters: dict[str, object] = {"standard": _digest(standard.to_toml()), "seed": params.seed}

        def build(folder: Path) -> None:
            # Nothing is provided, so the key may be known; it is gone with the releases.
            found = measure_mitigations(
                tables,
                standard,
                Key.random() if params.data else Key.derive(params.seed),
                params.seed,
                engine=params.engine,
            )
            rows = [dataclasses.asdict(one) for one in found]
            (folder / "mitigations.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

        artifact = load_or_build("mitigations", parameters, build, root=self.cache, upstream=(upstream,))
        rows = json.loads((artifact.path / "mitigations.json").read_text(encoding="utf-8"))
        return [Mitigation(**row) for row in rows]

    def load_between(self) -> BetweenTrial:
        """重なる提供を作って突き合わせるか、前に測ったものを使う(3つの提供を作るため)。"""
        standard, tables, params = self.standard_in_force(), self.load_tables(), self.params
        upstream = self._own_tables(tables) if params.data else self._tables_artifact()
        parameters: dict[str, object] = {"standard": _digest(standard.to_toml()), "seed": params.seed}

        def build(folder: Path) -> None:
            # Nothing is provided, so the keys may be known; they are gone with the releases.
            one, two, three = (
                Key.random() if params.data else Key.derive(params.seed).subkey(f"between/{place}")
                for place in range(3)
            )
            found = try_between(tables, standard, (one, two, three), engine=params.engine)
            text = json.dumps(found.to_payload(), ensure_ascii=False)
            (folder / "between.json").write_text(text, encoding="utf-8")

        artifact = load_or_build("between", parameters, build, root=self.cache, upstream=(upstream,))
        return BetweenTrial.from_payload(
            json.loads((artifact.path / "between.json").read_text(encoding="utf-8"))
        )

    def _tables_artifact(self) -> Artifact:
        params = self.params
        plan = SynthesisPlan(
            persons=params.persons,
            months=params.months,
            start=params.start,
            municipalities=params.municipalities,
            seed=params.seed,
        )
        parameters: dict[str, object] = {
            "persons": plan.persons,
            "months": plan.months,
            "start": plan.start,
            "municipalities": plan.municipalities,
            "seed": plan.seed,
        }
        return load_or_build(
            "care-tables",
            parameters,
            lambda folder: _discard(synthesize(folder / "tables", plan, engine=params.engine)),
            root=self.cache,
        )

    @staticmethod
    def _own_tables(tables: CareTables) -> Artifact:
        return Artifact("care-tables", tables.folder, _digest(json.dumps(tables.content_sha256)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _discard(result: object) -> None:
    """A builder returns nothing."""

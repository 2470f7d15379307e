"""Whether the promise holds in what was written: persons counted in SQL, apart from the search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kaigo.deidentify.promise_steps import is_promised, list_answers
from kaigo.deidentify.standard import Standard
from kaigo.deidentify.workspace import Workspace
from kaigo.errors import StandardError


@dataclass(frozen=True)
class Promise:
    """約束と、書き出したもので数えた結果(人)。

    Attributes
    ----------
    persons, combined : int
        What is promised.
    classes : int
        Classes of all periods.
    smallest_class, smallest_with_kinds, smallest_with_answers : int or None
        Fewest persons in a class; in a class with any two kinds (used or not); with any two answers. None: no
        such column.
    """

    persons: int
    combined: int
    classes: int
    smallest_class: int
    smallest_with_kinds: int | None
    smallest_with_answers: int | None

    @property
    def holds(self) -> bool:
        """Whether nobody stands among fewer persons."""
        found = (self.smallest_class, self.smallest_with_kinds, self.smallest_with_answers)
        return all(number is None or number >= self.persons for number in found)


def check_promise(work: Workspace, standard: Standard, provide: Path) -> Promise | None:
    """書き出した表で、加工基準の約束を人数で数え直す(約束のない基準では何もしない)。

    Raises
    ------
    StandardError
        If a class holds fewer persons than promised. Nothing is released then.
    """
    rule = next((rule for rule in standard.rules if rule.technique == "keep_promise"), None)
    if rule is None:
        return None
    least, combined = int(rule.parameters["persons"]), int(rule.parameters["combined"])
    columns = _view_profiles(work, provide)
    engine = work.engine
    engine.materialise(
        "promised",
        f"select person, period, {_class_number(work, columns[0])} as class from profiles",
        work.folder / "promised",
    )
    sizes = "select class, count(distinct person) as n from promised group by class"
    classes, smallest = engine.rows(f"select count(*), min(n) from ({sizes}) as s")[0]
    kinds = _count_kinds(work, sizes, combined) if "service_code" in work.columns["benefits"] else None
    answers = _count_answers(work, columns[1], combined) if columns[1] else None
    promise = Promise(least, combined, int(classes), int(smallest), kinds, answers)
    if not promise.holds:
        raise StandardError(
            f"加工基準「{standard.name}」の約束(どの組も{least}人以上)を満たせないので、書き出しをやめました。",
            found=f"最も少ない組: 同値類{smallest}人、サービス種類を加えて{kinds}人、回答を加えて{answers}人",
            remedy="加工基準の一般化を強めるか、対象の人を増やしてください。",
        )
    return promise


def _view_profiles(work: Workspace, provide: Path) -> tuple[list[str], list[str]]:
    """Step ``profiles`` (one row a person, period and certification), view ``kinds_used``; class and answer columns."""
    engine, quote = work.engine, work.engine.dialect.quote
    people = [name for name in work.columns["persons"] if is_promised(f"persons.{name}")]
    certified = [name for name in work.columns["certifications"] if is_promised(f"certifications.{name}")]
    answers = list(list_answers(tuple(certified)))
    shown = {**dict.fromkeys(people, "p"), **dict.fromkeys(certified, "c")}
    names = {name: work.names.get(name, name) for name in shown}
    listed = ", ".join(f"{alias}.{quote(names[name])} as {quote(name)}" for name, alias in shown.items())
    if work.layout == "linked":
        for table in ("persons", "certifications", "benefits"):
            engine.scan(f"written_{table}", provide / table)
        engine.materialise(
            "profiles",
            f"select i.person, i.period, {listed} from pseudonyms as i "
            "join written_persons as p on p.person_id = i.person_id "
            "join written_certifications as c on c.person_id = i.person_id",
            work.folder / "profiles",
        )
        engine.view(
            "kinds_used",
            "select distinct i.person, i.period, coalesce(substr(b.service_code, 1, 2), '') as kind "
            "from pseudonyms as i join written_benefits as b on b.person_id = i.person_id",
        )
    else:
        own = ", ".join(f"{alias}.{quote(name)}" for name, alias in shown.items())
        # A step, not a view: it is read twice for each answer that is counted.
        engine.materialise(
            "profiles",
            f"select distinct b.person, {work.period('b.month_number')} as period, {own} "
            f"from {work.relations['benefits']} as b join {work.relations['persons']} as p on p.person = b.person "
            f"join {work.relations['certifications']} as c on c.certification = b.certification",
            work.folder / "profiles",
        )
        engine.view(
            "kinds_used",
            f"select distinct person, {work.period('month_number')} as period, "
            f"coalesce(substr(service_code, 1, 2), '') as kind from {work.relations['benefits']}",
        )
    return [name for name in shown if name not in answers], answers


def _class_number(work: Workspace, columns: list[str]) -> str:
    keys = work.engine.dialect.columns(("period", *columns))
    return f"dense_rank() over (order by {keys})"


def _count_kinds(work: Workspace, sizes: str, combined: int) -> int | None:
    """Fewest persons (not 0) in a cell of the 2 x 2 table of any two kinds of a class."""
    engine = work.engine
    engine.materialise(
        "kind_users",
        "select distinct q.class, q.person, k.kind from promised as q "
        "join kinds_used as k on k.person = q.person and k.period = q.period",
        work.folder / "kind_users",
    )
    own = "select class, kind, count(*) as n from kind_users group by class, kind"
    cells = f"select o.n as a, s.n - o.n as b, 0 as c, 0 as d from ({own}) as o join ({sizes}) as s on s.class = o.class"
    if combined == 2:
        both = (
            "select x.class, x.kind as one, y.kind as other, count(*) as n from kind_users as x join kind_users as y "
            "on y.class = x.class and y.person = x.person and y.kind > x.kind group by x.class, x.kind, y.kind"
        )
        cells += (
            " union all select coalesce(t.n, 0), x.n - coalesce(t.n, 0), y.n - coalesce(t.n, 0), "
            f"s.n - x.n - y.n + coalesce(t.n, 0) from ({own}) as x join ({own}) as y on y.class = x.class and y.kind > x.kind "
            f"join ({sizes}) as s on s.class = x.class left join ({both}) as t "
            "on t.class = x.class and t.one = x.kind and t.other = y.kind"
        )
    engine.materialise("kind_cells", cells, work.folder / "kind_cells")
    each = " union all ".join(f"select {cell} as n from kind_cells where {cell} > 0" for cell in "abcd")
    fewest = engine.value(f"select min(n) from ({each}) as e")
    return None if fewest is None else int(fewest)


def _count_answers(work: Workspace, answers: list[str], combined: int) -> int | None:
    """Fewest persons of a class with the same answers to any two items (empty being an answer)."""
    engine, quote = work.engine, work.engine.dialect.quote
    text = engine.dialect.text_type
    long = " union all ".join(
        f"select q.class, q.person, {number} as item, coalesce(cast(f.{quote(name)} as {text}), '') as answer "
        "from promised as q join profiles as f on f.person = q.person and f.period = q.period"
        for number, name in enumerate(answers)
    )
    engine.materialise("answers_given", long, work.folder / "answers_given")
    counted = "select count(distinct person) as n from answers_given group by class, item, answer"
    if combined == 2:
        counted += (
            " union all select count(distinct x.person) as n from answers_given as x join answers_given as y "
            "on y.class = x.class and y.person = x.person and y.item > x.item "
            "group by x.class, x.item, x.answer, y.item, y.answer"
        )
    fewest = engine.value(f"select min(n) from ({counted}) as e")
    return None if fewest is None else int(fewest)

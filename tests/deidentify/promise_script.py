"""Twenty lines that share no code with the library: does a release keep k persons, with any two kinds or answers?"""

import sys
from collections import Counter, defaultdict
from itertools import combinations_with_replacement as pairs
from pathlib import Path

import pyarrow.parquet as pq


def fewest(release: str | Path) -> dict[str, int]:
    """Fewest persons of the source in any class; with any two kinds, used or not; with any two answers."""
    read = lambda *names: pq.read_table(Path(release).joinpath(*names)).to_pylist()  # noqa: E731
    who = {w["person_id"]: (w["period"], w["insurer_number"], w["insured_number"]) for w in read("keep", "crosswalk", "persons")}  # fmt: skip
    shown, kinds, answers = defaultdict(set), defaultdict(set), defaultdict(dict)
    for row in [*read("provide", "persons"), *read("provide", "certifications")]:
        for name, value in row.items():
            if name[:7] == "survey_" and name[:9] != "survey_6_":
                answers[who[row["person_id"]]].setdefault(name, set()).add(value)
            elif name not in ("person_id", "from_month", "to_month"):
                shown[who[row["person_id"]]].add((name, row.get("from_month"), value))
    for row in read("provide", "benefits"):
        kinds[who[row["person_id"]]].add((row["service_month"], (row["service_code"] or "")[:2]))
    classes = defaultdict(list)
    for person, values in shown.items():
        classes[person[0], frozenset(values)].append(person)
    found = {"class": min(map(len, classes.values())), "kinds": sys.maxsize, "answers": sys.maxsize}
    for people in classes.values():
        used = sorted(set().union(*(kinds[p] for p in people)))
        for pair in pairs(used, 2):
            cells = Counter(tuple(kind in kinds[p] for kind in pair) for p in people)
            found["kinds"] = min(found["kinds"], *cells.values())
        for pair in pairs(sorted(set().union(*(answers[p] for p in people))), 2):
            cells = Counter(tuple(frozenset(answers[p].get(item, ())) for item in pair) for p in people)
            found["answers"] = min(found["answers"], *cells.values())
    return found


if __name__ == "__main__":
    print(fewest(sys.argv[1]))

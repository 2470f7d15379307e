"""The SQL of every technique: the portable subset only, never the key, never a number's own stream."""

import re
from pathlib import Path

from made_town import make_town
from rule_runner import run_rules
from technique_rules import RULES
from test_deidentify_sql import NOT_PORTABLE, statements

from kaigo.deidentify.key import Key
from kaigo.deidentify.random_rows import KeyStream
from kaigo.deidentify.techniques import TECHNIQUES

__all__ = ["statements"]


def test_every_technique_uses_the_portable_subset_and_names_no_secret(
    statements: list[str],
    tmp_path: Path,
) -> None:
    tables = make_town(persons=60).write(tmp_path / "care")
    for name, rules in RULES.items():
        assert TECHNIQUES[name].check_parameters(rules[-1].parameters) == []
        assert TECHNIQUES[name].check_rule(rules[-1]) == []
        assert all(TECHNIQUES[name].accepts(column) for column in rules[-1].columns)
        del statements[:]
        done = run_rules(tables, *rules, table="benefits", seed=5)
        assert done.entries and any(e.persons_touched or e.rows_in != e.rows_out for e in done.entries), name
        for fault, pattern in NOT_PORTABLE.items():
            assert [sql for sql in statements if re.search(pattern, sql, re.IGNORECASE)] == [], (name, fault)
        text = "\n".join(statements)
        own = Key.derive(5)._secret.hex()
        table = "benefits" if rules[-1].columns[0].startswith("benefits") else "persons"
        stream = KeyStream(Key.derive(5).subkey(f"technique/{name}/{name}/{table}"))
        assert own not in text and not any(str(word) in text for word in stream.take(200).tolist())

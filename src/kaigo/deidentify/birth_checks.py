"""Whether the rules of the birth follow one another: nothing gets finer again, and each finds what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaigo.deidentify.standard import Rule

DATE, MONTH, QUARTER, YEAR, BAND = range(5)
_GRAINS = {"month": MONTH, "quarter": QUARTER, "year": YEAR, "band": BAND, "age": BAND}
_COARSEST_SOURCE = {"month": MONTH, "quarter": QUARTER, "year": YEAR, "band": YEAR, "age": MONTH}
_WORDS = ("年月日", "年月", "四半期", "年", "幅")


def check_birth(column: str, rules: Sequence[Rule]) -> Iterator[str]:
    """Japanese findings about the rules of the birth, in the standard's order.

    The day of birth never goes out; a rule that reads months stands where months are still there.
    """
    grain = DATE
    for rule in rules:
        needs: range | None = None
        after = grain
        if rule.technique == "generalise_to_month":
            needs, after = range(DATE, MONTH + 1), MONTH
        elif rule.technique == "band_birth":
            needs, after = range(DATE, MONTH + 1), BAND
        elif rule.technique == "generalise_birth":
            to = str(rule.parameters.get("to"))
            if to in _GRAINS:
                needs, after = range(DATE, _COARSEST_SOURCE[to] + 1), _GRAINS[to]
        elif rule.technique == "delete_super_aged":
            needs = range(MONTH, MONTH + 1)
            if grain == DATE:
                yield f"定め{rule.id}: 超高齢の生年月のセル削除は、年月への一般化の後に置く必要があります。"
                needs = None
        elif rule.technique == "merge_small_groups":
            needs, after = range(YEAR, BAND + 1), BAND
        elif rule.technique == "top_code_birth":
            needs = range(MONTH, YEAR + 1)
        if needs is not None and grain not in needs:
            span = "・".join(_WORDS[needs.start : needs.stop])
            yield (
                f"定め{rule.id}: この手法が使えるのは生年が{span}のときですが、"
                f"前の定めにより{_WORDS[grain]}になっています。"
            )
        grain = max(grain, after)
    deleted = any(rule.technique == "delete_item" for rule in rules)
    if rules and grain == DATE and not deleted:
        yield f"列「{column}」(生年月日)は、年月に一般化するか項目削除する必要があります。"

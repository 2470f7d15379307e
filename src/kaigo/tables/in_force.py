"""Which certification is in force in a month: one definition for every room."""

from __future__ import annotations

from collections.abc import Sequence

_DAYS = 1 << 23
"""More than any date as a number of days (years of 416, months of 32)."""
_NUMBERS = 1 << 32
"""More than any running number."""


def select_months(benefits: str) -> str:
    """SELECT of the service months of a relation, with their last day.

    Parameters
    ----------
    benefits : str
        Relation with ``service_month`` (date, first of the month).

    Returns
    -------
    str
        SELECT with ``service_month``, ``last_day``.
    """
    return (
        "select service_month, service_month + interval 1 month - interval 1 day as last_day "
        f"from (select distinct service_month from {benefits}) as m"
    )


def select_in_force(certifications: str, months: str, carried: Sequence[str] = ()) -> str:
    """その月に有効な認定を、人と月ごとに1つ選ぶSELECT。

    The certification valid on the last day of the month; if none, on any day of it; of several, the latest
    ``valid_from``, then the largest ``certification``. Months without a valid certification give no row.

    Parameters
    ----------
    certifications : str
        Relation with ``person``, ``certification`` (a running number), ``valid_from``, ``valid_to``.
    months : str
        Relation as of :func:`select_months`.
    carried : sequence of str
        Further columns of ``months`` to keep.

    Returns
    -------
    str
        SELECT with ``person``, ``certification``, ``service_month`` and the columns carried.
    """
    of_month = "".join(f", m.{column}" for column in carried)
    kept = "".join(f", {column}" for column in carried)
    # One number holds what decides, the first thing first, so that a maximum finds the certification: to rank the months of
    # every person would sort eighty million rows of a country.
    started = "year(c.valid_from) * 416 + month(c.valid_from) * 32 + day(c.valid_from)"
    covers = f"case when c.valid_to >= m.last_day then {_DAYS} else 0 end"
    return (
        f"select person, cast(best & {_NUMBERS - 1} as integer) as certification, service_month{kept} from "
        f"(select c.person, m.service_month{of_month}, "
        f"max(cast({covers} + {started} as bigint) * {_NUMBERS} + c.certification) as best "
        f"from {certifications} as c join {months} as m "
        "on c.valid_from <= m.last_day and c.valid_to >= m.service_month "
        f"group by c.person, m.service_month{of_month}) as found"
    )

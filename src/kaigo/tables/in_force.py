"""Which certification is in force in a month: one definition for every room."""

from __future__ import annotations

from collections.abc import Sequence


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
    kept = "".join(f", {column}" for column in carried)
    of_month = "".join(f", m.{column}" for column in carried)
    return (
        f"select person, certification, service_month{kept} from "
        f"(select c.person, c.certification, m.service_month{of_month}, "
        "row_number() over (partition by c.person, m.service_month order by "
        "case when c.valid_to >= m.last_day then 0 else 1 end, c.valid_from desc, c.certification desc) as place "
        f"from {certifications} as c join {months} as m "
        "on c.valid_from <= m.last_day and c.valid_to >= m.service_month) as ranked where place = 1"
    )

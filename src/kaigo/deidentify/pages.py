"""Pages beside the ledger: 加工の記録 in words and 5号検討書, as standalone HTML for those who may see them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kaigo.deidentify.figures import show_balance, show_ledger, show_reasons, show_standard
from kaigo.deidentify.figures_standards import NOT_A_LAW, show_deliberations, show_exclusions
from kaigo.deidentify.release import Release
from kaigo.deidentify.standard import Standard
from kaigo.deidentify.wording import read_out, read_out_balance, read_out_pseudonyms
from kaigo.display import Table
from kaigo.display.page import Page, render_page
from kaigo.engine import write_file

LEDGER_PAGE = "加工の記録.html"
DELIBERATION_PAGE = "5号検討書.html"


def write_pages(release: Release, standard: Standard) -> tuple[Path, Path]:
    """加工の記録と5号検討書のページを ``keep/`` に書く(内部限り、0600)。

    Returns
    -------
    tuple of pathlib.Path
        The two pages.
    """
    pages = {
        LEDGER_PAGE: render_ledger_page(release),
        DELIBERATION_PAGE: render_deliberation_page(standard, release),
    }
    for name, text in pages.items():
        write_file(release.keep / name, text, mode=0o600)
    return release.keep / LEDGER_PAGE, release.keep / DELIBERATION_PAGE


def render_ledger_page(release: Release) -> str:
    """加工の記録: 定めごとの文、表、収支。"""
    ledger = release.ledger()
    sections: list[dict[str, object]] = [
        {"id": "words", "title": "読み上げ文", "sentences": [read_out(entry) for entry in ledger["rules"]]},
        {
            "id": "balance",
            "title": "行の収支",
            "sentences": [
                *(read_out_balance(name, part) for name, part in ledger["balance"].items()),
                *(
                    [f"仮IDは、{read_out_pseudonyms(ledger['pseudonyms'])}"]
                    if ledger.get("pseudonyms")
                    else []
                ),
            ],
            "table": _html(show_balance(release)),
        },
        {"id": "table", "title": "定めごとの表", "table": _html(show_ledger(release))},
    ]
    if ledger.get("warnings"):
        sections.insert(0, {"id": "warnings", "title": "注意", "sentences": ledger["warnings"]})
    lead = [
        f"加工基準「{ledger['standard']}」により加工した記録です。この記録は加工の方法に関する情報であり、内部限りです。"
    ]
    return _render("加工の記録", release, lead, sections)


def render_deliberation_page(standard: Standard, release: Release) -> str:
    """5号検討書: 検討した差異、準識別子、加工基準書、理由。"""
    sections: list[dict[str, object]] = [
        {
            "id": "deliberations",
            "title": "検討した差異",
            "table": _html(show_deliberations(standard, release)),
        },
        {"id": "keys", "title": "準識別子", "table": _html(show_exclusions(standard, release))},
        {"id": "standard", "title": "加工基準書", "table": _html(show_standard(standard))},
        {"id": "reasons", "title": "定めの理由", "table": _html(show_reasons(standard, release))},
    ]
    lead = [
        "規則第62条第5号(当時の規則第11条第5号)は、レコード間の差異とファイルの性質を勘案し、その結果を踏まえて措置をとることを求めています。検討した差異、測ったもの、とった措置またはとらない理由を記します。",
        f"{NOT_A_LAW}。",
    ]
    return _render("5号検討書", release, lead, sections)


def _html(table: Table) -> object:
    from markupsafe import Markup

    # A Table escapes its own values.
    return Markup(table.to_html())  # noqa: S704  # the table escapes its own texts


def _render(title: str, release: Release, lead: list[str], sections: list[dict[str, object]]) -> str:
    whole: dict[str, object] = {"sentences": (), "table": ""}
    parameters = release.manifest["parameters"]
    record = (
        ("加工基準", str(release.manifest["standard"])),
        ("対象の月", f"{parameters['first_month']}〜{parameters['last_month']}"),
        ("版", str(release.manifest["version"])),
    )
    page = Page(title=title, audience="内部限り", synthetic=release.is_synthetic, record=record)
    folder = Path(str(files("kaigo.deidentify").joinpath("data")))
    return render_page(
        page,
        template="review_page.html.j2",
        folders=(folder,),
        lead=lead,
        sections=[whole | section for section in sections],
    )

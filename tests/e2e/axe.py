"""What axe-core finds on a page."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

THEMES: Final[tuple[Any, ...]] = ("light", "dark")


def violations(page: Page, web_assets: Path) -> list[dict[str, Any]]:
    """What axe-core finds, short enough to read in a failure. Injected by the debugger: the page's policy forbids it."""
    page.evaluate((web_assets / "axe-core" / "axe.min.js").read_text())
    report = page.evaluate(
        "() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    return [{"rule": v["id"], "where": [node["target"] for node in v["nodes"][:3]]} for v in report["violations"]]

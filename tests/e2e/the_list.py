"""What a visitor reads and types beside the map."""

from playwright.sync_api import Locator, Page, expect

NAMES = ".resultat h3 a"


def search_box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Nom, catégorie, commune ou numéro")


def search(page: Page, words: str) -> None:
    search_box(page).fill(words)
    page.keyboard.press("Enter")


def total_listed(page: Page) -> int:
    """The number that the list announces."""
    heading = page.locator("#compte")
    expect(heading).to_be_visible()
    digits = "".join(c for c in heading.inner_text() if c.isdigit())
    return int(digits or 0)

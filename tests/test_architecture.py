"""The house rules that a machine can hold: who imports whom, whose names are whose, what every module says first."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from etl.thresholds import Thresholds

REPOSITORY = Path(__file__).resolve().parents[1]
DISTRIBUTION = "lum1"
MAY_IMPORT = {
    "geo": set[str](),
    "search": {"geo"},
    "tiles": {"geo"},
    "etl": {"geo", "search", "tiles"},
    "api": {"geo", "search", "tiles", "etl"},
}
MODULES = sorted(p for package in MAY_IMPORT for p in (REPOSITORY / package).rglob("*.py"))
NAMES = [str(path.relative_to(REPOSITORY)) for path in MODULES]


def imported_packages(path: Path) -> set[str]:
    """Top-level names that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} : import relatif"
            found.add(str(node.module).split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(REPOSITORY).parts[0]
    ours = imported_packages(path) & (set(MAY_IMPORT) | {"tests"})
    assert ours <= MAY_IMPORT[package] | {package}


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_opens_with_its_sentence(path: Path) -> None:
    sentence = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
    assert sentence
    assert sentence[0].strip().endswith((".", ":", "?")) or len(sentence) > 1


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_no_dependency_installs_a_package_with_our_name(name: str) -> None:
    assert packages_distributions().get(name, [DISTRIBUTION]) == [DISTRIBUTION]


def test_every_setting_that_the_code_reads_is_in_the_example() -> None:
    read = {
        node.value
        for path in [*MODULES]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("LUM1_")
        if node.value.isupper() and node.value.replace("_", "").isalnum() and not node.value.endswith("_")
    } | {f"LUM1_GATE_{name.upper()}" for name in Thresholds.__struct_fields__}
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    assert {name for name in read if f"{name}=" not in example} == set()


def test_lock_files_hold_sums_and_no_addresses() -> None:
    python = [path.name for path in REPOSITORY.glob("requirements*.lock")]
    for name in (*python, "api/web/package-lock.json", "tests/elastic/typescript/package-lock.json"):
        content = (REPOSITORY / name).read_text(encoding="utf-8")
        assert not re.search(r'"resolved"|--index-url|--find-links|\bfile:', content), name
        assert "sha256:" in content or '"integrity": "sha512-' in content, name

"""What the end of a run of the tests says of relevance: each set's means, by group and whole, and how they moved."""

import pytest

PROPERTY = "relevance"  # of a test's report: lines to show, so that they come through from another process


def write(terminal: pytest.TerminalReporter) -> None:
    """One table for each set that was measured."""
    for reports in (terminal.stats.get("passed", []), terminal.stats.get("failed", [])):
        for report in reports:
            for name, lines in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    terminal.section("pertinence", sep="-")
                    for line in lines:
                        terminal.write_line(line)

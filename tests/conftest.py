"""Fixtures that tests of several folders share, and what is said of a run at its end."""

from tests.lakes import harmed, key_file, lake_of_two, sample_lake

__all__ = ["harmed", "key_file", "lake_of_two", "sample_lake"]

SEARCHES = ("tests/faults/", "tests/fuzz/")


def pytest_terminal_summary(terminalreporter):
    """Print what the searches for faults counted; a process of xdist would keep it to itself."""
    ends = [each for each in terminalreporter.getreports("") if each.when == "teardown"]
    found = [each for each in ends if each.nodeid.startswith(SEARCHES) and each.capstdout.strip()]
    if found:
        terminalreporter.section("counts")
    for each in sorted(found, key=lambda report: report.nodeid):
        terminalreporter.line(each.nodeid)
        terminalreporter.line(each.capstdout.strip("\n"))

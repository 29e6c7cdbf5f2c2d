"""Fixtures that tests of several folders share, and what is said of a run at its end."""

from tests.lakes import harmed, key_file, lake_of_two, sample_lake

__all__ = ["harmed", "key_file", "lake_of_two", "sample_lake"]

LONGEST = ("tests/flows/test_deployments.py", "tests/integration/test_docs.py")
"""Begun first, each by a process of its own: begun last, one would leave the other cores idle."""

SEARCHES = ("tests/faults/", "tests/fuzz/")


def pytest_collection_modifyitems(items):
    """Put the longest files first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_terminal_summary(terminalreporter):
    """Print what the searches for faults counted; a process of xdist would keep it to itself."""
    ends = [each for each in terminalreporter.getreports("") if each.when == "teardown"]
    found = [each for each in ends if each.nodeid.startswith(SEARCHES) and each.capstdout.strip()]
    if found:
        terminalreporter.section("counts")
    for each in sorted(found, key=lambda report: report.nodeid):
        terminalreporter.line(each.nodeid)
        terminalreporter.line(each.capstdout.strip("\n"))

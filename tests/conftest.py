"""Fixtures that tests of several folders share."""

from tests.lakes import harmed, key_file, lake_of_two, sample_lake

__all__ = ["harmed", "key_file", "lake_of_two", "sample_lake"]

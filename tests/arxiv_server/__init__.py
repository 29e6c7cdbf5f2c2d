"""A loopback arXiv for tests and demonstrations: OAI-PMH and the query API over a store."""

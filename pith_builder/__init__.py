"""Pith Builder: mint, keep and verify content-addressed records of arXiv papers."""

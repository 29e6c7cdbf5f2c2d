"""What pytest leaves alone here: modules of packages that `make test` does not install."""

collect_ignore = ["rivals/dlt_rows.py", "rivals/nanopubs.py"]

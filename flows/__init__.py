"""When and where Pith Builder runs: Prefect's only home. What it does is in `pith_builder`."""

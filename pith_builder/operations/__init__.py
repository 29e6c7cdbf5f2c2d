"""What the pipeline does, from build to audit; knows neither Prefect nor the command line."""

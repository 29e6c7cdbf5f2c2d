"""The lake over HTTP. The only home of Starlette and uvicorn."""

"""A Prefect server and a worker of its own on loopback, spoken to over HTTP."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.lakes import ROOT, bare_environment
from tests.makers import NOW

START_SECONDS = 90
RUN_SECONDS = 180
"""A run starts late where the machine has much else to do."""
BUSY = 503
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def until(found, seconds=RUN_SECONDS, every=0.1):
    """Return what `found()` gives once it is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if result := found():
                return result
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {found}")


GRACE_SECONDS = 3
"""Prefect's server may wait half a minute for connections that nobody needs any more."""


@contextmanager
def process(log, *command, **environment):
    """Run a process; end it by its own id, harshly at need."""
    with log.open("wb") as out:
        started = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


class Site:
    """Where flows run: `home` is Prefect's, `environment` that of its processes.

    A run that is told of no arXiv finds nobody: the one of all the world is not for tests.
    """

    def __init__(self, folder, port):
        self.folder = folder
        self.home = folder / "home"
        self.port = port
        self.environment = {
            **{k: v for k, v in bare_environment().items() if not k.startswith("PREFECT_")},
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_DEPLOYMENT_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.3",
            "PITH_OAI_URL": "http://127.0.0.1:9/oai",
            "PITH_API_URL": "http://127.0.0.1:9/api/query",
            "PITH_PACE_SECONDS": "0",
            "PITH_ATTEMPTS": "1",
        }
        self._client = httpx.Client(base_url=self.environment["PREFECT_API_URL"], timeout=30)

    @contextmanager
    def running(self):
        prefect = (sys.executable, "-m", "prefect")
        server = (*prefect, "server", "start", "--port", str(self.port))
        with process(self.folder / "server.log", *server, **self.environment):
            until(lambda: self._client.get("/health").is_success, START_SECONDS)
            worker = (*prefect, "worker", "start", "--pool", "pith", "--type", "process")
            with process(self.folder / "worker.log", *worker, "--name", "test", **self.environment):
                until(lambda: self._client.get("/work_pools/pith").is_success, START_SECONDS)
                self.prefect("deploy", "--all")
                yield self
        self._client.close()

    def prefect(self, *arguments):
        """Run `prefect` as in the README."""
        command = (sys.executable, "-m", "prefect", "--no-prompt", *arguments)
        return self.python(*command[1:])

    def python(self, *arguments, **environment):
        done = subprocess.run(  # noqa: S603 - our own command
            (sys.executable, *arguments),
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        out = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 0, out
        return out

    def deploy(self, model, **changes):
        """Deploy one of `prefect.yaml`, changed, under a name of its own."""
        import yaml  # noqa: PLC0415 - Prefect brings it

        said = yaml.safe_load((ROOT / "prefect.yaml").read_text())
        as_is = next(each for each in said["deployments"] if each["name"] == model)
        changed = {**as_is, **changes}
        if "env" in changed:
            pool = as_is["work_pool"]
            env = {**pool["job_variables"]["env"], **changed.pop("env")}
            changed["work_pool"] = {**pool, "job_variables": {"env": env}}
        file = self.folder / f"{changed['name']}.yaml"
        file.write_text(yaml.safe_dump({**said, "deployments": [changed]}))
        self.prefect("deploy", "--prefect-file", str(file), "--name", changed["name"])

    def ask(self, method, path, **content):
        """Ask the server; while its SQLite is busy it says so, and Prefect asks again, too."""

        def answered():
            answer = self._client.request(method, path, **content)
            return None if answer.status_code == BUSY else answer

        answer = until(answered)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, **content):
        return self.ask("POST", path, json=content)

    def delete(self, path):
        self.ask("DELETE", path)

    def start(self, deployment, parameters=None, **environment):
        """Start a run of a deployment; return its id."""
        found = self.get(f"/deployments/name/{deployment}")
        return self.post(
            f"/deployments/{found['id']}/create_flow_run",
            parameters=parameters or {},
            job_variables={"env": {name: str(value) for name, value in environment.items()}},
        )["id"]

    def state(self, run):
        return self.get(f"/flow_runs/{run}")["state"]

    def ended(self, run):
        """Wait until a run has ended; return its state."""

        def state():
            found = self.state(run)
            return found if found["type"] in ENDED else None

        return until(state)

    def run(self, deployment, parameters=None, **environment):
        """Run a deployment to its end; return its id and state."""
        run = self.start(deployment, parameters, **environment)
        return run, self.ended(run)

    def process_of(self, run):
        """Return the process id of a run, once it has one and runs."""

        def found():
            told = self.get(f"/flow_runs/{run}")
            return told["state_type"] == "RUNNING" and told["infrastructure_pid"]

        return int(str(until(found)).split(":")[-1])

    def artifacts(self, run):
        """Return the artifacts of a run by their keys; those without one by their type."""
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return {each["key"] or each["type"]: each for each in found}

    def report(self, run, key):
        return self.artifacts(run)[f"{key}-report"]["data"]

    def logs(self, run):
        """Return what a run logged; its last line comes a moment after its end."""
        time.sleep(1)
        found = self.post("/logs/filter", logs={"flow_run_id": {"any_": [run]}}, limit=200)
        return [line["message"] for line in found]

    def task_runs(self, run):
        return self.post("/task_runs/filter", flow_runs={"id": {"any_": [run]}})


def settings(arxiv, lake, key_file):
    """Return the environment of a run on a loopback arXiv."""
    return {"PITH_OAI_URL": arxiv.oai_url, "PITH_LAKE": lake, "PITH_SIGNING_KEY_FILE": key_file}


def options(**changes):
    """Return options that date everything with one instant, and wait for no long."""
    return {
        "now": NOW.isoformat(),
        "workers": 1,
        "retries": 1,
        "retry_seconds": 0.1,
        "wait_seconds": 60,
        **changes,
    }


def everything_in(folder):
    """Yield every file below a folder and its bytes; those that vanish meanwhile are left out."""
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield Path(place, name), Path(place, name).read_bytes()

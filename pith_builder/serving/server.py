"""Running the application: on this machine alone, unless told otherwise."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from pith_builder.core.registry import Registry
from pith_builder.errors import UsageError
from pith_builder.serving.app import application
from pith_builder.serving.site import Site

_SECONDS_TO_FINISH = 3


@contextmanager
def listening(host: str, port: int, *, allow_remote: bool) -> Iterator[tuple[socket.socket, str]]:
    """Listen on an address, and give the socket and the URL it is reached at.

    Args:
        host: A name or an address.
        port: A port, or 0 for a free one.
        allow_remote: Whether others than this machine may reach it.

    Raises:
        UsageError: The address is not this machine's own loopback, or cannot be listened on.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if not ipaddress.ip_address(address[0]).is_loopback and not allow_remote:
            raise UsageError(
                f"{host} can be reached from other machines: wanted 127.0.0.1, ::1 or localhost; "
                "give --allow-remote if that is what you want"
            )
        listener = socket.create_server(address[:2], family=family)
    except OSError as error:
        raise UsageError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    with listener:
        name, number = listener.getsockname()[:2]
        shown = f"[{name}]" if family is socket.AF_INET6 else name
        yield listener, f"http://{shown}:{number}/"


def run(lake: Path, registry: Registry, listener: socket.socket) -> None:
    """Serve until interrupted; that the lake is damaged is told to those who ask."""
    config = uvicorn.Config(
        application(Site(lake, registry)),
        access_log=False,
        lifespan="off",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    with suppress(KeyboardInterrupt):  # how it is meant to end
        uvicorn.Server(config).run(sockets=[listener])

"""Ports of 127.0.0.1 that nobody else gets before a server of one's own listens there."""

import socket
from contextlib import contextmanager


@contextmanager
def held_port():
    """Give a port, and hold it to the end: tests beside these look for free ones all the time.

    It is bound, and nobody listens. The system gives a bound port to no one who asks for any;
    one who names it may have it beside the holder, as servers do (socket(7), SO_REUSEADDR).
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]

"""A client of a Jupyter kernel that never waits for an answer that is already there."""

from __future__ import annotations

from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type


class ShellChannel(AsyncZMQSocketChannel):
    """A channel on which something may be sent while another task waits for what comes.

    A ZeroMQ socket says only once that something has come (`ZMQ_FD` is edge-triggered: zmq_getsockopt(3)), and a message
    that is sent takes that word away. Where nbclient tells a widget of its state while a cell runs, the reply of the cell
    could come at that moment, and was waited for until the end of time. Asking the socket for its events passes the word on.
    """

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message."""
        super().send(msg)
        if self.socket is not None:
            self.socket.get(zmq.EVENTS)


class KernelClient(AsyncKernelClient):
    """A client for `AsyncKernelManager(client_class=CLIENT)`."""

    shell_channel_class = Type(ShellChannel)


CLIENT = f"{__name__}.{KernelClient.__name__}"

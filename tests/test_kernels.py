"""The client of kernels: what has come is seen, whatever is sent meanwhile."""

from __future__ import annotations

import asyncio
import time

import pytest
import zmq
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from nb2pipe.kernels import ShellChannel


async def answer(channel_class: type[AsyncZMQSocketChannel]) -> str:
    """What a kernel answers, where something is sent to it at the very moment at which the answer comes."""
    session = Session(key=b"")
    kernel = zmq.Context.instance().socket(zmq.ROUTER)
    socket = zmq.asyncio.Context.instance().socket(zmq.DEALER)
    try:
        socket.connect(f"tcp://127.0.0.1:{kernel.bind_to_random_port('tcp://127.0.0.1')}")
        channel = channel_class(socket, session, asyncio.get_running_loop())
        channel.send(session.msg("execute_request"))
        sender, _ = session.feed_identities(await asyncio.to_thread(kernel.recv_multipart))
        waiting = asyncio.create_task(channel.get_msg())
        await asyncio.sleep(0.1)
        session.send(kernel, session.msg("execute_reply"), ident=sender)
        time.sleep(0.2)  # noqa: ASYNC251  it has come, and the loop has not looked yet
        channel.send(session.msg("comm_msg"))
        return str((await asyncio.wait_for(waiting, 5))["msg_type"])
    finally:
        kernel.close(0)
        socket.close(0)


def test_an_answer_is_seen_while_something_is_sent() -> None:
    assert asyncio.run(answer(ShellChannel)) == "execute_reply"


def test_it_is_still_overlooked_without() -> None:
    """Where this no longer fails, jupyter_client has mended it, and the channel can go."""
    with pytest.raises(TimeoutError):
        asyncio.run(answer(AsyncZMQSocketChannel))

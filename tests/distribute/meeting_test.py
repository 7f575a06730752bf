"""Workers that wait for each other: who comes, who does not, who leaves."""

import concurrent.futures
import socket
import threading
import time

import pytest

from tf_mmdgan import errors
from tf_mmdgan.distribute.meeting import meet

PATIENCE = 20.0


def free_addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    names = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return names


def connect(address):
    """To the first worker, as soon as it listens."""
    host, port = address.split(":")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, int(port)))
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_return_when_the_last_one_has_come(order, capfd):
    addresses = free_addresses(3)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        first, second = (
            pool.submit(meet, addresses, index, PATIENCE) for index in order[:2]
        )
        time.sleep(0.5)
        assert not first.done() and not second.done()
        meet(addresses, order[2], PATIENCE)
        first.result(PATIENCE)
        second.result(PATIENCE)
    told = capfd.readouterr().err
    assert told.count("waiting for worker") == 3
    assert f"waiting for worker 0 at {addresses[0]} (from TF_CONFIG" in told


def test_one_worker_waits_for_nobody(capfd):
    meet(["127.0.0.1:1"], 0)
    assert not capfd.readouterr().err


@pytest.mark.parametrize("index, awaited", [(0, 1), (1, 0)])
def test_a_worker_that_does_not_come_is_named(index, awaited, capfd):
    addresses = free_addresses(2)
    who = f"worker {awaited} at {addresses[awaited]}"
    with pytest.raises(errors.DataError, match=f"no sign of {who}.*unset"):
        meet(addresses, index, 0.3)
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert f"waiting for {who} " in told
    assert "--strategy=one_device ignores it" in told


def test_neither_strangers_nor_those_who_left_are_counted():
    addresses = free_addresses(2)
    waiting = threading.Thread(target=meet, args=(addresses, 0, PATIENCE))
    waiting.start()
    with connect(addresses[0]) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert not stranger.recv(1)
    for greeting in (b"tf_mmdgan worker 7", b"tf_mmdgan worker one"):
        with connect(addresses[0]) as stranger:
            stranger.sendall(greeting)
            time.sleep(0.3)
            assert waiting.is_alive()
    meet(addresses, 1, PATIENCE)
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_a_worker_that_left_is_awaited_again():
    addresses = free_addresses(3)
    waiting = threading.Thread(target=meet, args=(addresses, 0, PATIENCE))
    waiting.start()
    with connect(addresses[0]) as gone:
        gone.sendall(b"tf_mmdgan worker 1")
        time.sleep(0.3)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        second = pool.submit(meet, addresses, 2, PATIENCE)
        time.sleep(0.5)
        assert waiting.is_alive() and not second.done()
        meet(addresses, 1, PATIENCE)
        second.result(PATIENCE)
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.DataError, match=f"port {port} .*in use"):
            meet([f"127.0.0.1:{port}", "127.0.0.1:1"], 0, PATIENCE)

"""Both clients against servers of others: one line, soon, in little memory."""

import gzip
import json
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from hostile import (
    grpc_metadata,
    grpc_server,
    http,
    raw_server,
    refusal,
    rest_metadata,
    sampler,
)
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.tools.sample import sample

pytestmark = pytest.mark.usefixtures("imported")

ROOT = pathlib.Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def dripping(start, drop):
    def answer():
        yield start
        while True:
            time.sleep(0.05)
            yield drop

    return answer


@pytest.mark.parametrize(
    "start, drop",
    [
        (b"", b"H"),
        (OK, b"a"),
        (OK, b"A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"Content-Length: 9999\r\n\r\n", b" "),
        (OK + CHUNKED, b"1\r\n \r\n"),
        (OK + CHUNKED, b"0"),
        (OK + b"\r\n", b" "),
    ],
)
def test_the_timeout_is_that_of_the_whole_answer(start, drop):
    with raw_server(dripping(start, drop)) as target, within(seconds=5):
        message = refusal(lambda: sampler(target, True, timeout=0.3))
    assert "within 0.3 seconds" in message or "REST port" in message


def test_the_timeout_is_that_of_greetings_too():
    with raw_server(dripping(b"", b"\x16")) as target, within(seconds=5):
        refusal(lambda: sampler(target, True, timeout=0.3, tls=True))
        refusal(lambda: sampler(target, False, timeout=0.3, tls=True))
        refusal(lambda: sampler(target, False, timeout=0.3))


def test_the_timeout_is_that_of_all_addresses(monkeypatch):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        place = silent.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # more than it takes
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(place)
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", place)
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, **__: [address] * 40
        )
        target = f"many.invalid:{place[1]}"
        with within(seconds=5):
            message = refusal(lambda: sampler(target, True, timeout=0.3))
        for client in waiting:
            client.close()
    assert "within 0.3 seconds" in message


def endless(start):
    def answer():
        yield start
        while True:
            yield b"1" * 2**20

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        endless(OK + b"\r\n"),
        endless(OK + b"A: "),
        endless(OK + b"Content-Length: 1099511627776\r\n\r\n"),
        endless(OK + CHUNKED + b"-1\r\n"),
        endless(OK + CHUNKED + b"-5\r\n"),
        endless(OK + CHUNKED + b"-ffffffffffffffffffff\r\n"),
        endless(OK + CHUNKED + b"ffffffffffffffffffff\r\n"),
        endless(OK + CHUNKED + 10**5 * b"2\r\nab\r\n" + b"-1\r\n"),
        http(
            gzip.compress(bytes(2**28), 1), "200 OK", "Content-Encoding: gzip"
        ),
    ],
)
def test_bodies_are_bounded(answer):
    with raw_server(answer) as target, within(seconds=20, megabytes=64):
        assert "is it the REST port" in refusal(lambda: sampler(target, True))


@pytest.mark.parametrize(
    "body",
    [
        "[" * 10**6,
        '{"metadata": ' * 10**5,
        '{"metadata": NaN}',
        '{"metadata": {"signature_def": {"signature_def": {"a": 3}}}}',
        b"\xff\xfe",
    ],
)
def test_descriptions_of_models_are_not_believed(body):
    with raw_server(http(body)) as target, within(seconds=10):
        assert "is it the REST port" in refusal(lambda: sampler(target, True))


def test_errors_of_servers_are_shortened():
    for content in ("\x1b[31m" * 10**5, {"a": []}, 3):
        body = json.dumps({"error": content})
        for status in ("400 Bad", "500 Worse"):
            kind = errors.UsageError if "400" in status else errors.DataError
            with raw_server(http(body, status)) as target:
                refusal(lambda t=target: sampler(t, True), kind)


@pytest.mark.parametrize("part", ["assertion failed: [", "{{", "File "])
def test_errors_of_servers_are_looked_through_once(part):
    body = json.dumps({"error": part * (2**22 // len(part) - 9)})
    with raw_server(http(body, "500 Error")) as target, within(seconds=10):
        assert "HTTP status 500" in refusal(lambda: sampler(target, True))


@pytest.mark.parametrize("model_name", ["дом", "a/b c"])
def test_names_of_models_are_quoted(model_name):
    with raw_server(http("{}", "404 Gone")) as target:
        refusal(lambda: sampler(target, True, model_name=model_name))


def images(count, size=2, level=7):
    return np.full((count, size, size, 1), level).tolist()


def rest_answer(value, **more):
    # The only output has no name, unless there are others.
    return json.dumps({"outputs": {"images": value, **more} if more else value})


REST_ANSWERS = {
    "too few": rest_answer(images(1)),
    "too many": rest_answer(images(15)),
    "larger": rest_answer(images(3, size=200)),
    "ragged": rest_answer([*images(2), [1]]),
    "no number": rest_answer(images(3)).replace("7", "null"),
    "no level": rest_answer(images(3)).replace("7", "0.7"),
    "not a number": rest_answer(images(3)).replace("7", "NaN"),
    "texts": rest_answer(images(3)).replace("7", '"7"'),
    "truth values": rest_answer(images(3)).replace("7", "true"),
    "infinite": rest_answer(images(3)).replace("7", "1e999"),
    "negative": rest_answer(images(3, level=-1)),
    "too bright": rest_answer(images(3, level=256)),
    "huge": rest_answer(images(3)).replace("7", "1" + "0" * 400),
    "another name": rest_answer(1, pictures=2).replace("images", "other"),
    "nested": '{"outputs": ' + "[" * 500 + "]" * 500 + "}",
    "too deep": '{"outputs": ' + "[" * 10**5,
    "a long text": rest_answer(["x" * 10**6, *images(2)]),
    "no object": "[]",
}


@pytest.mark.parametrize("name", REST_ANSWERS)
def test_answers_over_rest_are_what_was_asked_for(name, tmp_path):
    out = tmp_path / "drawn.npz"
    answers = http(rest_metadata()), http(REST_ANSWERS[name])
    with raw_server(*answers) as target, within(seconds=10):
        config = SampleConfig(
            target=target, rest=True, num_samples=3, retries=0, out=str(out)
        )
        message = refusal(lambda: sample(config))
    assert "is it the REST port" in message and not out.exists()


@pytest.mark.parametrize("part", ["[],", "{},", '"ab",'])
def test_answers_have_no_more_lists_than_were_asked_for(part):
    """Each of them takes twenty times the memory of its bytes."""
    body = '{"outputs": [' + part * (2**24 // len(part)) + "1]}"
    answers = http(rest_metadata((-1, 64, 64, 3))), http(body)
    with raw_server(*answers) as target:
        asked = sampler(target, True)
        with within(seconds=20, megabytes=150):
            message = refusal(lambda: asked.sample(64, seed=0))
    assert "more lists than were asked for" in message


def test_answers_have_no_more_numbers_than_were_asked_for():
    body = '{"outputs": [' + "300," * 10**6 + "1]}"
    answers = http(rest_metadata((-1, 256, 256, 3))), http(body)
    with raw_server(*answers) as target:
        asked = sampler(target, True)
        with within(seconds=20, megabytes=20):
            message = refusal(lambda: asked.sample(2, seed=0))
    assert "more numbers than were asked for" in message


def test_a_right_answer_over_rest_is_taken():
    answers = http(rest_metadata()), http(rest_answer(images(3)))
    with raw_server(*answers) as target:
        drawn = sampler(target, True).sample(3, seed=0)
    np.testing.assert_array_equal(drawn.images, np.full((3, 2, 2, 1), 7))


@pytest.mark.parametrize(
    "body",
    [
        '{"metadata": {"signature_def": {"signature_def": []}}}',
        rest_metadata().replace("sample_range", r"\u001b[2J" * 10**4),
        rest_metadata().replace("DT_UINT8", "DT_NONSENSE"),
    ],
)
def test_other_models_over_rest_are_refused(body):
    with raw_server(http(body)) as target:
        message = refusal(lambda: sampler(target, True), errors.UsageError)
    assert "not exported by tf_mmdgan" in message


def test_images_that_no_memory_holds_are_not_asked_for():
    metadata = grpc_metadata((-1, 2**20, 2**20, 3))
    with grpc_server(b"", metadata) as target, within(5, megabytes=16):
        asked = sampler(target, False)
        message = refusal(lambda: asked.sample(1, 0), errors.UsageError)
    assert "ask for fewer at a time" in message


@pytest.mark.slow
def test_what_servers_say_in_parting_is_shown_as_text():
    """In a process of its own, for gRPC asks once how much it shall tell."""
    said = b"\x1b[2J\r\nerror: as if from here"
    size = (8 + len(said)).to_bytes(3, "big")
    settings = b"\0\0\0\4\0\0\0\0\0"
    goaway = size + b"\7\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\2" + said
    with raw_server(lambda: [settings + goaway]) as target:
        done = subprocess.run(
            [sys.executable, "tools/sample.py", f"--target={target}",
             "--retries=0", "--out=none.png"],
            cwd=ROOT, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.isprintable() and "[2J" in line

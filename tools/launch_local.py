"""Starts N workers of tf-mmdgan train on this machine, to try --strategy.

tf-mmdgan launch_local 2 -- --flagfile=flags/digits_mmd.cfg --run_dir=two

Worker 0 is the chief: it writes the run's files, and its last line of stdout
is that of this tool. Logs of all come on stderr behind their numbers. Each
worker gets its share of the processor cores, where there are enough. When one
dies the others are ended; the same command again goes on from the last
checkpoint, which --restarts=K before the -- does by itself, K times at most.
Signals are passed on to all.
"""

import argparse
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, NoReturn

from tf_mmdgan import errors
from tf_mmdgan.tools import streams

_TRAIN = (
    sys.executable, "-m", "tf_mmdgan.tools.train", "--strategy=multi_worker",
)  # fmt: skip
# The C library would give the memory of a step back to the kernel, and have it
# cleared anew in the next; workers, which have a core each, wait for that.
# Variables of glibc; elsewhere they do nothing.
_KEEP_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
}
# From a signal to a worker to its end, which is a checkpoint away.
_GRACE_SECONDS = 60.0
# A worker that waits for a dead one can not save: it is not given long.
_BEREAVED_SECONDS = 5.0
_POLL_SECONDS = 0.2


def main() -> NoReturn:
    """Console entry point."""
    errors.speak_of_flags()
    streams.open_closed()
    with streams.written():
        _launch()


def _launch() -> NoReturn:
    options = _parse(sys.argv[1:])
    streams.check_stdout()
    received = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda number, frame: received.append(number))
    for _ in range(options.restarts + 1):
        code = _run(options.workers, options.flags, received)
        # Neither success nor a wrong setting is better the second time.
        if code in (0, 2) or received:
            break
    sys.exit(code)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        usage="tf-mmdgan launch_local N [--restarts=K] -- FLAGS OF train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workers", type=int, help="N, workers to start.")
    parser.add_argument(
        "--restarts", type=int, default=0, help="K; by default none."
    )
    parser.error = _fail
    arguments = list(arguments)
    dashes = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:dashes])
    options.flags = arguments[dashes + 1 :]
    if options.workers < 1 or options.restarts < 0:
        _fail("N must be 1 or more, and --restarts 0 or more.")
    return options


def _fail(message: str) -> NoReturn:
    errors.tell(f"error: {message}")
    sys.exit(2)


def _run(count: int, flags: Sequence[str], received: Sequence[int]) -> int:
    """Runs all workers to their end; returns an exit code."""
    workers = [
        _start(index, environment, cores, flags)
        for index, (environment, cores) in enumerate(
            zip(environments(count), _cores(count), strict=True)
        )
    ]
    threads = [
        threading.Thread(target=_relay, args=(index, worker.stderr))
        for index, worker in enumerate(workers)
    ]
    last_lines = collections.deque(maxlen=1)
    threads.append(
        threading.Thread(target=last_lines.extend, args=(workers[0].stdout,))
    )
    for thread in threads:
        thread.start()
    code = _wait(workers, received)
    for thread in threads:
        thread.join()
    if code == 0:
        sys.stdout.writelines(last_lines)
    return code


def environments(count: int) -> list[dict[str, str]]:
    """Of so many workers on this machine, at ports that nobody uses."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _free_ports(count)]}
    tasks = [{"type": "worker", "index": index} for index in range(count)]
    return [
        {
            **_KEEP_MEMORY,
            **os.environ,
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
        }
        for task in tasks
    ]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _cores(count: int) -> Iterator[list[int] | None]:
    """Cores of each worker; None for all, where there are too few."""
    cores = sorted(os.sched_getaffinity(0))
    for index in range(count):
        yield cores[index::count] if len(cores) >= count else None


def _start(
    index: int,
    environment: Mapping[str, str],
    cores: Sequence[int] | None,
    flags: Sequence[str],
) -> subprocess.Popen:
    def pin():
        if cores:
            os.sched_setaffinity(0, cores)

    return subprocess.Popen(
        [*_TRAIN, *flags],
        env=environment,
        stdout=subprocess.PIPE if index == 0 else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches the workers through this process alone.
        start_new_session=True,
        preexec_fn=pin,
    )


def _relay(index: int, lines: IO[str]) -> None:
    for line in lines:
        errors.tell(f"[{index}] {line.rstrip()}")


def _wait(workers: Sequence[subprocess.Popen], received: Sequence[int]) -> int:
    """Waits for all; ends all when one has failed, or at a signal."""
    while True:
        codes = [worker.poll() for worker in workers]
        failed = next((i for i, code in enumerate(codes) if code), None)
        if received:
            _end(workers, received[0], _GRACE_SECONDS)
            return 128 + received[0]
        if failed is not None:
            code = codes[failed]
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            others = [w for w in workers if w.poll() is None]
            _end(others, signal.SIGTERM, _BEREAVED_SECONDS)
            errors.tell(
                f"error: worker {failed} ended by {how}; the others have been "
                "ended."
                + " The same command goes on from the last checkpoint."
                * (code != 2)
            )
            return code if code > 0 else 1
        if None not in codes:
            return 0
        time.sleep(_POLL_SECONDS)


def _end(
    workers: Sequence[subprocess.Popen], number: int, seconds: float
) -> None:
    """Sends a signal, and SIGKILL to what is left after some seconds."""
    for worker in workers:
        if worker.poll() is None:
            worker.send_signal(number)
    deadline = time.monotonic() + seconds
    for worker in workers:
        try:
            worker.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


if __name__ == "__main__":
    main()

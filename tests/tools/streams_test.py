"""Standard streams that are closed, full, or read by nobody any more."""

import os
import subprocess
import sys

import pytest

NO_RESULT = "error: The result cannot be written to stdout ("
PRINTS = """
import sys, time
from tf_mmdgan import errors
from tf_mmdgan.tools import streams
streams.open_closed()
with streams.written():
    try:
        streams.check_stdout()
    except errors.DataError as error:
        errors.tell(f"error: {error}")
        sys.exit(1)
    time.sleep(WAIT)
    errors.tell("message")
    print("result")
"""
IMPORTS = """
import os, signal, sys
from tf_mmdgan import errors
from tf_mmdgan.tools import streams
with streams.withheld():
    os.write(2, b"remark\\n")
    END
errors.tell("afterwards")
"""


def shell(line, script):
    """A line of a shell, in which TOOL is a script."""
    return subprocess.run(
        ["bash", "-c", f'TOOL() {{ "$PYTHON" -c "$SCRIPT"; }}; {line}'],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHON": sys.executable, "SCRIPT": script},
        timeout=60,
    )


@pytest.mark.parametrize(
    "line, code, out, err",
    [
        ("TOOL", 0, "result\n", "message\n"),
        ("TOOL <&-", 0, "result\n", "message\n"),
        ("TOOL 2>&-", 0, "result\n", ""),
        ("TOOL 2>/dev/full", 0, "result\n", ""),
        ("TOOL >&-", 1, "", f"{NO_RESULT}Bad file descriptor)"),
        ("TOOL >&- 2>&-", 1, "", ""),
        ("TOOL >/dev/full", 1, "", f"{NO_RESULT}No space left on device)"),
        ("TOOL | true; exit ${PIPESTATUS[0]}", 141, "", "message\n"),
        ("TOOL 2>&1 | true; exit ${PIPESTATUS[0]}", 141, "", ""),
    ],
    ids=lambda value: value if "TOOL" in str(value) else "",
)  # fmt: skip
def test_what_becomes_of_result_and_message(line, code, out, err):
    # The reader of a pipe is to be gone when something is written.
    wait = 0.5 * ("|" in line)
    done = shell(line, PRINTS.replace("WAIT", str(wait)))
    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.count("\n") == bool(err) and done.stderr.startswith(err)


@pytest.mark.parametrize(
    "end, code, err",
    [
        ("pass", 0, "afterwards\n"),
        ("os.write(2, b'last words'); os._exit(3)", 3, "remark\nlast words"),
        ("os.write(2, b'last words'); os.abort()", -6, "remark\nlast words"),
        ("raise ImportError('no such library')", 1, "remark\nTraceback "),
        ("raise errors.UsageError('in one line')", 1, "Traceback "),
    ],
)  # fmt: skip
def test_last_words_are_not_withheld(end, code, err):
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS.replace("END", end)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code
    assert done.stderr.startswith(err)
    assert done.stderr == err or "Traceback" in done.stderr


def test_nothing_is_withheld_where_there_can_be_no_more_processes():
    refuse = "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))"
    script = f"import resource\n{IMPORTS}".replace("END", "pass").replace(
        "with streams", f"{refuse}\nwith streams"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "remark\nafterwards\n")


def test_a_disk_that_gets_full_is_told_when_the_result_is_written(tmp_path):
    line = f"ulimit -f 0; trap '' XFSZ; TOOL >{tmp_path}/out"
    done = shell(line, PRINTS.replace("WAIT", "0"))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "message" and second.startswith(f"{NO_RESULT}File too lar")

"""Where measurements are written, and the machine that they were made on."""

import datetime
import os
import pathlib
import platform
import re

import numpy as np
import tensorflow as tf

from tf_mmdgan import files
from tf_mmdgan.training import run_directory


def machine():
    """What the numbers depend on."""
    processor = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        processor = re.search(r"model name\s*: (.+)", info.read_text())[1]
    return {
        "processor": f"{processor}, {len(os.sched_getaffinity(0))} cores",
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "commit": run_directory.commit(),
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
    }


def write(path, text, name="benchmark"):
    """Puts the table between the marks of that name in a document."""
    path = pathlib.Path(path)
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = path.read_text().partition(begin)
    if end not in rest:
        raise SystemExit(f"{path} has no marks {begin.strip()}, {end}.")
    tail = rest.partition(end)[2]
    files.write_bytes(path, f"{head}{begin}{text}\n{end}{tail}".encode())

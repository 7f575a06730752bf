import concurrent.futures
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from cached_sets import Source, load, pixels

SLOW_BUILD = """
import sys, time
import numpy as np
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data.cache import build, cached

def fill(start, stop):
    time.sleep(0.1)
    return np.full((stop - start, 8, 8, 3), start, np.uint8), None

build._SHARD_IMAGES = 10
plan = build.Plan(200, (8, 8, 3), None, fill)
reading = ReadConfig(cache_dir=sys.argv[1])
cached.cached("set/train", {"v": 1}, lambda: plan, reading)
"""


def test_killed_it_leaves_nothing_but_what_can_be_continued(tmp_path):
    command = [sys.executable, "-c", SLOW_BUILD, str(tmp_path)]
    process = subprocess.Popen(command)
    while process.poll() is None and not any(
        path.stat().st_size > 40
        for path in tmp_path.glob("*.partial/progress.jsonl")
    ):
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -9
    assert [p.suffix for p in tmp_path.iterdir() if p.is_dir()] == [".partial"]
    source = Source(200, num_classes=None)
    images = load(tmp_path, source).images
    done = source.calls[0][0]
    assert done >= 10
    np.testing.assert_array_equal(images[done:], pixels(done, 200))
    np.testing.assert_array_equal(images[:done, 0, 0, 0] % 10, 0)


def test_two_that_want_the_same_build_it_once(tmp_path):
    started, proceed = threading.Event(), threading.Event()

    class Blocked(Source):
        def fill(self, start, stop):
            started.set()
            assert proceed.wait(10)
            return super().fill(start, stop)

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        builder = threads.submit(load, tmp_path, Blocked())
        assert started.wait(10)
        with pytest.warns(UserWarning, match="another process"):
            waiting = threads.submit(load, tmp_path, None)
            time.sleep(0.1)
            assert not waiting.done()
            proceed.set()
            images = waiting.result().images
    np.testing.assert_array_equal(images, builder.result().images)

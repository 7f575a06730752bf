r"""Level, power, speed and memory of two-sample tests, beside other packages.

python -m venv hyppo && hyppo/bin/pip install hyppo
python -m venv alibi && alibi/bin/pip install 'alibi-detect[tensorflow]'
python -m venv kt && kt/bin/pip install kerneltests
python benchmarks/two_sample.py --out=two_sample.json \
    --hyppo=hyppo/bin/python --alibi=alibi/bin/python \
    --kerneltests=kt/bin/python

level, trained_level: how often each test rejects where both laws are equal, at
5 %.
power: how often it rejects where they differ; all tests see the same samples.
speed: seconds of a test of 1,000 + 1,000 rows of 100 numbers with 1,000
permutations, this package and the others in turn.
memory: the peak of a test of 20,000 + 20,000 rows, in a process of its own.

What is in --out already is kept; name parts by --parts. What a peer has
no interpreter for is left out. For steady levels and powers in little time run
it with OPENBLAS_NUM_THREADS=1; for speed without.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import functools
import json
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
from absl import app, flags
from two_sample_laws import LAWS

from tf_mmdgan import files, mmd
from tf_mmdgan.metrics import kid_tests
from tf_mmdgan.metrics.trained_tests import TRAINED_TESTS

_OUT = flags.DEFINE_string("out", "two_sample.json", "File of the numbers.")
_PARTS = flags.DEFINE_list(
    "parts", "level,trained_level,power,speed,memory", "What to do."
)
_LEVELS = flags.DEFINE_integer("repetitions", 2000, "Of the level.")
_TRAINED = flags.DEFINE_integer("trained_repetitions", 500, "Of the level.")
_POWERS = flags.DEFINE_integer("power_repetitions", 200, "Of the power.")
_BLOBS = flags.DEFINE_integer("blob_repetitions", 100, "Of blobs.")
_ROUNDS = flags.DEFINE_integer("rounds", 1, "Of the peers' speed.")
_INTERPRETERS = {
    name: flags.DEFINE_string(name, None, f"Interpreter that has {name}.")
    for name in ("hyppo", "alibi", "kerneltests")
}

PEERS = pathlib.Path(__file__).with_name("two_sample_peers.py")
PEER_TESTS = {
    "hyppo MMD": "hyppo",
    "alibi-detect MMDDrift": "alibi",
    "kerneltests MMDAgg": "kerneltests",
    "kerneltests MMD-FUSE": "kerneltests",
}
# Whose speed is measured.
TIMED = ("hyppo MMD", "alibi-detect MMDDrift")
# Whatever their number, the level is exact.
LEVEL_PERMUTATIONS = 199
# Of power; more change little, and peers take their time for each.
PERMUTATIONS = 299
PROBLEMS = {
    "shifted": ("hyppo MMD", "alibi-detect MMDDrift"),
    "perturbed_uniforms": tuple(PEER_TESTS),
}
POWER_TESTS = ("permutation", "mmdagg", "mmd_fuse")


def own_tests():
    """Each test of the package, of one estimator each, by name."""
    return {
        f"{method}, {estimator}": functools.partial(
            mmd.two_sample_test, method=method, estimator=estimator
        )
        for method, entry in mmd.TWO_SAMPLE_TESTS.items()
        for estimator in entry.estimators
    }


def any_sizes(name):
    """Whether a test takes samples of unequal sizes."""
    return name in ("normal, cross", "normal, block") or (
        "quadratic" in name and "wild" not in name
    )


def rate(rejections):
    """A share and its standard error."""
    share = float(np.mean(rejections))
    error = (share * (1 - share) / len(rejections)) ** 0.5
    return {"share": share, "error": error, "repetitions": len(rejections)}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def levels():
    """Rejections of equal laws, at n = m = 20 and at 50 and 200."""
    measures = {}
    for name, test in own_tests().items():
        sizes = [(20, 20)] + ([(50, 200)] if any_sizes(name) else [])
        test = functools.partial(test, num_permutations=LEVEL_PERMUTATIONS)
        for n, m in sizes:
            measures[f"{name}, {n} and {m}"] = functools.partial(
                false_alarms, test, n, m, _LEVELS.value
            )
    return measures | {"nearer_test, 100, 100 and 100": nearer_alarms}


def trained_levels():
    """The same of tests that train, at n = m = 50."""
    return {
        f"{name}, 50 and 50": functools.partial(
            false_alarms,
            functools.partial(test, steps=50),
            50,
            50,
            _TRAINED.value,
        )
        for name, test in TRAINED_TESTS.items()
    }


def false_alarms(test, n, m, repetitions):
    """Rejections of two samples of one law."""
    return rate(
        [
            test(*LAWS["same"](seed, n, m), seed=seed).rejected
            for seed in range(repetitions)
        ]
    )


def nearer_alarms():
    """Verdicts of the test of which is nearer, of three samples of one law."""
    verdicts = []
    for seed in range(_LEVELS.value):
        x, both = LAWS["same"](seed, 100, 200)
        found = kid_tests.nearer_test(
            x, both[:100], both[100:], "rbf, median heuristic"
        )
        verdicts.append(found.nearer is not None)
    return rate(verdicts)


class Peer:
    """A process with the tests of other packages."""

    def __init__(self, interpreter):
        self._process = subprocess.Popen(
            [interpreter, str(PEERS)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, test, law, seed, permutations, **settings):
        """What the test answers for samples of that seed."""
        task = {
            "test": test, "law": law, "seed": seed, "settings": settings,
            "permutations": permutations,
        }  # fmt: skip
        self._process.stdin.write(f"{json.dumps(task)}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith('{"p_value"'):
                return json.loads(line)
        raise SystemExit(f"{test} ended: is what it imports there?")

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


def open_peers():
    """A process for each interpreter that is given, by its flag."""
    return {
        name: Peer(flag.value)
        for name, flag in _INTERPRETERS.items()
        if flag.value
    }


def powers():
    """Rejections of laws that differ, of this package and of the others."""
    return {
        **{law: functools.partial(power, law) for law in PROBLEMS},
        "blobs": blob_power,
    }


def power(law):
    """Rejections of one law's two samples, by test."""
    peers, rejected = open_peers(), {}
    for seed in range(_POWERS.value):
        x, y = LAWS[law](seed)
        for method in POWER_TESTS:
            outcome = mmd.two_sample_test(
                x, y, method=method, num_permutations=PERMUTATIONS, seed=seed
            )
            rejected.setdefault(method, []).append(outcome.rejected)
        for name in PROBLEMS[law]:
            if PEER_TESTS[name] in peers:
                answer = peers[PEER_TESTS[name]].ask(
                    name, law, seed, PERMUTATIONS
                )
                rejected.setdefault(name, []).append(answer["rejected"])
    for peer in peers.values():
        peer.close()
    return {name: rate(r) for name, r in rejected.items()}


def blob_power():
    """Rejections of blobs by a learnt kernel, and by one that is not."""
    tests = {
        "permutation": mmd.two_sample_test,
        "mmd_fuse": functools.partial(mmd.two_sample_test, method="mmd_fuse"),
        **TRAINED_TESTS,
    }
    rejected = {name: [] for name in tests}
    for seed in range(_BLOBS.value):
        x, y = LAWS["blobs"](seed)
        for name, test in tests.items():
            rejected[name].append(test(x, y, seed=seed).rejected)
    return {name: rate(r) for name, r in rejected.items()}


def measure_speed():
    """Seconds of one test, in turn, and how many times as long peers take."""
    sizes = {"n": 1000, "m": 1000, "width": 100}
    x, y = LAWS["same"](0, **sizes)
    peers = open_peers()
    tests = [name for name in TIMED if PEER_TESTS[name] in peers]
    for name in tests:  # loads and compiles
        peers[PEER_TESTS[name]].ask(name, "same", 0, 19, n=30, m=30)
    mmd.two_sample_test(x[:30], y[:30])
    seconds = {name: [] for name in ("permutation", *tests)}
    for _ in range(_ROUNDS.value):
        for name in tests:
            seconds["permutation"].append(timed(x, y))
            answer = peers[PEER_TESTS[name]].ask(name, "same", 0, 1000, **sizes)
            seconds[name].append(answer["seconds"])
            seconds["permutation"].append(timed(x, y))
            say(name, seconds)
    for peer in peers.values():
        peer.close()
    own = statistics.median(seconds["permutation"])
    ratios = {n: statistics.median(seconds[n]) / own for n in tests}
    return {"seconds": seconds, "times_as_fast": ratios}


def timed(x, y):
    start = time.perf_counter()
    mmd.two_sample_test(x, y, num_permutations=1000)
    return time.perf_counter() - start


_LARGE = """
import resource, sys, time
sys.path.insert(0, {folder!r})
from two_sample_laws import LAWS
from tf_mmdgan import mmd
x, y = LAWS["same"](0, 20_000, 20_000, 100)
mmd.two_sample_test(x[:30], y[:30])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
found = mmd.two_sample_test(x, y, num_permutations=999)
seconds = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(found.p_value, before, after, seconds)
"""


def measure_memory():
    """Peak memory of a large test, of the whole process, in GiB."""
    code = _LARGE.format(folder=str(PEERS.parent))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    p_value, before, after, seconds = map(float, done.stdout.split())
    unit = 2**20  # KiB in GiB
    return {
        "p_value": p_value,
        "gib_with_imports": before / unit,
        "gib_at_the_peak": after / unit,
        "seconds": seconds,
    }


MEASURES = {
    "level": levels,
    "trained_level": trained_levels,
    "power": powers,
    "speed": lambda: {"1,000 rows": measure_speed},
    "memory": lambda: {"20,000 rows": measure_memory},
}


def tables(found):
    """The numbers as Markdown."""
    lines = []
    levels = found.get("level", {}) | found.get("trained_level", {})
    if levels:
        lines += [
            "| test, rows of x and y | rejected | repetitions |",
            "|---|---|---|",
        ]
        lines += [
            f"| {name} | {100 * r['share']:.1f} % | {r['repetitions']:,} |"
            for name, r in levels.items()
        ]
    for law, tests in found.get("power", {}).items():
        lines += ["", f"| {law} | rejected | repetitions |", "|---|---|---|"]
        lines += [
            f"| {name} | {100 * r['share']:.1f} ± {100 * r['error']:.1f} % | "
            f"{r['repetitions']} |"
            for name, r in tests.items()
        ]
    for part in ("speed", "memory"):
        if part in found:
            lines += ["", f"{part}: {json.dumps(found[part])}"]
    return "\n".join(lines)


def main(_):
    out = pathlib.Path(_OUT.value)
    found = json.loads(out.read_text()) if out.exists() else {}
    for part in _PARTS.value:
        known = found.setdefault(part, {})
        for name, measure in MEASURES[part]().items():
            if name not in known:
                known[name] = measure()
                say(part, name, known[name])
                files.write_json(out, found)
    print(tables(found))
    print(json.dumps(found))


if __name__ == "__main__":
    app.run(main)

r"""KID and FID against torch-fidelity, torchmetrics and TF-GAN; Inception.

python -m venv peers
peers/bin/pip install torch torch-fidelity==0.4.0 torchmetrics
python benchmarks/scoring.py --peer_python=peers/bin/python \
    --write_docs=docs/scoring.md

scores: seconds of each score of the same features, its ratio to a peer's, and
the largest difference of their values. All take turns, a round after the other;
numbers are medians over rounds. What takes part beside TF-GAN runs in the
peers' interpreter, one process for all rounds, where --peer_python names it.
memory: what exact KID takes above its features, at its peak.
images: 1,000 images of 32 pixels through InceptionV3 with random weights, by
the extractor and by the bare network; memory after each call.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import functools
import gc
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import documents
import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from tf_mmdgan import kernels, metrics
from tf_mmdgan.features import extract, network
from tf_mmdgan.metrics import fid, kernel_sums, kid, tfgan

_PARTS = flags.DEFINE_list("parts", "scores,memory,images", "What to measure.")
_PEERS = flags.DEFINE_string("peer_python", None, "Interpreter of the peers.")
_SAMPLES = flags.DEFINE_integer("samples", 10_000, "Rows of either set.")
_WIDTH = flags.DEFINE_integer("width", 2048, "Features.")
_SUBSETS = flags.DEFINE_integer("subsets", 100, "Subsets of 1,000 rows.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of each score.")
_IMAGES = flags.DEFINE_integer("images", 1000, "Images through Inception.")
_CALLS = flags.DEFINE_integer("calls", 3, "Rounds of the images.")
_DOCS = flags.DEFINE_string("write_docs", None, "Document that gets the table.")

PEERS = pathlib.Path(__file__).with_name("scoring_peers.py")
MATMUL, PRODUCTS = 2048, 10
# What is measured, its peer, and how many times as fast it is meant to be.
GOALS = [
    ("KID, subsets of 1,000", "torch-fidelity KID", 1.15),
    ("KID, subsets of 1,000", "torchmetrics KID", None),
    ("KID, exact, all pairs", "torch-fidelity KID", 1.0),
    ("KID, blocks of 1,000, float64", "TF-GAN KID, float64", None),
    ("FID, from statistics", "torch-fidelity FID, from statistics", 3.0),
    ("FID, from features", "torch-fidelity FID", 1.5),
    ("FID, from features", "TF-GAN FID", 8.0),
]


def features(samples, width):
    """Like Inception's: not negative, skewed, correlated, means apart."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(width // 8, width)) / np.sqrt(width // 8)
    for scale in (0.5, 0.52):
        z = rng.normal(size=(samples, width // 8)) @ mixing
        z += 0.5 * rng.normal(size=(samples, width))
        yield np.maximum(scale * z + 0.1, 0.0).astype(np.float32)


def make_scores(real, fake):
    """Functions of this package and of TF-GAN, each returns its value."""
    both = [metrics.Moments.of(x) for x in (real, fake)]
    matrix = tf.random.normal([MATMUL, MATMUL], seed=0)
    product = tf.function(lambda: tf.matmul(matrix, matrix, transpose_b=True))

    def products():
        for _ in range(PRODUCTS):
            value = product()
        return float(value[0, 0])

    tfgan_fid = tfgan.load().frechet_classifier_distance_from_activations

    def of_kid(*args, **kwargs):
        return kid.kid(real, fake, *args, **kwargs).mean

    return {
        "matrix product": products,
        "KID, subsets of 1,000": lambda: of_kid(
            "subsets", num_subsets=_SUBSETS.value, seed=2020
        ),
        "KID, exact, all pairs": lambda: of_kid("exact"),
        "KID, blocks of 1,000, float64": lambda: of_kid("blocks", 1000),
        "FID, from statistics": lambda: metrics.frechet_distance(*both),
        "FID, from features": lambda: fid.fid(real, fake),
        "TF-GAN KID, float64": lambda: tfgan.kid_and_std(real, fake, 1000)[0],
        "TF-GAN FID": lambda: float(
            tfgan_fid(tf.constant(real), tf.constant(fake))
        ),
    }


# Of a peer, and of its task.
PEER_TASKS = {
    "torch-fidelity KID": "kid",
    "torchmetrics KID": "torchmetrics_kid",
    "torch-fidelity FID, from statistics": "fid_statistics",
    "torch-fidelity FID": "fid",
}


class Peers:
    """Scores of a process in another interpreter."""

    def __init__(self, python, folder):
        self._process = subprocess.Popen(
            [python, str(PEERS), str(folder), str(_SUBSETS.value)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answer()

    def ask(self, name):
        """Value and seconds of a task."""
        self._process.stdin.write(f"{PEER_TASKS[name]}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{PEERS.name} ended: has it all its imports?")
        return json.loads(line)


def timed(function):
    start = time.perf_counter()
    value = function()
    return {"value": value, "seconds": time.perf_counter() - start}


def measure_scores():
    """Values and seconds of everything, in turn, and the ratios."""
    real, fake = features(_SAMPLES.value, _WIDTH.value)
    tasks = {
        name: functools.partial(timed, function)
        for name, function in make_scores(real, fake).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        if _PEERS.value:
            for name, rows in (("real", real), ("fake", fake)):
                np.save(pathlib.Path(folder, name), rows)
            peers = Peers(_PEERS.value, folder)
            tasks |= {
                name: functools.partial(peers.ask, name) for name in PEER_TASKS
            }
        rounds = [run_round(tasks, index) for index in range(-1, _ROUNDS.value)]
        if _PEERS.value:
            peers.close()
    rounds = rounds[1:]  # the first one has compiled
    seconds = {name: [r[name]["seconds"] for r in rounds] for name in tasks}
    values = {name: rounds[-1][name]["value"] for name in tasks}
    return {
        "seconds": {k: statistics.median(v) for k, v in seconds.items()},
        "rounds": seconds,
        "values": values,
        "ratios": [
            ratio(ours, peer, goal, seconds, values)
            for ours, peer, goal in GOALS
            if peer in seconds
        ],
        "matmul_gflops": rate(
            2 * PRODUCTS * MATMUL**3, seconds["matrix product"]
        ),
        "exact_gflops": rate(
            # Of symmetric matrices, one half is needed.
            4 * _SAMPLES.value**2 * _WIDTH.value,
            seconds["KID, exact, all pairs"],
        ),
    }


def run_round(tasks, index):
    print(f"round {index + 1} of {_ROUNDS.value}", file=sys.stderr, flush=True)
    return {name: task() for name, task in tasks.items()}


def ratio(ours, peer, goal, seconds, values):
    """How many times as fast as the peer, by the median over rounds."""
    found = [b / a for a, b in zip(seconds[ours], seconds[peer], strict=True)]
    return {
        "score": ours,
        "peer": peer,
        "times_as_fast": statistics.median(found),
        "range": [min(found), max(found)],
        "goal": goal,
        "difference": abs(values[ours] - values[peer]),
        "value": values[ours],
    }


def rate(operations, seconds):
    return operations / statistics.median(seconds) / 1e9


def memory(name):
    """A line of this process's status, in MiB."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024


def measure_memory():
    """The peak of exact KID above what is held before, the features."""
    real, fake = features(_SAMPLES.value, _WIDTH.value)
    gc.collect()
    before = memory("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    kernel_sums.estimate(
        kernel_sums.all_pair_sums(kernels.Polynomial(), real, fake)
    )
    return {
        "features_mib": (real.nbytes + fake.nbytes) / 2**20,
        "peak_above_mib": memory("VmHWM") - before,
    }


def measure_images():
    """Images/s of the extractor and of the bare network, in turn."""
    keras.utils.set_random_seed(0)
    model = keras.applications.InceptionV3(
        weights=None, classifier_activation=None
    )
    outputs = [model.get_layer("avg_pool").output, model.output]
    both = keras.Model(model.inputs, outputs)
    bare = tf.function(lambda images: both(images, training=False))
    extractor = network.Network(
        "inception", "random", functools.partial(both, training=False),
        (299, 299, 3), resize="tf1", classifies=True,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    count, batch = _IMAGES.value, 50
    images = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    ready = tf.constant(rng.uniform(-1, 1, (batch, 299, 299, 3)), tf.float32)

    def run_bare():
        for _ in range(count // batch):
            bare(ready)[0].numpy()

    runs = {
        "extractor": lambda: extract(extractor, images, batch),
        "bare": run_bare,
    }
    for run in (
        lambda: extract(extractor, images[:batch]),
        run_bare,
    ):
        run()
    seconds, resident = {name: [] for name in runs}, []
    for _ in range(_CALLS.value):
        for name, run in runs.items():
            seconds[name].append(timed(run)["seconds"])
        gc.collect()
        resident.append(memory("VmRSS"))
    pairs = zip(seconds["extractor"], seconds["bare"], strict=True)
    return {
        "images": count,
        "images_per_second": {
            name: count / statistics.median(values)
            for name, values in seconds.items()
        },
        "seconds_over_bare": statistics.median(a / b for a, b in pairs),
        "resident_mib": [round(value) for value in resident],
    }


def table(result):
    """The results as Markdown."""
    where = result["machine"]
    lines = [
        f"{_SAMPLES.value:,} + {_SAMPLES.value:,} rows of {_WIDTH.value:,} "
        f"features, medians of {_ROUNDS.value} rounds in turn; "
        f"{where['processor']}; TensorFlow {where['tensorflow']}, NumPy "
        f"{where['numpy']}; {where['date']}, commit {where['commit']}.",
        "",
    ]
    if "scores" in result:
        lines += score_lines(result["scores"])
    if "memory" in result:
        found = result["memory"]
        lines.append(
            f"Exact KID takes {found['peak_above_mib']:.0f} MiB above its "
            f"features ({found['features_mib']:.0f} MiB) at its peak."
        )
    if "images" in result:
        found = result["images"]
        resident = ", ".join(map(str, found["resident_mib"]))
        lines.append(
            f"{found['images']:,} images of 32 pixels through InceptionV3 with "
            f"random weights take {found['seconds_over_bare']:.2f} times as "
            "long as through the bare network; the process holds "
            f"{resident} MiB after each call."
        )
    return "\n".join(lines)


def score_lines(scores):
    lines = [
        "| score | s | peer | s | times as fast (range) | goal | difference |",
        "|---|---|---|---|---|---|---|",
    ]
    seconds = scores["seconds"]
    for row in scores["ratios"]:
        low, high = row["range"]
        lines.append(
            f"| {row['score']} | {seconds[row['score']]:.2f} | {row['peer']} | "
            f"{seconds[row['peer']]:.2f} | {row['times_as_fast']:.2f} "
            f"({low:.2f} to {high:.2f}) | {row['goal'] or ''} | "
            f"{row['difference']:.1e} of {row['value']:.4g} |"
        )
    share = 100 * scores["exact_gflops"] / scores["matmul_gflops"]
    return [
        *lines,
        "",
        f"The machine's float32 matrix product ({MATMUL} x {MATMUL}): "
        f"{scores['matmul_gflops']:.0f} GFLOP/s. Exact KID does the products "
        f"that it needs at {scores['exact_gflops']:.0f} GFLOP/s, "
        f"{share:.0f} % of it.",
        "",
    ]


def main(argv):
    del argv
    # Memory before the other parts fill the process.
    measures = {
        "memory": measure_memory,
        "scores": measure_scores,
        "images": measure_images,
    }
    asked = [part for part in measures if part in _PARTS.value]
    result = {"machine": documents.machine()}
    result |= {part: measures[part]() for part in asked}
    text = table(result)
    print(text)
    if _DOCS.value:
        documents.write(_DOCS.value, text)
    print(json.dumps(result))


if __name__ == "__main__":
    app.run(main)

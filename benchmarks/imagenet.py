"""Images through the network of ImageNet: the extractor and the bare network.

python benchmarks/imagenet.py --write_docs=docs/scoring.md

Both see the same number of images in turn, a round after the other: the
extractor those of 64 pixels, which it resizes and scales; the bare network
those that are ready for it. Ratios are medians over rounds.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import statistics

import documents
import numpy as np
import rounds
import tensorflow as tf
from absl import app, flags

from tf_mmdgan import features
from tf_mmdgan.features import imagenet

_COUNT = flags.DEFINE_integer("count", 600, "Images in a round.")
_TURNS = flags.DEFINE_integer("turns", 5, "Rounds of each.")
_DOCS = flags.DEFINE_string("write_docs", None, "Document that gets the text.")

SCORED = 10_000  # images of the time that the table has


def measure():
    """Seconds of both for `count` images, in each round."""
    rng = np.random.default_rng(0)
    count, batch = _COUNT.value, 50
    images = rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    extractor = features.get_extractor("imagenet")
    network = imagenet.network(imagenet.read(), (224, 224))
    bare = tf.function(lambda x: network(x, training=False))
    ready = tf.constant(rng.uniform(-1, 1, (batch, 224, 224, 3)), tf.float32)

    def run_bare():
        for _ in range(count // batch):
            bare(ready).numpy()

    def run_extractor():
        features.extract(extractor, images, batch)

    runs = {"extractor": run_extractor, "bare": run_bare}
    seconds = {name: [] for name in runs}
    for turn in range(_TURNS.value + 1):
        for name, run in runs.items():
            found = rounds.timed(run)
            if turn:  # The first compiles.
                seconds[name].append(found)
    return seconds


def main(argv):
    del argv
    seconds = measure()
    pairs = zip(seconds["extractor"], seconds["bare"], strict=True)
    over_bare = statistics.median(a / b for a, b in pairs)
    rate = _COUNT.value / statistics.median(seconds["extractor"])
    where = documents.machine()
    text = (
        f"{where['processor']}; TensorFlow {where['tensorflow']}; "
        f"{where['date']}, commit {where['commit']}. Images of 64 pixels pass "
        f"through the extractor at {rate:.0f} a second, {over_bare:.2f} times "
        "as long as images that are ready pass through the bare network: "
        f"{SCORED:,} take {SCORED / rate:.0f} seconds."
    )
    print(text)
    if _DOCS.value:
        documents.write(_DOCS.value, text, "benchmark of imagenet")
    print(json.dumps({"seconds": seconds, "over_bare": over_bare}))


if __name__ == "__main__":
    app.run(main)

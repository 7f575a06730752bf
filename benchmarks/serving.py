"""Cost of the served signatures, of PNG files, and of eight clients at once.

python benchmarks/serving.py
python benchmarks/serving.py --image_size=64 --seconds=0

Everything is measured in one run: a DCGAN generator is exported with untrained
weights; then in turn, round by round, the signature `sample` and the bare
generator on a batch of given latents, then PNG files encoded in parallel and
one after the other; at last clients ask the test server, a process of its own,
as fast as they can, first one that runs each request by itself, then one that
joins them, by both signatures that it takes. Ratios are medians over rounds.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import itertools
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from tf_mmdgan import export, networks, serving
from tf_mmdgan.latents import Latents

_IMAGE = flags.DEFINE_integer("image_size", 16, "Pixels.")
_WIDTH = flags.DEFINE_integer("generator_width", 32, "Of the generator.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images of a request.")
_ROUNDS = flags.DEFINE_integer("rounds", 100, "Calls of each.")
_CLIENTS = flags.DEFINE_integer("clients", 8, "Clients at once.")
_SECONDS = flags.DEFINE_integer("seconds", 60, "Of load; 0: none.")

LATENTS = Latents(64, "uniform")
PNGS = 256


def seconds_of(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def compare(first, second, rounds):
    """Milliseconds of both, and the median ratio of first to second."""
    for function in (first, second) * 3:
        function()
    # Each goes first as often, so that neither always finds caches cold.
    pairs = []
    for number in range(rounds):
        order = (first, second) if number % 2 else (second, first)
        took = {function: seconds_of(function) for function in order}
        pairs.append((took[first], took[second]))
    ratios = sorted(a / b for a, b in pairs)
    medians = [
        1000 * statistics.median(column) for column in zip(*pairs, strict=True)
    ]
    return {
        "milliseconds": [round(value, 3) for value in medians],
        "ratio": round(statistics.median(ratios), 4),
        "ratio_quartiles": [
            round(ratios[len(ratios) * k // 4], 4) for k in (1, 3)
        ],
    }


def overhead(generator, loaded):
    """The signature `sample` against the generator on given latents."""
    bare = tf.function(lambda latents: generator(latents, training=False))
    latents = LATENTS.sample((0, 0), _BATCH.value)
    count, seed = tf.constant(_BATCH.value), tf.constant(0, tf.int64)
    sample = loaded.signatures["sample"]
    return compare(
        lambda: sample(num_samples=count, seed=seed)["images"].numpy(),
        lambda: bare(latents).numpy(),
        _ROUNDS.value,
    )


def png(loaded):
    """Encoding as the signature does it, and one image after the other."""
    draw = loaded.signatures["sample"]
    images = draw(num_samples=tf.constant(PNGS), seed=tf.constant(0, tf.int64))[
        "images"
    ]

    def encoder(**options):
        return tf.function(
            lambda: tf.map_fn(
                tf.io.encode_png,
                images,
                fn_output_signature=tf.TensorSpec([], tf.string),
                **options,
            )
        )

    result = compare(encoder(), encoder(parallel_iterations=1), _ROUNDS.value)
    return {"images": PNGS, **result, **overlaps(loaded.path)}


def overlaps(path):
    """How many of the signature's encoders start before another has ended.

    By the trace of a session: on a machine that is busy elsewhere, this tells
    more than wall time.
    """
    compat = tf.compat.v1
    with tf.Graph().as_default(), compat.Session() as session:
        model = compat.saved_model.load(session, ["serve"], str(path))
        definition = model.signature_def["sample_png"]
        feeds = {"num_samples": PNGS, "seed": 0}
        named = {definition.inputs[k].name: v for k, v in feeds.items()}
        trace = compat.RunMetadata()
        session.run(
            definition.outputs["png_bytes"].name,
            named,
            compat.RunOptions(trace_level=compat.RunOptions.FULL_TRACE),
            trace,
        )
    times = {
        (node.all_start_micros, node.all_start_micros + node.all_end_rel_micros)
        for device in trace.step_stats.dev_stats
        for node in device.node_stats
        if "EncodePng" in node.timeline_label or "EncodePng" in node.node_name
    }
    pairs = itertools.pairwise(sorted(times))
    return {"overlapping": sum(b[0] < a[1] for a, b in pairs)}


def memory(pid):
    """Resident megabytes of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def load(saved_model, make_ask, *options):
    """Clients that ask the test server until the time is over."""
    flags_ = ["--local", "--port=0", "--grpc_port=0", "--rest_port=0"]
    flags_ += options
    command = [sys.executable, "-m", "tf_mmdgan.tools.demo", *flags_]
    with subprocess.Popen(
        [*command, f"--saved_model={saved_model}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            target = re.search(r"gRPC at (\S+)", process.stderr.readline())[1]
            found = ask(target, process.pid, make_ask)
            return {"clients": _CLIENTS.value, **found}
        finally:
            process.terminate()


def by_seed(predictor):
    """A request by seed, as clients make it; returns its seconds."""
    sampler = serving.Sampler(predictor, _BATCH.value)
    return lambda seed: sampler.sample(_BATCH.value, seed).seconds


def by_latents(predictor):
    """A request of `serving_default`; returns its seconds."""
    images = predictor.signatures()["serving_default"].outputs["images"]
    shape = [_BATCH.value, *images.shape[1:]]
    wanted = {"images": tf.TensorSpec(shape, images.dtype)}

    def request(seed):
        latents = LATENTS.sample((seed, 0), _BATCH.value).numpy()
        asked = {"latents": latents}
        predict = predictor.predict
        return [seconds_of(lambda: predict("serving_default", asked, wanted))]

    return request


def ask(target, pid, make_ask):
    seconds, errors, resident = [], [], []
    stop = threading.Event()

    def client(number):
        request = make_ask(serving.connect(serving.Connection(target)))
        seed = number
        while not stop.is_set():
            try:
                seconds.extend(request(seed))
            except Exception as error:  # Counted, whatever it is.
                errors.append(repr(error))
            seed += _CLIENTS.value

    threads = [
        threading.Thread(target=client, args=(number,))
        for number in range(_CLIENTS.value)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    while time.perf_counter() - began < _SECONDS.value:
        time.sleep(_SECONDS.value / 12)
        resident.append(memory(pid))
    stop.set()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    return {
        "seconds": round(elapsed, 1),
        "images_per_second": round(len(seconds) * _BATCH.value / elapsed),
        "latency_ms": serving.latency_summary(seconds),
        "errors": len(errors),
        "first_errors": errors[:3],
        "server_megabytes": resident,
    }


def main(argv):
    del argv
    keras.utils.set_random_seed(0)
    channels = 1 if _IMAGE.value < 32 else 3
    shape = (_IMAGE.value, _IMAGE.value, channels)
    generator = networks.ARCHITECTURES["dcgan"].generator(
        shape, networks.GeneratorOptions(LATENTS.size, width=_WIDTH.value)
    )
    with tempfile.TemporaryDirectory() as folder:
        version = export.export_generator(generator, LATENTS, folder)
        loaded = export.load_generator(version)
        size = sum(f.stat().st_size for f in version.rglob("*") if f.is_file())
        result = {
            "image": list(shape),
            "batch_size": _BATCH.value,
            "saved_model_megabytes": round(size / 1e6, 2),
            "weights": int(np.sum([w.numpy().size for w in generator.weights])),
            "sample_to_bare": overhead(generator, loaded),
            "png_parallel_to_serial": png(loaded),
        }
        if _SECONDS.value:
            result["load"] = load(folder, by_seed)
            for make_ask in (by_seed, by_latents):
                result[f"load_joined_{make_ask.__name__}"] = load(
                    folder, make_ask, "--batching"
                )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    app.run(main)

"""What distribution costs: throughput, collectives, bytes and memory.

python benchmarks/distribution.py --part=workers      # 2 and 1, and apart
python benchmarks/distribution.py --part=overhead     # replicas and gathering
python benchmarks/distribution.py --part=collectives  # how many in a step
python benchmarks/distribution.py --part=links        # and each by its size
python benchmarks/distribution.py --part=model        # bytes, memory, limits

Throughput is that of the CIFAR-10 recipe with a critic of 64 filters at one
global batch, whoever shares it: rounds of all settings alternate, each in
processes of its own, and ratios are medians over rounds. "model" predicts what
the ImageNet-64 recipe sends between 8, 64 and 512 accelerators, from its
weights and from --step_seconds, --link_gbps and --latency_us of the machines.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import collections
import functools
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

from absl import app, flags

_PART = flags.DEFINE_enum(
    "part",
    "workers",
    ["workers", "overhead", "collectives", "links", "model"],
    "What.",
)
_RECIPE = flags.DEFINE_string(
    "recipe", "cifar10_mmd_rq_64", "Flagfile of the throughput."
)
_WIDTH = flags.DEFINE_integer("critic_width", 64, "64 is big, 16 is small.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Global batch.")
_STEPS = flags.DEFINE_integer("steps", 4, "Generator steps in a round.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Rounds of each setting.")
_SECONDS = flags.DEFINE_float(
    "step_seconds", 0.1, "One accelerator's step at its share of the batch."
)
_GBPS = flags.DEFINE_float("link_gbps", 100.0, "Gigabits a second per link.")
_LATENCY = flags.DEFINE_float("latency_us", 20.0, "Of one hop, microseconds.")
_CHILD = flags.DEFINE_string("child", "", "Internal: what a process does.")


class Setting(NamedTuple):
    """Flags of a setting, its processes, and whether they know each other."""

    flags: list[str]
    processes: int = 1
    cluster: bool = False


SETTINGS = {
    "one_process": Setting(["--strategy=one_device"]),
    "two_workers": Setting([], 2, cluster=True),
    # Each with half the batch: what shares cost that exchange nothing.
    "two_strangers": Setting(["--strategy=one_device"], 2),
    "two_replicas": Setting(["--strategy=mirrored", "--logical_cpus=2"]),
    "two_replicas_apart": Setting(
        ["--strategy=mirrored", "--logical_cpus=2", "--mmd_scope=replica"]
    ),
}
SIZES = (1_000, 100_000, 10_000_000)


def recipe(name, *others):
    from tf_mmdgan.config import TrainConfig
    from tf_mmdgan.tools import flag_config

    return flag_config.parse(
        TrainConfig,
        [f"--flagfile=flags/{name}.cfg", "--run_dir=unused", *others],
    )


def prepare(arguments):
    """The model of a process, and its batches."""
    from tf_mmdgan import data, methods
    from tf_mmdgan.distribute import make_cluster

    config = recipe(
        _RECIPE.value, "--dataset=synthetic", "--image_size=32",
        f"--critic_width={_WIDTH.value}", f"--batch_size={_BATCH.value}",
        "--burn_in_critic_steps=0", *arguments,
    )  # fmt: skip
    cluster = make_cluster(config.strategy, logical_cpus=config.logical_cpus)
    images = data.load(config, "train")
    with cluster.scope():
        model = methods.make_model(config, images.image_shape)
    batches = cluster.spread(
        functools.partial(data.batches, images, config.batch_size, 0),
        config.batch_size,
    )
    return model, batches


def time_training(arguments):
    """Seconds per step of a process, after two steps."""
    model, batches = prepare(arguments)
    # Not `fit`: of several devices, its end waits for the tuner of tf.data.
    step, iterator = model.make_train_function(), iter(batches)
    for _ in range(2):
        step(iterator)
    start = time.perf_counter()
    for _ in range(_STEPS.value):
        step(iterator)
    return (time.perf_counter() - start) / _STEPS.value


def count_collectives(arguments):
    """Exchanges between two workers in the graph of a step, by kind."""
    model, batches = prepare(arguments)
    step = model.make_train_function()
    graph = step.get_concrete_function(iter(batches)).graph.as_graph_def()
    nodes = [*graph.node]
    for function in graph.library.function:
        nodes += function.node_def
    return collections.Counter(
        node.op for node in nodes if node.op.startswith("Collective")
    )


def time_collectives(arguments):
    """Seconds of sums and gathers of float32 numbers between workers."""
    del arguments
    import tensorflow as tf

    from tf_mmdgan.distribute import make_cluster

    strategy = make_cluster("auto").strategy
    found = {}
    for size in SIZES:

        def summed(size=size):
            context = tf.distribute.get_replica_context()
            return context.all_reduce("SUM", tf.ones([size]))[:1]

        def gathered(size=size):
            context = tf.distribute.get_replica_context()
            return context.all_gather(tf.ones([size]), 0)[:1]

        for name, work in (("sum", summed), ("gather", gathered)):
            step = tf.function(lambda work=work: strategy.run(work))
            step()
            start = time.perf_counter()
            for _ in range(5):
                step()
            seconds = (time.perf_counter() - start) / 5
            found[f"{name}_{4 * size}_bytes"] = seconds
    return found


def launch(child, arguments, count, cluster):
    """What the first of `count` processes of this file prints."""
    from tf_mmdgan.tools import launch_local

    environments = (
        launch_local.environments(count) if cluster else [os.environ] * count
    )
    cores = sorted(os.sched_getaffinity(0))
    own = [flag for flag in sys.argv[1:] if not flag.startswith("--part")]
    processes = []
    for index, environment in enumerate(environments):
        processes.append(
            subprocess.Popen(
                [
                    sys.executable, __file__, f"--child={child}", *own,
                    "--", *arguments,
                ],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=lambda index=index: os.sched_setaffinity(
                    0, cores[index::count] or cores
                ),
            )
        )  # fmt: skip
    outputs = [process.communicate() for process in processes]
    for process, (_, text) in zip(processes, outputs, strict=True):
        if process.returncode:
            raise SystemExit(text)
    return json.loads(outputs[0][0].splitlines()[-1])


def compare(*names):
    """Median throughput of the first setting over that of each other."""
    seconds = {name: [] for name in names}
    for _ in range(_ROUNDS.value):
        for name in names:
            setting = SETTINGS[name]
            shares = 1 if setting.cluster else setting.processes
            arguments = [
                *setting.flags, f"--batch_size={_BATCH.value // shares}"
            ]  # fmt: skip
            seconds[name].append(
                launch("train", arguments, setting.processes, setting.cluster)
            )
    first, *others = names
    return {
        "seconds_per_step": {
            name: [round(s, 4) for s in values]
            for name, values in seconds.items()
        },
        **{
            f"throughput_of_{name}": statistics.median(
                a / b
                for a, b in zip(seconds[first], seconds[name], strict=True)
            )
            for name in others
        },
    }


def cost_model():
    """Bytes and seconds of a step of the ImageNet-64 recipe, by replicas."""
    import keras

    from tf_mmdgan import methods

    config = recipe("imagenet64_sn_smmd")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = methods.make_model(config, (64, 64, 3))
    critic_steps = model.critic_steps

    def size(network):
        return 4 * sum(w.shape.num_elements() for w in network)

    critic = size(w.value for w in model.critic.trainable_weights)
    generator = size(w.value for w in model.generator.trainable_weights)
    # Adam's two moments; the generator's average.
    states = 3 * (critic + generator) + generator
    width = model.critic.output["features"].shape[-1]
    reduced = critic_steps * critic + generator
    # Features of real and generated images, and a row of the scale's terms.
    rows = (critic_steps + 1) * (2 * width + 1) * 4 * config.batch_size
    norms = sum(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in model.generator._flatten_layers()
    )
    # Moments of each of these layers, in the generator's update their gradients
    # too; both kinds of rows and, but for the scale in the generator's update,
    # their gradients; gradients of weights; and once a step what is logged.
    collectives = critic_steps * (norms + 5) + 2 * norms + 4 + 1
    table = []
    for replicas in (8, 64, 512):
        share = (replicas - 1) / replicas
        # Rows are summed among zeros, in the gradient again.
        moved = 2 * (reduced + 2 * rows) * share
        seconds = moved * 8 / (_GBPS.value * 1e9)
        waiting = collectives * 2 * (replicas - 1) * _LATENCY.value * 1e-6
        table.append(
            {
                "replicas": replicas,
                "reduced_bytes_sent_by_each": round(2 * reduced * share),
                "gathered_bytes_sent_by_each": round(4 * rows * share),
                "transfer_seconds": round(seconds, 4),
                "latency_seconds": round(waiting, 4),
                "efficiency": round(
                    _SECONDS.value / (_SECONDS.value + seconds + waiting), 3
                ),
            }
        )
    return {
        "critic_bytes": critic,
        "generator_bytes": generator,
        "state_bytes_per_device": states,
        "critic_steps": critic_steps,
        "critic_outputs": width,
        "collectives": collectives,
        "global_batch": config.batch_size,
        "process_growth_bytes": 1024
        * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before),
        "assumed": {
            "step_seconds": _SECONDS.value,
            "link_gbps": _GBPS.value,
            "latency_us": _LATENCY.value,
        },
        "by_replicas": table,
    }


def main(argv):
    if _CHILD.value:
        work = {
            "train": time_training,
            "collectives": count_collectives,
            "links": time_collectives,
        }
        print(json.dumps(work[_CHILD.value](argv[1:])))
        return
    parts = {
        "workers": lambda: compare(
            "one_process", "two_workers", "two_strangers"
        ),
        "overhead": lambda: compare(
            "one_process", "two_replicas", "two_replicas_apart"
        ),
        "collectives": lambda: launch("collectives", [], 2, True),
        "links": lambda: launch("links", [], 2, True),
        "model": cost_model,
    }
    print(json.dumps({"part": _PART.value, **parts[_PART.value]()}))


if __name__ == "__main__":
    app.run(main)

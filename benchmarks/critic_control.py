"""Cost of holding a critic: spectral normalisation against a gradient penalty.

python benchmarks/critic_control.py
python benchmarks/critic_control.py --critic_width=64 --steps=3

A GAN of DCGAN's networks on images of CIFAR-10's size, five critic updates and
one generator update a step: with nothing that holds the critic, with spectral
normalisation, and with a gradient penalty. Rounds of the three alternate in one
process; ratios are medians over rounds, against the first.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import statistics
from collections.abc import Callable

import numpy as np
import rounds
from absl import app, flags

from tf_mmdgan import config, data, methods

_WIDTH = flags.DEFINE_integer("critic_width", 16, "16 is small, 64 is big.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images in an update.")
_STEPS = flags.DEFINE_integer("steps", 5, "Generator steps in a round.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of each.")

SHAPE = (32, 32, 3)
CONTROLS = {
    "none": {},
    "spectral_normalisation": {"spectral_norm": "matrix"},
    "spectral_normalisation_operator": {"spectral_norm": "operator"},
    "gradient_penalty": {"gradient_penalty": 10.0},
}


def make_run(images: data.ImageSet, **control) -> Callable[[int], None]:
    """A function that trains for some steps under that control."""
    model = methods.make_model(
        config.TrainConfig(
            run_dir="none",
            objective="gan",
            critic_steps=5,
            critic_batch_norm=False,
            critic_width=_WIDTH.value,
            batch_size=_BATCH.value,
            jit=False,
            **control,
        ),
        SHAPE,
    )
    batches = data.batches(images, _BATCH.value, seed=0)

    def run(steps):
        model.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)

    return run


def main(argv):
    del argv
    pixels = np.random.default_rng(0).integers(0, 256, (2048, *SHAPE), np.uint8)
    images = data.ImageSet(pixels, None, None)
    runs = {name: make_run(images, **c) for name, c in CONTROLS.items()}
    seconds = rounds.seconds_per_step(runs, _ROUNDS.value, _STEPS.value)
    ratios = {
        name: [a / b for a, b in zip(times, seconds["none"], strict=True)]
        for name, times in seconds.items()
    }
    report = {
        name: {
            "seconds_per_step": round(statistics.median(seconds[name]), 4),
            "ratio": round(statistics.median(values), 3),
            "ratios": [round(value, 3) for value in values],
        }
        for name, values in ratios.items()
    }
    print(json.dumps({"critic_width": _WIDTH.value, **report}))


if __name__ == "__main__":
    app.run(main)

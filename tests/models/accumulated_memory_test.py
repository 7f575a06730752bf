"""What a batch in parts takes of memory: two processes that train the same."""

import peaks
import pytest

pytestmark = pytest.mark.slow

# Prints by how many MiB the first steps raise the most memory that was held.
_STEPS = """
import sys
import keras, numpy as np, tensorflow as tf
import tf_mmdgan as tm

keras.utils.set_random_seed(0)
options = tm.GeneratorOptions(16, width=8)
generator = tm.ARCHITECTURES["dcgan"].generator((32, 32, 1), options)
critic = tm.ARCHITECTURES["dcgan"].critic(
    (32, 32, 1), tm.CriticOptions(8, width=32)
)
model = tm.AdversarialModel(
    generator, critic, tm.Latents(16, "normal"),
    tm.Objective(tm.MMDGAN("rq"), tm.GradientPenalty(1.0)),
    critic_steps=1, accumulate=int(sys.argv[1]),
)
model.compile("adam", "adam")
images = np.zeros((512, 32, 32, 1), np.uint8)
images[::2] = 200
model.generate(2)
before = peak()
model.fit(images, batch_size=512, steps_per_epoch=2, verbose=0)
print(peak() - before)
"""


def test_a_batch_in_parts_takes_less_memory():
    """236 MiB and 460 MiB, much of either not of the critic's activations."""
    whole, parts = (peaks.printed_peak(_STEPS, n) for n in (1, 8))
    assert parts < 0.7 * whole, (parts, whole)

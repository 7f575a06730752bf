"""A generator with classes, exported in a second."""

import keras

from tf_mmdgan import export
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import Latents

LATENTS = Latents(6, "uniform")
CLASSES = 3
# The second is the number of the third.
NAMES = ("-rot & <b>", "2", "синий цвет")


def make_generator():
    """The red channel is brightest for class 0, and so on."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((LATENTS.size,))
    labels = keras.Input((), dtype="int32")
    x = keras.layers.Dense(8 * 8 * 3)(latents)
    x = keras.layers.Conv2D(3, 3, padding="same")(
        keras.layers.Reshape((8, 8, 3))(x)
    )
    one_hot = keras.ops.one_hot(labels, CLASSES)
    share = keras.layers.Reshape((1, 1, 3))(one_hot)
    x = keras.layers.Activation("tanh")(0.3 * x + share - 0.5)
    return keras.Model([latents, labels], x)


def export_two_versions(folder):
    """Versions 1 and 2, of which 1 is another network; paths by number."""
    generator = make_generator()
    first = keras.models.clone_model(generator)
    return {
        number: export.export_generator(
            network,
            LATENTS,
            folder,
            condition=Classes(CLASSES, names=NAMES),
            max_samples=100,
        )
        for number, network in ((1, first), (2, generator))
    }

"""A critic that can rebuild its images from its features."""

from typing import Any

import keras


def with_decoder(critic: keras.Model, decoder: keras.Model) -> keras.Model:
    """The critic with one output more, "reconstruction".

    reconstruction = decoder(features). Training it keeps the critic injective:
    C.-L. Li et al., "MMD GAN: Towards Deeper Understanding of Moment Matching
    Network", NeurIPS 2017, arXiv:1705.08584, section 3. The new model shares
    the weights of both arguments. The decoder is its submodel named "decoder",
    so that an optimizer or a weight clip can tell it from the rest.

        >>> options = tm.CriticOptions(2, width=4)
        >>> critic = tm.ARCHITECTURES["mlp"].critic((4, 4, 1), options)
        >>> decoder = keras.Sequential(
        ...     [
        ...         keras.Input((2,)),
        ...         keras.layers.Dense(16, activation="tanh"),
        ...         keras.layers.Reshape((4, 4, 1)),
        ...     ]
        ... )
        >>> sorted(tm.with_decoder(critic, decoder)(tf.zeros([3, 4, 4, 1])))
        ['activations', 'features', 'penultimate', 'reconstruction']

    Args:
      critic: any of `ARCHITECTURES`.
      decoder: a generator, without labels, whose `latent_size` is the number of
        the critic's features.

    Raises:
      ValueError: for a decoder of another shape than the critic's, and for a
        critic that returns no dictionary.
    """
    outputs = outputs_of(critic)
    if not getattr(decoder, "inputs", None):
        raise ValueError(
            "The decoder must be a keras.Sequential or functional model with "
            "known inputs, from features [b, k] to images."
        )
    features = outputs["features"]
    images = critic.inputs[0]
    wanted, found = features.shape[1:], decoder.inputs[0].shape[1:]
    if len(decoder.inputs) > 1 or found != wanted:
        raise ValueError(
            f"The decoder takes {[x.shape[1:] for x in decoder.inputs]}; give "
            f"one with latent_size={features.shape[-1]} and no labels."
        )
    # Of a `Sequential` Keras knows these alone, and neither input nor output.
    codes, made = decoder.inputs[0], decoder.outputs[0]
    if made.shape != images.shape:
        raise ValueError(
            f"The decoder makes {made.shape[1:]}, the critic sees "
            f"{images.shape[1:]}; build both for one image_shape."
        )
    submodel = keras.Model(codes, made, name="decoder")
    outputs = {**outputs, "reconstruction": submodel(features)}
    return keras.Model(critic.input, outputs, name=f"{critic.name}_decoder")


def outputs_of(critic: keras.Model) -> dict[str, Any]:
    """What a critic returns, by name.

    Raises:
      ValueError: for one that returns no dictionary of features.
    """
    outputs = getattr(critic, "output", None)
    if not isinstance(outputs, dict) or "features" not in outputs:
        raise ValueError(
            'The critic must return {"features": ..., "activations": [...]}.'
        )
    return outputs

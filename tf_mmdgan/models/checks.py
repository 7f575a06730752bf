"""What models refuse when they are made: parts that do not go together."""

import keras

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents
from tf_mmdgan.objectives import CriticForm


def check_generator(
    generator: keras.Model, latents: Latents, num_classes: int | None
) -> None:
    """Refuses a generator that does not take these latents and labels.

    Raises:
      UsageError: with the reason.
    """
    errors.check_type("generator", generator, keras.Model)
    errors.check_type("latents", latents, Latents)
    wanted = 1 if num_classes is None else 2
    inputs = generator.inputs
    if len(inputs) != wanted:
        kind = "no classes" if num_classes is None else f"{num_classes} classes"
        raise errors.UsageError(
            f"The model has {kind}, and its generator {len(inputs)} inputs: "
            f"give it {wanted}, latents"
            + (", and leave labels out." if wanted == 1 else " and labels.")
        )
    width = inputs[0].shape[-1]
    if width not in (None, latents.size):
        raise errors.UsageError(
            f"The generator takes latents of width {width}, and "
            f"latents.size={latents.size}."
        )


def check_critic(
    critic: keras.Model, generator: keras.Model, role: str = "critic"
) -> CriticForm:
    """What is known of a critic; refuses one that is not for these images.

    Args:
      critic: images -> {"features": [b, d], ...}.
      generator: makes the images.
      role: what the critic is called in messages.

    Raises:
      UsageError: with the reason.
    """
    errors.check_type(role, critic, keras.Model)
    made, taken = generator.outputs[0].shape, critic.inputs[0].shape
    fits = len(made) == len(taken) and all(
        a == b for a, b in zip(made, taken, strict=True) if None not in (a, b)
    )
    if not fits:
        raise errors.UsageError(
            f"The generator makes images {list(made[1:])}, and the {role} "
            f"takes {list(taken[1:])}."
        )
    outputs = critic.output
    if not isinstance(outputs, dict) or "features" not in outputs:
        raise errors.UsageError(
            f"The {role} must return a dictionary: "
            '{"features": [b, d], "activations": [...]}.'
        )
    shape = outputs["features"].shape
    if len(shape) != 2 or shape[-1] is None:
        raise errors.UsageError(
            f"The features of the {role} must be [b, d] with a fixed d, not "
            f"{list(shape)}: flatten them, or end in a Dense layer."
        )
    return CriticForm(
        shape[-1],
        mixes_examples(critic),
        activations=bool(outputs.get("activations")),
        decoder="reconstruction" in outputs,
    )


def mixes_examples(network: keras.Model) -> bool:
    """Whether one example of a batch changes what another one gives."""
    return any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in network._flatten_layers()
    )


def check_average(ema_decay: float) -> None:
    """Refuses what is no decay of an exponential average.

    Raises:
      UsageError: for a decay that is not in [0, 1).
    """
    errors.check_at_least(0.0, ema_decay=ema_decay)
    if not ema_decay < 1.0:
        raise errors.UsageError(f"ema_decay={ema_decay}, need less than 1.")

"""Networks as users give them, made those that models train, or refused."""

import math
import re
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Condition
from tf_mmdgan.features.frozen import Matched, check_matched
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adoptable
from tf_mmdgan.models.image_batches import ImageForm
from tf_mmdgan.networks import (
    Denoiser,
    MinibatchDeviation,
    MinibatchDiscrimination,
    style_parts,
)
from tf_mmdgan.objectives import CriticForm

_COLOURS = re.compile(r"\x1b\[\d*m")


def generator(
    given: keras.Model,
    latents: Latents,
    condition: Condition | None,
    role: str = "generator",
) -> keras.Model:
    """A generator with known inputs: latents, and labels if it takes some.

    Args:
      given: the network.
      latents: that it takes.
      condition: of its labels; None: it takes none.
      role: what the network is called in messages.

    Raises:
      UsageError: for one that does not take these.
    """
    errors.check_type("latents", latents, Latents)
    inputs = [keras.Input((latents.size,))]
    if condition is not None:
        errors.check_type("condition", condition, Condition)
        inputs.append(keras.Input(condition.shape, dtype=condition.dtype.name))
    made = _functional(given, role, inputs)
    if len(made.inputs) != len(inputs):
        kind = "no classes" if condition is None else str(condition)
        wanted = "latents alone" if condition is None else "latents, labels"
        raise errors.UsageError(
            f"The model has {kind}, and its {role} {len(made.inputs)} "
            f"inputs: need {len(inputs)}, {wanted}."
        )
    if not isinstance(_outputs(made), keras.KerasTensor):
        raise errors.UsageError(
            f"The {role} must return one tensor [b, ...], nothing beside it."
        )
    if condition is not None:
        _check_labels(made, role, condition.shape)
    width = made.inputs[0].shape[-1]
    if width not in (None, latents.size):
        raise errors.UsageError(
            f"The {role} takes latents of width {width}, and "
            f"latents.size={latents.size}."
        )
    adoptable.check_law(made, role, latents)
    return made


def _check_labels(
    network: keras.Model, role: str, shape: tuple[int | None, ...]
) -> None:
    """Refuses a network that takes labels of another shape than the model."""
    taken = tf.TensorShape(network.inputs[1].shape)
    if not taken.is_compatible_with([None, *shape]):
        raise errors.UsageError(
            f"The {role} takes labels {list(taken)}, and the model has labels "
            f"{[None, *shape]}: make both of one condition."
        )


def refuse_condition(model: object, condition: Condition | None) -> None:
    """Refuses labels of a model that compares all images with each other.

    Raises:
      UsageError: for any condition.
    """
    if condition is not None:
        raise errors.UsageError(
            f"condition={condition}: a {type(model).__name__} takes no labels; "
            "leave it out, and give a generator of latents alone."
        )


def check_latents(given: Any, size: int) -> None:
    """Refuses images and the like, where a model is called.

    Args:
      given: latents [n, size], or a list of these and labels.
      size: of the latents.

    Raises:
      UsageError: for arrays of another shape.
    """
    first = given[0] if isinstance(given, list | tuple) else given
    shape = tf.TensorShape(getattr(first, "shape", None))
    if not shape.is_compatible_with([None, size]):
        raise errors.UsageError(
            f"The model is called with latents [n, {size}], not with an array "
            f"{shape}: generate(count) draws images, evaluate(images) scores "
            "them."
        )


def copied(network: keras.Model) -> keras.Model:
    """The same network with weights of its own, of the same values.

    Raises:
      UsageError: for layers that cannot be made again, or become others.
    """
    try:
        copied_by = adoptable.copier(network)
        copy = keras.models.clone_model(network, clone_function=copied_by)
        copy.set_weights(network.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise errors.UsageError(
            f"The generator cannot be copied for its average: {_reason(error)} "
            "Make it of layers by keras.Sequential, or let its class take "
            "**kwargs for keras.Model, and give other arguments in get_config."
        ) from error
    adoptable.check_copy(network, copy)
    return copy


def critic(
    given: keras.Model, generator: keras.Model, role: str = "critic"
) -> keras.Model:
    """A critic that returns {"features": [b, d], ...}.

    Args:
      given: returns that; or without activations; or its features alone.
      generator: makes the images.
      role: what the critic is called in messages.

    Raises:
      UsageError: for one that does not take these images, or whose output is
        something else.
    """
    made = generator.outputs[0].shape
    inputs = [keras.Input(tuple(made[1:]))]
    if role == "critic":
        inputs += [
            keras.Input(tuple(labels.shape[1:]), dtype=labels.dtype)
            for labels in generator.inputs[1:]
        ]
    network = _functional(given, role, inputs)
    taken = network.inputs[0].shape
    fits = len(made) == len(taken) and all(
        a == b for a, b in zip(made, taken, strict=True) if None not in (a, b)
    )
    if not fits:
        raise errors.UsageError(
            f"The generator makes images {list(made[1:])}, and the {role} "
            f"takes {list(taken[1:])}."
        )
    _check_inputs(network, role, generator)
    outputs = _outputs(network)
    if isinstance(outputs, keras.KerasTensor):
        outputs = {"features": outputs}
        network = keras.Model(network.inputs, outputs)
    if not isinstance(outputs, dict) or "features" not in outputs:
        raise errors.UsageError(
            f"The {role} must return its features [b, d], or a dictionary: "
            '{"features": [b, d], "activations": [...]}.'
        )
    shape = outputs["features"].shape
    if len(shape) != 2 or shape[-1] is None:
        raise errors.UsageError(
            f"The features of the {role} must be [b, d] with a fixed d, not "
            f"{list(shape)}: flatten them, or end in a Dense layer."
        )
    adoptable.check_beside(outputs, role, made)
    return network


def check_styles(generator: keras.Model) -> None:
    """Refuses a generator without styles, where a penalty is on these.

    Raises:
      UsageError: for such a generator.
    """
    if style_parts(generator) is None:
        raise errors.UsageError(
            "The generator has no styles, whose effect on images this "
            "penalty is on: take one of the architecture stylegan2.",
            setting="path_length_penalty",
        )


def _outputs(network: keras.Model) -> Any:
    """What a network with known inputs returns, in its structure."""
    sequential = isinstance(network, keras.Sequential)
    return network.outputs[0] if sequential else network.output


def _check_inputs(
    network: keras.Model, role: str, generator: keras.Model
) -> None:
    """Refuses what takes more than images, and labels if the model has any."""
    if len(network.inputs) == 1:
        if role == "critic" and len(generator.inputs) > 1:
            raise errors.UsageError(
                "The generator takes labels, and the critic none: it would not "
                "see whether images are of their labels."
            )
        return
    if role != "critic" or len(network.inputs) > 2:
        raise errors.UsageError(
            f"The {role} takes {len(network.inputs)} inputs: need images, "
            "and beside them nothing but a critic's labels."
        )
    if len(generator.inputs) == 1:
        raise errors.UsageError(
            "The critic takes labels, and the model has no classes: give "
            "condition, and a generator that takes labels too."
        )
    _check_labels(network, role, generator.inputs[1].shape[1:])


def form_of(critic: keras.Model) -> CriticForm:
    """What is known of a critic that `critic` has returned."""
    outputs = critic.output
    return CriticForm(
        outputs["features"].shape[-1],
        _has(critic, keras.layers.BatchNormalization),
        activations="activations" in outputs,
        decoder="reconstruction" in outputs,
        penultimate="penultimate" in outputs,
        denoiser=_has(critic, Denoiser),
        image_shape=tuple(critic.inputs[0].shape[1:]),
        minibatch=_has(critic, MinibatchDiscrimination),
        deviation=_has(critic, MinibatchDeviation),
    )


def mixes_examples(network: keras.Model) -> bool:
    """Whether one example of a batch changes what another one gives."""
    return _has(
        network,
        keras.layers.BatchNormalization,
        MinibatchDiscrimination,
        MinibatchDeviation,
    )


def deviation_group(network: keras.Model) -> int:
    """What groups of images a critic compares by their deviation divide; 1."""
    layers = network._flatten_layers()
    return math.lcm(
        *(x.group for x in layers if isinstance(x, MinibatchDeviation))
    )


def draws(network: keras.Model) -> bool:
    """Whether layers draw numbers of their own, such as dropout does.

    Each call of the network then draws others.
    """
    return any(layer._seed_generators for layer in network._flatten_layers())


def _has(network: keras.Model, *kinds: type[keras.layers.Layer]) -> bool:
    """Whether it has such layers, but for what is within a denoiser.

    A denoiser shows the critic's other layers nothing.
    """
    found = list(network._flatten_layers())
    within = {
        id(part)
        for layer in found
        if isinstance(layer, Denoiser)
        for part in layer._flatten_layers(include_self=False)
    }
    return any(isinstance(x, kinds) and id(x) not in within for x in found)


def _functional(
    network: keras.Model, role: str, inputs: Sequence[keras.KerasTensor]
) -> keras.Model:
    """The network with known inputs and outputs, as Keras' own have them.

    A class of the user's has none: it is called once, on inputs like
    these.

    Raises:
      UsageError: for what is no network, or cannot be called on them, and for
        one with losses of its own.
    """
    errors.check_type(role, network, keras.Model)
    if getattr(network, "inputs", None):
        adoptable.check_losses(network, role)
        return network
    try:
        # Of what is wrong on symbolic inputs Keras does not tell the reason.
        _call(network, [tf.zeros([1, *x.shape[1:]], x.dtype) for x in inputs])
        adoptable.check_losses(network, role)
        return keras.Model(inputs, _call(network, inputs))
    except errors.UsageError:
        raise
    except Exception as error:  # whatever the user's code raises
        given = ", ".join(str(list(x.shape[1:])) for x in inputs)
        raise errors.UsageError(
            f"The {role} cannot be called on inputs {given}: {_reason(error)}"
        ) from error


def _call(network: keras.Model, inputs: Sequence[Any]) -> Any:
    return network(inputs if len(inputs) > 1 else inputs[0])


def features_of_one(given: Matched, form: ImageForm) -> tf.Tensor:
    """What features a generator that matches them has of one image, [1, d].

    Raises:
      UsageError: for a function that has none of such images.
    """
    errors.check_function("features", given)
    shape = [1, *(side or 1 for side in form.shape)]
    try:
        found = given(tf.zeros(shape, form.dtype))
    except errors.UsageError:
        raise
    except Exception as error:  # whatever the user's code raises
        raise errors.UsageError(
            f"features: cannot be called on a batch {shape}: {_reason(error)}"
        ) from error
    check_matched(found)
    return found


def _reason(error: Exception) -> str:
    """What went wrong, without what Keras writes around it."""
    text = _COLOURS.sub("", str(error)).strip()
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered"):
        lines = lines[1:]
    return errors.excerpt("\n".join(lines), 100)

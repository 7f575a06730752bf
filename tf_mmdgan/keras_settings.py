"""Keras' settings of the whole process, which must be those of this package.

They come from variables of the environment, from keras.json in the user's home,
or from calls of `keras.config`. Under others than these, networks would get
other shapes or types, or fewer steps, and mostly in silence.
"""

import os

from tf_mmdgan import errors

# What each function of `keras.config` is to return, and the remedy.
_NEEDED = {
    "backend": (
        "tensorflow",
        "Set the environment variable KERAS_BACKEND=tensorflow.",
    ),
    "image_data_format": (
        "channels_last",
        "Mend keras.json, or call keras.config.set_image_data_format.",
    ),
    "floatx": (
        "float32",
        "Mend keras.json, or call keras.config.set_floatx; for networks of "
        "another type there is dtype_policy.",
    ),
    "max_steps_per_epoch": (
        None,
        "Unset the environment variable KERAS_MAX_STEPS_PER_EPOCH.",
    ),
}


def check() -> None:
    """Checks the settings; imports Keras, and with it TensorFlow.

    Raises:
      UsageError: naming the setting that is not as it must be.
    """
    try:
        import keras
    except (ImportError, ValueError, AssertionError) as error:
        raise errors.UsageError(
            f"Keras cannot be imported ({errors.excerpt(error)}); in the "
            "environment KERAS_BACKEND is "
            f"{os.environ.get('KERAS_BACKEND') or 'not set'}. tf_mmdgan needs "
            "KERAS_BACKEND=tensorflow; other settings of Keras are in "
            "keras.json and in variables KERAS_..."
        ) from error
    for name, (needed, remedy) in _NEEDED.items():
        found = getattr(keras.config, name)()
        if found != needed:
            raise errors.UsageError(
                f"Keras' {name} is {found}, and tf_mmdgan needs "
                f"{needed or 'none'}. {remedy}"
            )

"""The bare generator in the other formats that Keras exports.

A file of each lies in the version's `assets.extra`, which servers ignore. They
hold latents (and labels) -> float images in [-1, 1], and draw nothing.
"""

import importlib.util
import logging
import pathlib
import re
import warnings
from collections.abc import Callable, Sequence

import keras

from tf_mmdgan import errors

# How LiteRT files name operations that they take from TensorFlow.
_FLEX = re.compile(rb"Flex[A-Z][A-Za-z0-9]{2,60}(?=\0)")
# Beside the formats below, and always there.
SAVED_MODEL = "saved_model"
_LITERT = "litert"


def check(names: Sequence[str]) -> None:
    """Refuses formats that are unknown, or that need an absent package.

    Raises:
      UsageError: naming the format.
    """
    for name in names:
        if name == SAVED_MODEL:
            continue
        errors.pick({SAVED_MODEL: None, **FORMATS}, name, "format")
        if name == "onnx" and not importlib.util.find_spec("tf2onnx"):
            raise errors.UsageError(
                "The format 'onnx' needs the package tf2onnx: pip install "
                "'tf_mmdgan[onnx]'."
            )


def write(
    generator: keras.Model, folder: pathlib.Path, names: Sequence[str]
) -> list[pathlib.Path]:
    """Writes `generator` in each of the formats.

    Args:
      generator: the network.
      folder: made where it does not exist.
      names: of `FORMATS`; "saved_model" counts as written.

    Returns:
      The files.

    Raises:
      UsageError: if Keras cannot put this generator into a format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        if name == SAVED_MODEL:
            continue
        suffix, save = FORMATS[name]
        path = folder / f"generator.{suffix}"
        try:
            with warnings.catch_warnings():
                # Of converters, about NumPy and about themselves.
                warnings.simplefilter("ignore")
                save(generator, path)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # Converters raise anything.
            path.unlink(missing_ok=True)  # of which they leave a part
            reason = (str(error).strip() or type(error).__name__).split("\n")
            raise errors.UsageError(
                f"Keras cannot export this generator as {name}: {reason[0]}"
            ) from error
        if name == _LITERT:
            _warn_of_flex(path)
        paths.append(path)
    return paths


def _warn_of_flex(path: pathlib.Path) -> None:
    """Warns of a LiteRT file that plain interpreters do not run."""
    names = sorted({name.decode() for name in _FLEX.findall(path.read_bytes())})
    if names:
        errors.warn(
            f"{path.name} has operations of TensorFlow itself, "
            f"{errors.listed(names)}: an interpreter runs it with the Flex "
            "delegate only.",
            stacklevel=3,
        )


def _keras(generator: keras.Model, path: pathlib.Path) -> None:
    generator.save(path)


def _litert(generator: keras.Model, path: pathlib.Path) -> None:
    generator.export(path, format="litert", verbose=False)


def _onnx(generator: keras.Model, path: pathlib.Path) -> None:
    import onnx

    # What cannot be converted is logged, at length, and left in the file.
    converter = logging.getLogger("tf2onnx")
    level = converter.level
    converter.setLevel(logging.CRITICAL + 1)
    try:
        generator.export(path, format="onnx", verbose=False)
    finally:
        converter.setLevel(level)
    onnx.checker.check_model(onnx.load(path))


FORMATS: dict[str, tuple[str, Callable[[keras.Model, pathlib.Path], None]]] = {
    "keras": ("keras", _keras),
    _LITERT: ("tflite", _litert),
    "onnx": ("onnx", _onnx),
}

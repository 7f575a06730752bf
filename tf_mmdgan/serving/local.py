"""Signatures of a generator in this process."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.serving import answers
from tf_mmdgan.serving.predictor import Arrays, Signature, Wanted, reason


class LocalPredictor:
    """Asks concrete functions, of a loaded SavedModel or of a `Servable`.

        >>> options = tm.GeneratorOptions(8, width=4)
        >>> generator = tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options)
        >>> latents = tm.Latents(8, "normal")
        >>> path = tm.export_generator(generator, latents, "export")
        >>> predictor = tm.LocalPredictor(tm.load_generator(path).signatures)
        >>> tm.Sampler(predictor).sample(3, seed=1).images.shape
        (3, 4, 4, 1)

    Args:
      signatures: concrete functions by the names of the signatures.

    Raises:
      UsageError: for what are none.
    """

    def __init__(self, signatures: Mapping[str, Any]):
        found = list(getattr(signatures, "values", list)())
        if not found or not all(
            hasattr(f, "structured_outputs") for f in found
        ):
            raise errors.UsageError(
                "signatures: need concrete functions by name, such as those of "
                "load_generator(path).signatures."
            )
        self._functions = signatures

    def signatures(self) -> Mapping[str, Signature]:
        """See `Predictor`."""
        return {
            name: Signature(
                frozenset(
                    spec.name
                    for spec in tf.nest.flatten(
                        function.structured_input_signature
                    )
                    if spec is not None
                ),
                {
                    output: tf.TensorSpec(tensor.shape, tensor.dtype)
                    for output, tensor in function.structured_outputs.items()
                },
            )
            for name, function in self._functions.items()
        }

    def predict(self, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
        """See `Predictor`."""
        function = errors.pick(self._functions, signature, "signature")
        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        try:
            found = function(**tensors)
        except tf.errors.InvalidArgumentError as error:
            raise errors.UsageError(reason(error.message)) from error
        try:
            return {
                name: answers.checked(found[name].numpy(), spec)
                for name, spec in wanted.items()
            }
        except ValueError as error:
            raise errors.DataError(f"The model draws {error}.") from error

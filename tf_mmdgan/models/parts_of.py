"""Equal parts of a batch, and a critic that sees them one by one."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mmdgan.models.views import CriticView
from tf_mmdgan.objectives import Batch, CriticOutput

_SMALL = ("features", "penultimate")  # what is kept of each pass


class Pass(NamedTuple):
    """What the critic was shown, and the small part of what it returned.

    Attributes:
      batches: of one size.
      outputs: by name, [batches * b, ...]; the rows of the first come first.
    """

    batches: Sequence[Batch]
    outputs: dict[str, tf.Tensor]


class ViewInParts(CriticView):
    """A critic that is asked part by part, off the tape that records the loss.

    To that tape the features are inputs; `passes` has what they came from.
    """

    def __init__(self, whole: CriticView, parts: int, tape: tf.GradientTape):
        super().__init__(whole.network, whole.multiplier, whole.adaptation)
        self._whole = whole
        self._parts = parts
        self._tape = tape
        self.passes: list[Pass] = []

    def __call__(self, batch: Batch) -> CriticOutput:
        """See `objectives.Critic`."""
        return self.joint(batch)

    def joint(self, *batches: Batch) -> CriticOutput:
        """See `objectives.Critic.joint`."""

        def shown(number: tf.Tensor) -> dict[str, tf.Tensor]:
            own = part(batches, number, self._parts)
            return small(self._whole.joint(*own))

        with self._tape.stop_recording():
            stacked = tf.map_fn(
                shown,
                tf.range(self._parts),
                fn_output_signature=self._signature(batches),
                parallel_iterations=1,
            )
            outputs = {
                name: _in_order(rows, len(batches))
                for name, rows in stacked.items()
            }
        for rows in outputs.values():
            self._tape.watch(rows)
        self.passes.append(Pass(batches, outputs))
        return CriticOutput(activations=(), **outputs)

    def _signature(self, batches: Sequence[Batch]) -> dict[str, tf.TensorSpec]:
        made, count = self.network.output, batches[0].images.shape[0]
        # XLA has to know the size.
        rows = None if count is None else len(batches) * (count // self._parts)
        return {
            name: tf.TensorSpec(
                [rows, *made[name].shape[1:]], _wide_type(made[name].dtype)
            )
            for name in _SMALL
            if name in made
        }


def part(
    batches: Sequence[Batch], number: tf.Tensor, parts: int
) -> list[Batch]:
    """Rows of one of some equal parts of each batch."""
    return [
        Batch(
            rows(images, 1, number, parts),
            None if labels is None else rows(labels, 1, number, parts),
        )
        for images, labels in batches
    ]


def small(output: CriticOutput) -> dict[str, tf.Tensor]:
    """What is kept of an output of the critic, by name."""
    found = {name: getattr(output, name) for name in _SMALL}
    return {name: rows for name, rows in found.items() if rows is not None}


def _wide_type(dtype: str) -> tf.DType:
    """The type of a critic's outputs in a `CriticView`."""
    found = tf.as_dtype(dtype)
    return found if found.size >= 4 else tf.float32


def _in_order(stacked: tf.Tensor, batches: int) -> tf.Tensor:
    """Rows by part and batch, [parts, batches * c, d], as rows by batch.

    Row i of a batch is row i % c of its part i // c.
    """
    parts, width = tf.shape(stacked)[0], stacked.shape[2:]
    rows = tf.reshape(stacked, [parts, batches, -1, *width])
    rest = range(3, 3 + len(width))
    return tf.reshape(tf.transpose(rows, [1, 0, 2, *rest]), [-1, *width])


def rows(
    rows: tf.Tensor, batches: int, number: tf.Tensor, parts: int
) -> tf.Tensor:
    """One part's of rows by batch: what `_in_order` had at `number`."""
    width = tf.shape(rows)[1:]
    apart = tf.reshape(rows, tf.concat([[batches, parts, -1], width], axis=0))
    found = tf.reshape(apart[:, number], tf.concat([[-1], width], axis=0))
    return tf.ensure_shape(found, [None, *rows.shape[1:]])


def filled(
    found: Sequence[tf.Tensor | None], sources: Sequence[Any]
) -> list[tf.Tensor]:
    """Gradients as tensors, zeros where there is none."""
    return [
        tf.zeros_like(getattr(source, "value", source))
        if gradient is None
        else tf.convert_to_tensor(gradient)
        for gradient, source in zip(found, sources, strict=True)
    ]


def zeros(sources: Sequence[Any]) -> list[tf.Tensor]:
    """Gradients of nothing with respect to tensors or weights."""
    return filled([None] * len(sources), sources)


def sum_of_parts(
    parts: int,
    start: Sequence[tf.Tensor],
    one: Callable[[tf.Tensor], Sequence[tf.Tensor]],
) -> list[tf.Tensor]:
    """Start, and the sums over parts, computed one after the other."""

    def add(number: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        both = zip(sums, one(number), strict=True)
        return (number + 1, *(total + more for total, more in both))

    _, *sums = tf.while_loop(
        lambda number, *sums: number < parts,
        add,
        (tf.constant(0), *start),
        parallel_iterations=1,
    )
    return sums

"""Steps of a model under `fit`: whole ones, each with batches of its own."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.distribute import Cluster, graphs
from tf_mmdgan.models import feeding, image_batches, phases, shares
from tf_mmdgan.models.image_batches import ImageForm
from tf_mmdgan.models.input_clock import InputClock
from tf_mmdgan.models.phases import Logs, Phase

# Attributes that hold what is trained.
_NETWORKS = ("generator", "critic")

LateUpdate = tuple[tf.Tensor, Callable[[Sequence[Any], tf.Tensor], None]]


class SteppedModel(keras.Model):
    """A Keras model whose step takes several batches, in `fit`.

    A subclass says how many batches a step takes, what a replica does with
    them, and by which optimizers. This class counts steps and spreads them
    over devices. A step first waits for all of its batches, so that one whose
    data end too early changes nothing.

    Each `fit` begins a data set anew. To go on in the data too, give it the
    batches that come next: `data.batches(..., start=int(model.updates))`.

    Where the generator depends on a network that must be trained before it, the
    steps of that training are one of the `earlier_phases`. They count like all
    others.

    Attributes:
      seed: of noise, and of the order of arrays.
      step: int64 variable, steps done.
      updates: int64 variable, updates done. It is also the number of batches
        consumed: the position in the data, and the key of all noise.
      input_clock: an `InputClock` that is told how long steps wait for their
        batches; by default None. Set it before the first `fit`. It puts a call
        to Python into each step, which accelerators that are not local refuse.
    """

    input_clock: InputClock | None
    train_function: Callable[[Iterator[Any]], Logs] | None

    def __init__(self, *, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.step = self._counter("step")
        self.updates = self._counter("updates")
        self.input_clock = None

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
        )

    @property
    def batches_per_step(self) -> int:
        """Batches that `replica_step` takes."""
        raise NotImplementedError

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """One step in replica context; returns scalars to log.

        Args:
          batches: `batches_per_step` of them, of this replica.
          first_update: the value of `updates` at the first of them.
        """
        raise NotImplementedError

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The optimizers whose learning rates rise and fall together."""
        raise NotImplementedError

    @property
    def pretraining_steps(self) -> int:
        """How many steps come before the generator's first step."""
        return 0

    @property
    def earlier_phases(self) -> Sequence[Phase]:
        """Phases with steps of their own before those of `replica_step`."""
        return ()

    def extra_updates(self, step: tf.Tensor) -> tf.Tensor | int:
        """How many extra updates come before step number `step` (from 0)."""
        return 0

    def replica_extra_update(self, batch: Any, number: tf.Tensor) -> None:
        """One extra update in replica context."""
        raise NotImplementedError

    def late_updates(self, step: tf.Tensor) -> Sequence[LateUpdate]:
        """Updates that may end step number `step`.

        Of each how often it is done, and what a replica does, on the arguments
        of `replica_step`.
        """
        return ()

    def after_step(self) -> None:
        """Called in cross-replica context, when a step has been counted."""

    @property
    def image_form(self) -> ImageForm | None:
        """The form of the batches that `fit` makes; None: as they are given."""
        return None

    @property
    def cluster(self) -> Cluster:
        """The devices and workers that the model was made for."""
        return Cluster(self.distribute_strategy)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        *,
        steps_per_epoch: int | None = None,
        initial_epoch: int = 0,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains for some epochs of some steps, and returns the history.

            model.fit(images, batch_size=64, epochs=10)
            model.fit(batches, epochs=10, steps_per_epoch=100)

        A step takes `batches_per_step` batches, all of one size. Arrays and
        finite data sets are repeated as long as it takes, without the rows that
        make no whole batch. By default an epoch has as many whole steps as one
        pass over them; batches that are left over begin the next epoch.

        Args:
          x: images [n, h, w, c] in [-1, 1], or points [n, d], as an array; or
            a `tf.data.Dataset` or Python generator of batches of them, or of
            (images, labels); or what `Cluster.spread` makes, as it is.
          y: labels [n] of an array, for networks that take them.
          batch_size: rows of a batch of an array, over all devices; by default
            32. Data sets have batches already.
          epochs: the number of the last epoch.
          steps_per_epoch: steps of an epoch; data without end need it.
          initial_epoch: epochs that are done already.
          shuffle: whether each pass over an array has an order of its own.
          **kwargs: of `keras.Model.fit`: callbacks, validation_data, verbose.

        Raises:
          UsageError: for what is no data, data without end and without
            `steps_per_epoch`, and `sample_weight` and the like.
          DataError: for data with fewer batches than one step takes.
        """
        feeding.check_epochs(x, epochs, initial_epoch, steps_per_epoch)
        self.check_fit(kwargs)
        first = int(self.step.numpy())
        feed = self._feed(x, y, batch_size, shuffle)
        together = self.steps_per_execution
        steps = feed.steps(self.batches_per_step, steps_per_epoch, together)
        try:
            history = super().fit(
                feed.batches, epochs=epochs, steps_per_epoch=steps,
                initial_epoch=initial_epoch, shuffle=False, **kwargs,
            )  # fmt: skip
        except tf.errors.OpError as error:
            raise image_batches.refusal(error) from None
        if epochs > initial_epoch and int(self.step.numpy()) == first:
            extra = int(self.extra_updates(self.step.value))
            needed = extra + self.batches_per_step
            raise errors.DataError(feeding.too_few(needed))
        return history

    def check_fit(self, given: Mapping[str, Any]) -> None:
        """Refuses further arguments of `fit`, before it begins."""
        feeding.check_arguments(given)

    def _feed(
        self, x: Any, y: Any, batch_size: int | None, shuffle: bool
    ) -> feeding.Feed:
        switches.check(shuffle=shuffle)
        order = self.seed + int(self.updates.numpy()) if shuffle else None
        return feeding.make(
            x, y, batch_size, order, self.image_form, self.batches_per_step
        )

    def feed(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        shuffle: bool = True,
    ) -> Any:
        """The batches that `fit` would take, for a loop of your own.

            batches = iter(model.feed(images, batch_size=64))
            for _ in range(1000):
                logs = model.train_step(batches)

        Arguments and errors are those of `fit`.
        """
        return self._feed(x, y, batch_size, shuffle).batches

    def train_step(self, iterator: Iterator[Any]) -> Logs:
        """What `fit` does with its iterator: `steps_per_execution` steps.

        All that belongs to a step is in it: the updates of both networks, the
        vectors of spectral normalisation, the average, and the counters.

        Args:
          iterator: of the batches that `feed` or `Cluster.spread` makes, or of
            others in that form; `batches_per_step` of them are taken for each
            step.

        Returns:
          What `fit` would log, scalars.

        Raises:
          UsageError: for a model that is not compiled, and for no iterator.
          DataError: where the data have ended; the step then changes nothing.
        """
        if not self.compiled:
            raise errors.UsageError("Call model.compile(...) before a step.")
        form = self.image_form
        feeding.check_iterator(iterator, self.run_eagerly, form)
        try:
            return self.make_train_function()(iterator)
        except (tf.errors.OutOfRangeError, StopIteration):
            raise errors.DataError(
                f"The data have ended; a step takes {self.batches_per_step} "
                "batches. Repeat them, as model.feed does."
            ) from None
        except tf.errors.OpError as error:
            raise image_batches.refusal(error) from None

    def make_train_function(
        self, force: bool = False
    ) -> Callable[[Iterator[Any]], Logs]:
        """Keras' hook: the function that `fit` calls with its iterator.

        It runs `steps_per_execution` steps, with as many batches as each needs.
        Keras' own pulls one batch a step, and fails under several replicas.
        """
        if self.train_function is not None and not force:
            return self.train_function
        found = (getattr(self, name, None) for name in _NETWORKS)
        shares.check_synchronized(self.distribute_strategy, filter(None, found))
        self.train_function = phases.in_turn(
            [
                (phase.end, self._make_steps(phase.replica_step))
                for phase in self.earlier_phases
            ],
            self._make_steps(self.replica_step),
            self.step,
            self.steps_per_execution,
        )
        return self.train_function

    def _make_steps(
        self, replica_step: Callable[..., Logs]
    ) -> Callable[[Iterator[Any]], Logs]:
        steps = self.steps_per_execution

        def run_steps(iterator):
            # One step is the usual case, and traced once, not twice.
            if steps > 1:
                graphs.repeat(
                    steps - 1, lambda: self._step(iterator, replica_step)
                )
            logs = self._step(iterator, replica_step)
            graphs.forget_gradients()
            return logs

        # Without AutoGraph, which would convert the user's parts too, and make
        # another error of theirs, twenty lines long.
        if not self.run_eagerly:
            run_steps = graphs.traced(run_steps)
        return shares.told(run_steps)

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs a function on every replica, as it is written.

        XLA compiles the function where there is one replica; it cannot compile
        what replicas send to each other.
        """
        # TensorFlow's strategies convert what they are given.
        plain = tf.autograph.experimental.do_not_convert(function)
        if (
            self.jit_compile
            and not self.run_eagerly
            and self.cluster.num_replicas == 1
        ):
            plain = tf.function(plain, jit_compile=True, autograph=False)
        with shares.even(self.distribute_strategy, args):
            return self.distribute_strategy.run(plain, args)

    def _step(
        self, iterator: Iterator[Any], replica_step: Callable[..., Logs]
    ) -> Logs:
        extra = self.extra_updates(self.step.value)
        if tf.is_tensor(extra):
            # Outside the replica function: inside one, a loop cannot
            # synchronise replicas.
            graphs.repeat(extra, lambda: self._extra_update(iterator))
        count = self.batches_per_step
        batches, first_update = self._next_batches(iterator, count)
        # Also what needs no batch, such as the counters of optimizers, waits.
        with tf.control_dependencies([first_update]):
            logs = self._run(replica_step, batches, first_update)
            for times, act in self.late_updates(self.step.value):
                given = act, batches, first_update
                graphs.repeat(times, functools.partial(self._run, *given))
            self.updates.assign_add(count)
            self.step.assign_add(1)
        self.after_step()
        # All numbers in one exchange between workers.
        values = self._run(phases.stacked, list(logs.values()))
        means = self.distribute_strategy.reduce("MEAN", values, axis=None)
        return dict(zip(logs, tf.unstack(means, len(logs)), strict=True))

    def _extra_update(self, iterator: Iterator[Any]) -> None:
        (batch,), number = self._next_batches(iterator, 1)
        with tf.control_dependencies([number]):
            self._run(self.replica_extra_update, batch, number)
            self.updates.assign_add(1)

    def _next_batches(
        self, iterator: Iterator[Any], count: int
    ) -> tuple[list[Any], tf.Tensor]:
        """So many batches; and the first update's number, once all are there.

        Where a batch is missing, what depends on the number is not done.
        """

        def pull():
            batches = [next(iterator) for _ in range(count)]
            return batches, self._global(self.updates)

        if self.input_clock is not None:
            return self.input_clock.measure(pull)
        batches, first_update = pull()
        with tf.control_dependencies(tf.nest.flatten(batches, True)):
            return batches, tf.identity(first_update)

    def _global(self, variable: keras.Variable) -> tf.Tensor:
        """The value as a plain tensor, to be handed to every replica."""
        return tf.identity(variable.value)

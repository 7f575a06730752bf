"""What a run is continued from, and what it leaves when it is told to end."""

import os
import pathlib
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import keras
import tensorflow as tf

from tf_mmdgan import errors, files, owned
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import checkpoint_files, guard
from tf_mmdgan.training.callbacks import Every, current_step, tell
from tf_mmdgan.training.run_directory import CONFIG_FILE

# What a shell reports for a process that a signal has ended is this and its
# number.
_ENDED_BY = 128
PREEMPTED = _ENDED_BY + signal.SIGTERM


class Checkpoints(Every):
    """Saves everything that a run needs to continue.

    A damaged newest checkpoint (truncated, bits flipped) is passed over, with
    a warning, for the one before.
    """

    def __init__(
        self,
        model: ImplicitModel,
        folder: str | os.PathLike[str],
        interval: int = 0,
        keep: int | None = 2,
        **parts: tf.Module,
    ):
        """Makes the manager.

        Args:
          model: what is saved.
          folder: of the checkpoints.
          interval: steps between them; 0: only at the end.
          keep: how many of the last ones stay; None: all.
          **parts: saved beside the model.

        Raises:
          DataError: for a record of checkpoints that names others, for pipes
            or devices in place of files, and for what may not be read.
        """
        files.check_plain(folder)
        checkpoint_files.check_record(pathlib.Path(folder))
        super().__init__(interval, at_end=True)
        self.folder = pathlib.Path(folder)
        self.keep = keep
        self.checkpoint = tf.train.Checkpoint(model=model, **parts)
        self.manager = tf.train.CheckpointManager(
            self.checkpoint,
            str(folder),
            max_to_keep=keep,
            checkpoint_name="step",
        )

    def restore(self, whole: bool = True) -> bool:
        """Restores the newest sound checkpoint; False if there is none at all.

        Args:
          whole: whether the model is all that was saved; else it is a part.

        Raises:
          DataError: if there are checkpoints and all are damaged, or if one is
            of another model or cannot be read.

        Of a process that was killed while it saved its first one there is
        none.
        """
        candidates = self.saved_steps()
        for step in candidates:
            path = str(self.folder / f"step-{step}")
            try:
                self._read(path, whole)
                return True
            except Exception as error:  # TensorFlow raises many kinds.
                _refuse_if_whole(path, error)
                if checkpoint_files.is_unfinished(self.folder):
                    errors.warn(
                        f"Checkpoint {path} is not whole: a process was killed "
                        "while it saved the first one.",
                        stacklevel=2,
                    )
                    return False
                errors.warn(
                    f"Checkpoint {path} is damaged ({errors.excerpt(error)}); "
                    "trying the one before.",
                    stacklevel=2,
                )
        if candidates:
            raise errors.DataError(
                f"No checkpoint in {self.folder} can be read. Restore the "
                "folder from a copy, or start anew in another --run_dir."
            )
        return False

    def restore_step(self, step: int) -> None:
        """Restores a part of the model from the checkpoint of one step.

        Raises:
          DataError: if it is damaged, of another model, or cannot be read.
        """
        path = str(self.folder / f"step-{step}")
        try:
            self._read(path, whole=False)
        except Exception as error:  # TensorFlow raises many kinds.
            _refuse_if_whole(path, error)
            raise errors.DataError(
                f"Checkpoint {path} is damaged ({errors.excerpt(error)})."
            ) from error

    def _read(self, path: str, whole: bool) -> None:
        checkpoint_files.check_claims(path)
        status = self.checkpoint.restore(path)
        status.assert_existing_objects_matched()
        if not whole:
            status.expect_partial()

    def remove_remains(self) -> None:
        """Removes what a process that was killed while saving has left.

        Call it when no other process saves in the folder.

        Raises:
          DataError: if there is anything else in these.
        """
        for remains in self.folder.glob("step-*_temp"):
            owned.remove_folder(remains, ["part-*"])

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`.

        Raises:
          DataError: if a weight is not finite; nothing is saved then.
        """
        del logs
        # The losses of a step are older than its last update.
        guard.check_weights(self.checkpoint.model, step)
        for path in self.folder.glob(f"step-{step}.*"):
            owned.make_way(path)  # TensorFlow would write through it.
        self.manager.save(checkpoint_number=step)
        # The manager spares what the clock says is of the future.
        if self.keep is None:
            return
        before = [saved for saved in self.saved_steps() if saved <= step]
        for old in before[self.keep :]:
            for part in ("index", "data-*-of-*"):
                for path in self.folder.glob(f"step-{old}.{part}"):
                    path.unlink()

    def saved_steps(self) -> list[int]:
        """Steps that there are checkpoints of, the newest first."""
        names = [path.stem for path in self.folder.glob("step-*.index")]
        return sorted(_numbers(names, "step-"), reverse=True)


def _refuse_if_whole(path: str, error: Exception) -> None:
    """Raises DataError for a checkpoint that is not damaged, by what failed."""
    if isinstance(error, tf.errors.ResourceExhaustedError | MemoryError):
        raise errors.DataError(
            f"Checkpoint {path} cannot be read now ({errors.excerpt(error)}): "
            "try again with more files, memory or room allowed."
        ) from error
    if checkpoint_files.is_whole(path):
        raise errors.DataError(
            f"Checkpoint {path} is whole, but of another model "
            f"({errors.excerpt(error)}). The run's {CONFIG_FILE} names the "
            "versions of packages that made it: take those."
        ) from error


def _numbers(names: Iterable[str], prefix: str) -> list[int]:
    """Steps in names of files; what no step can be is passed over."""
    texts = [name.removeprefix(prefix) for name in names]
    return [n for n in map(int, filter(str.isdecimal, texts)) if n < 2**63]


class EvaluatedWeights:
    """Keeps the averaged generator of every step that is scored.

    Attributes:
      folder: gets a file step_*.npz for each, its weights by number.
    """

    def __init__(self, model: ImplicitModel, folder: str | os.PathLike[str]):
        self.folder = pathlib.Path(folder)
        self._network = model.network("ema")

    def __call__(self, step: int, scores: object) -> None:
        """Saves the weights of the step."""
        del scores
        weights = self._network.get_weights()
        arrays = {f"{i:04d}": array for i, array in enumerate(weights)}
        files.write_npz(self._path(step), **arrays)

    def restore(self, step: int) -> None:
        """Gives the generator the weights that it had when `step` was done.

        Raises:
          DataError: if there are none, or those of another network.
        """
        weights = [weight.numpy() for weight in self._network.weights]
        names = [f"{number:04d}" for number in range(len(weights))]
        others = set(files.npz_names(self._path(step))) - set(names)
        found = files.read_npz(self._path(step), names)
        kinds = [(found[k].shape, found[k].dtype) for k in sorted(found)]
        if others or kinds != [(w.shape, w.dtype) for w in weights]:
            raise errors.DataError(
                f"{self._path(step)} holds the weights of another generator."
            )
        self._network.set_weights([found[name] for name in names])

    def steps(self) -> list[int]:
        """The steps that are kept, in order."""
        names = (path.stem for path in self.folder.glob("step_*.npz"))
        return sorted(_numbers(names, "step_"))

    def _path(self, step: int) -> pathlib.Path:
        return self.folder / f"step_{step:07d}.npz"


class Preemption(keras.callbacks.Callback):
    """Saves and ends the process when it is told to, such as for preemption.

    It is told by SIGTERM, by SIGHUP, which comes when a terminal is closed, and
    by SIGINT, Ctrl-C; unless they are ignored, as under nohup.

        preemption = Preemption(checkpoints)
        with preemption:
            model.fit(..., callbacks=[..., checkpoints, preemption])

    At the end of the step at hand, after everything that is due then; give it
    last. A second signal ends the process at once.

    Raises:
      SystemExit: when all is saved: with 129 after SIGHUP, else with
        `PREEMPTED`.
      KeyboardInterrupt: after SIGINT, when all is saved; its text says so.
    """

    def __init__(
        self,
        save: Callable[[int, Mapping[str, float]], None],
        anywhere: Callable[[bool], bool] = bool,
    ):
        """Takes what it calls.

        Args:
          save: of step and logs, which are empty.
          anywhere: whether what this process says is so in any that trains with
            it; called by all of them after each step, and once more when the
            first of them has saved.
        """
        super().__init__()
        self.save = save
        self.anywhere = anywhere
        self._previous: dict[signal.Signals, Any] = {}
        self._received: signal.Signals | None = None

    def __enter__(self):
        # Elsewhere than in the main thread, Python refuses handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind, error, trace):
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, handler or signal.SIG_DFL)
        # It came after the last step, of which all is saved too.
        if kind is None and self._received is not None:
            self._end(current_step(self.model))

    def _note(self, number, frame):
        del frame
        self._received = signal.Signals(number)
        for again in (signal.SIGTERM, signal.SIGINT):
            if again in self._previous:
                signal.signal(again, signal.SIG_DFL)
        # A closed terminal can send it twice.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        if not self.anywhere(self._received is not None):
            return
        step = current_step(self.model)
        self.save(step, {})
        self.anywhere(True)
        self._end(step)

    def _end(self, step: int) -> NoReturn:
        number = self._received or signal.SIGTERM
        text = (
            f"{number.name}: ended after step {step}, which is saved. The same "
            "command goes on from there."
        )
        if number == signal.SIGINT:
            raise KeyboardInterrupt(text)
        tell(text)
        raise SystemExit(_ENDED_BY + number)

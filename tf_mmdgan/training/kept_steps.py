"""Every step of a run that can be scored again, wherever it is kept."""

import functools
from collections.abc import Callable

from tf_mmdgan.training.checkpoints import Checkpoints, EvaluatedWeights
from tf_mmdgan.training.finished import TrainedRun
from tf_mmdgan.training.run_directory import CHECKPOINTS, EVALUATED


class KeptSteps:
    """The last checkpoints, the best ones, and the weights that were scored."""

    def __init__(self, run: TrainedRun):
        """Looks for what there is; nothing is read yet."""
        evaluated = EvaluatedWeights(run.model, run.folder / EVALUATED)
        self._restorers: dict[int, Callable[[], None]] = {
            step: functools.partial(evaluated.restore, step)
            for step in evaluated.steps()
        }
        for name in CHECKPOINTS.values():
            saved = Checkpoints(run.model, run.folder / name)
            for step in saved.saved_steps():
                self._restorers[step] = functools.partial(
                    saved.restore_step, step
                )

    def steps(self) -> list[int]:
        """The steps that are kept, in order."""
        return sorted(self._restorers)

    def restore(self, step: int) -> None:
        """Gives the generators the weights that they had when it was done.

        Raises:
          DataError: if they are damaged, or those of another network.
        """
        self._restorers[step]()

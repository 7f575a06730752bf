"""KID of more samples than memory holds: in one pass, in parts that merge."""

import numpy as np

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import checks, kid, precision, subsets


class BlockKID:
    """KID in blocks, from batches of features.

        scores = BlockKID(block_size=1000)
        for real, fake in batches:
            scores.update(real, fake)
        scores.result()

    As soon as there are rows enough of both sets for a block, its MMD^2 is
    taken and the rows are forgotten. The result is that of `kid.kid` with
    estimator="blocks" if the number of samples is a multiple of the block's.
    Several processes may each score a part of the samples; `merge` unites what
    they found. For FID, `MomentSums` does the same.
    """

    def __init__(
        self, block_size: int = 1000, kernel: kernels.Kernel = kid.KERNEL
    ):
        """Starts without samples.

        Args:
          block_size: rows of either set in a block, >= 2.
          kernel: a frozen value; by default that of KID.

        Raises:
          UsageError: for a block of fewer than two rows.
        """
        checks.at_least(2, block_size=block_size)
        self.block_size = block_size
        self.kernel = kernel
        self._values: list[float] = []
        # Real and fake rows that fill no block yet.
        self._waiting: tuple[np.ndarray, np.ndarray] | None = None

    def update(self, real: np.ndarray, fake: np.ndarray) -> None:
        """Takes features [a, d] and [b, d], in random order; a or b may be 0.

        Raises:
          DataError: see `checks.check`.
        """
        real, fake = checks.check(real, fake, minimum=0)
        if self._waiting is not None:
            real = _joined(self._waiting[0], real)
            fake = _joined(self._waiting[1], fake)
        size = self.block_size
        if not self._values and min(len(real), len(fake)) >= size:
            precision.choose_type(self.kernel, real, fake, "float64")
        while min(len(real), len(fake)) >= size:
            self._values.append(
                subsets.mmd2_of_block(self.kernel, real[:size], fake[:size])
            )
            real, fake = real[size:], fake[size:]
        self._waiting = real, fake

    def merge(self, other: "BlockKID") -> None:
        """Takes the blocks of another score, and its rows that fill none.

        Raises:
          UsageError: if the other has another block size or another kernel.
        """
        mine = (self.block_size, self.kernel)
        if mine != (other.block_size, other.kernel):
            raise errors.UsageError(
                "Scores of unequal blocks or kernels do not merge: "
                f"{mine} and {(other.block_size, other.kernel)}."
            )
        self._values += other._values
        if other._waiting is not None:
            self.update(*other._waiting)

    def result(self) -> kid.KID:
        """KID of the full blocks; rows that fill none are left out.

        Raises:
          DataError: if no block is full yet.
        """
        if not self._values:
            counts = [len(rows) for rows in self._waiting or ((), ())]
            raise errors.DataError(
                f"No block of block_size={self.block_size} is full: there are "
                f"{counts[0]} real and {counts[1]} fake samples."
            )
        count = self.block_size * len(self._values)
        return kid.of_blocks(self._values, count, count)


def _joined(waiting: np.ndarray, new: np.ndarray) -> np.ndarray:
    checks.check(waiting, new, minimum=0)
    return np.concatenate([waiting, new])

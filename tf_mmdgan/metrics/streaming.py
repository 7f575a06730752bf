"""KID of more samples than memory holds, in one pass, by parts that merge."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import checks, kid, subsets


class BlockKID:
    """KID in blocks, of features as they come.

        scores = BlockKID(block_size=1000)
        for real, fake in batches:
            scores.update(real, fake)
        scores.result()

    As soon as a block is full of either set its MMD^2 is taken and the rows
    forgotten: the estimate is "blocks" of `kid.kid` where the number of samples
    is a multiple of the block's. What several processes found merges. For FID
    see `MomentSums`.
    """

    def __init__(
        self, block_size: int = 1000, kernel: kernels.Kernel | None = None
    ):
        """Starts without samples.

        Args:
          block_size: rows of either set in a block, >= 2.
          kernel: another than KID's.

        Raises:
          UsageError: for a block of fewer than two rows.
        """
        if block_size < 2:
            raise errors.UsageError(f"block_size={block_size}: need >= 2.")
        self.block_size = block_size
        self.kernel = kernel or kernels.Polynomial()
        self._values: list[float] = []
        self._waiting: list[np.ndarray | None] = [None, None]

    def update(self, real: np.ndarray, fake: np.ndarray) -> None:
        """Takes features [a, d] and [b, d], in random order; a or b may be 0.

        Raises:
          DataError: see `pairs.check`.
        """
        both = checks.check(real, fake, minimum=0)
        for side, rows in enumerate(both):
            waiting = self._waiting[side]
            if waiting is not None:
                checks.check(waiting, rows, minimum=0)
                rows = np.concatenate([waiting, rows])
            self._waiting[side] = rows
        while min(map(len, self._waiting)) >= self.block_size:
            self._take_block()

    def merge(self, other: "BlockKID") -> None:
        """Takes what another one has seen, full blocks and the rest.

        Raises:
          UsageError: for one of other blocks or of another kernel.
        """
        mine = (self.block_size, self.kernel)
        if mine != (other.block_size, other.kernel):
            raise errors.UsageError(
                "Scores of unequal blocks or kernels do not merge: "
                f"{mine} and {(other.block_size, other.kernel)}."
            )
        self._values += other._values
        if other._waiting[0] is not None:
            self.update(*other._waiting)

    def result(self) -> kid.KID:
        """KID of the full blocks; rows that fill none are left out.

        Raises:
          DataError: if no block is full yet.
        """
        if not self._values:
            counts = [0 if w is None else len(w) for w in self._waiting]
            raise errors.DataError(
                f"No block of block_size={self.block_size} is full: there are "
                f"{counts[0]} real and {counts[1]} fake samples."
            )
        count = self.block_size * len(self._values)
        return kid.of_blocks(self._values, count, count)

    def _take_block(self) -> None:
        size = self.block_size
        block = [rows[:size] for rows in self._waiting]
        self._waiting = [rows[size:] for rows in self._waiting]
        points = tf.constant(np.concatenate(block, dtype=np.float64))
        self._values.append(float(subsets.mmd2(self.kernel)(points, size)))

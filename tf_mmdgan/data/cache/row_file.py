"""One .npy file whose rows are written in any order."""

import io
import os
import pathlib

import numpy as np

from tf_mmdgan import owned


class RowFile:
    """Rows of one shape and type in a .npy file.

    They are written by calls, which fail where the disk is full. Writing to a
    memory-mapped file would then kill the process.
    """

    def __init__(
        self, path: pathlib.Path, row_shape: tuple[int, ...], dtype: type
    ):
        """Opens the file, or makes an empty one.

        Args:
          path: the file.
          row_shape: shape of a row; () for numbers.
          dtype: NumPy type of the elements.

        Raises:
          DataError: for a link, or what is no plain file.
        """
        self._row_shape = row_shape
        self._dtype = np.dtype(dtype)
        self._row_bytes = int(np.prod(row_shape)) * self._dtype.itemsize
        # NumPy pads the header, which is as long for any number of rows.
        self._start = len(self._header(0))
        self._file = open(owned.open_file(path, os.O_RDWR), "r+b")  # noqa: SIM115

    def _header(self, count: int) -> bytes:
        buffer = io.BytesIO()
        content = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (count, *self._row_shape),
        }
        np.lib.format.write_array_header_1_0(buffer, content)
        return buffer.getvalue()

    def write(self, first: int, rows: np.ndarray) -> None:
        """Writes rows from number `first` on."""
        self._file.seek(self._start + first * self._row_bytes)
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._file.flush()

    def read(self, first: int, count: int) -> np.ndarray:
        """`count` rows from number `first` on; fewer at the end of the file."""
        self._file.seek(self._start + first * self._row_bytes)
        content = self._file.read(count * self._row_bytes)
        whole = len(content) // self._row_bytes * self._row_bytes
        rows = np.frombuffer(content[:whole], self._dtype)
        return rows.reshape(-1, *self._row_shape)

    def close_gaps(self, runs: list[tuple[int, int]]) -> int:
        """Moves runs of rows together, and completes the file.

        Args:
          runs: number of the first row and count of each run, from the front
            of the file to its end.

        Returns:
          The number of rows of all runs.
        """
        end = 0
        for first, count in runs:
            if first != end:
                self.write(end, self.read(first, count))
            end += count
        self._file.truncate(self._start + end * self._row_bytes)
        self._file.seek(0)
        self._file.write(self._header(end))
        self._file.flush()
        os.fsync(self._file.fileno())
        return end

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

"""Reads all of an HDF5 file, as a program: python hdf5_reading.py FILE MOST.

For some damaged files the library of HDF5 goes round in circles, or ends the
process. So strangers' files are read once in a process that may do either.
Prints what is wrong with the file; nothing, if it can be read. MOST is how many
bytes its arrays may have together.

A file can also take far more memory than its arrays have bytes: by chunks that
are larger than their array, and by texts of any length of which many are one.
So the process may take no more than the largest array needs.
"""

import pathlib
import resource
import sys
from typing import Any

import h5py

_ROOM_BYTES = 2**28  # beside arrays: for attributes, and for copies


def main(path: str, most: int) -> None:
    """Reads the arrays and attributes of a file.

    Raises:
      ValueError: for arrays of more bytes together, or that lie elsewhere.
      Exception: of many kinds, from h5py, for a damaged file.
    """
    arrays: list[Any] = []
    _bound_memory(0)

    def visit(name: str, part: Any) -> None:
        if isinstance(part, h5py.Dataset):
            if part.external or part.is_virtual:
                raise ValueError(f"the array {name} lies elsewhere")
            arrays.append(part)
        else:
            for link in part:
                kind = part.get(link, getlink=True)
                if isinstance(kind, h5py.ExternalLink):
                    raise ValueError(f"{link} leads to another file")
        for text in part.attrs:
            part.attrs[text]

    with h5py.File(path, "r") as opened:
        visit("/", opened)
        opened.visititems(visit)
        claims = [part.size * part.dtype.itemsize for part in arrays]
        if sum(claims) > most:
            raise ValueError(
                f"its arrays claim {sum(claims):,} bytes, which are too many"
            )
        _bound_memory(max(claims, default=0))
        for part in arrays:
            part[()]


def _bound_memory(claimed: int) -> None:
    """Lets the process take so many bytes more than it has, and some room."""
    taken = pathlib.Path("/proc/self/statm")
    if not taken.exists():  # as on macOS
        return
    pages = int(taken.read_text().split()[0])
    most = pages * resource.getpagesize() + claimed + _ROOM_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except Exception as error:  # The library raises many kinds.
        print(repr(error))

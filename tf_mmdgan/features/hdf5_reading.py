"""Reads all of an HDF5 file, as a program: python hdf5_reading.py FILE MOST.

For some damaged files the library of HDF5 goes round in circles, or ends the
process. So strangers' files are read once in a process that may do either.
Prints what is wrong with the file; nothing, if it can be read. MOST is how many
bytes its arrays may have together.
"""

import sys
from typing import Any

import h5py


def main(path: str, most: int) -> None:
    """Reads the arrays and attributes of a file.

    Raises:
      ValueError: for arrays of more bytes together, or that lie elsewhere.
      Exception: of many kinds, from h5py, for a damaged file.
    """
    arrays: list[Any] = []

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
        claimed = sum(part.size * part.dtype.itemsize for part in arrays)
        if claimed > most:
            raise ValueError(
                f"its arrays claim {claimed:,} bytes, which are too many"
            )
        for part in arrays:
            part[()]


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except Exception as error:  # The library raises many kinds.
        print(repr(error))

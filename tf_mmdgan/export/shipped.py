"""Trained generators that come with the package.

Each is a folder as `export_generator` writes it; its model card,
`trained/NAME/VERSION/assets.extra/README.md`, has the command that trained it.
"""

import pathlib

from tf_mmdgan import errors

_FOLDER = pathlib.Path(__file__).parent / "trained"


def shipped() -> dict[str, pathlib.Path]:
    """The folder of each shipped generator, by its name."""
    return {path.name: path for path in sorted(_FOLDER.iterdir())}


def shipped_folder(name: str) -> pathlib.Path:
    """The folder of a shipped generator, for `load_generator`.

    Raises:
      UsageError: for an unknown name.
    """
    return errors.pick(shipped(), name, "model")

"""Recipes by name, wherever the package is installed."""

import importlib.resources
import pathlib
from collections.abc import Sequence

from tf_mmdgan import errors

_FLAG = "--recipe="


def folder() -> pathlib.Path:
    """The folder of the flagfiles, NAME.cfg."""
    return pathlib.Path(str(importlib.resources.files("tf_mmdgan.recipes")))


def names() -> list[str]:
    """All recipes, in alphabetical order."""
    return sorted(path.stem for path in folder().glob("*.cfg"))


def listing() -> str:
    """A line for each recipe: its name, and how its description begins.

    What tools/compare.py adds a method to is no recipe by itself.
    """
    listed = [name for name in names() if not name.startswith("compare_")]
    width = max(map(len, listed))
    return "\n".join(f"{name:{width}}  {_title(name)}" for name in listed)


def _title(name: str) -> str:
    text = (folder() / f"{name}.cfg").read_text(encoding="utf-8")
    words = " ".join(
        line.removeprefix("#").strip()
        for line in text.splitlines()
        if line.startswith("#")
    )
    return words.split(". ")[0].split(": ")[0].rstrip(".")


def expand(arguments: Sequence[str]) -> list[str]:
    """Arguments with each --recipe=NAME replaced by its flagfile, in place.

    Flags that come later win, as with any flagfile.

    Raises:
      UsageError: for an unknown recipe, naming the nearest one.
    """
    return [_expanded(argument) for argument in arguments]


def _expanded(argument: str) -> str:
    if not argument.startswith(_FLAG):
        return argument
    name = argument.removeprefix(_FLAG)
    if name not in names():
        raise errors.UsageError(
            f"Unknown recipe '{name}': --recipe=list shows all of them."
            f"{errors.hint(names(), name)}"
        )
    return f"--flagfile={folder() / name}.cfg"

"""The recipes that come with the package, as settings of a training run."""

import functools
import importlib.resources
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any


class Recipes(Mapping[str, Mapping[str, Any]]):
    """The settings of each recipe by its name, read when they are asked for.

    A value is text as it stands in the recipe, or a bool.
    """

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in _names():
            raise KeyError(name)
        text = (folder() / f"{name}.cfg").read_text(encoding="utf-8")
        flags = (
            line.strip().removeprefix("--")
            for line in text.splitlines()
            if line.startswith("--")
        )
        return dict(map(_setting, flags))

    def __iter__(self) -> Iterator[str]:
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder().glob("*.cfg")))


def folder() -> pathlib.Path:
    """The folder of the recipes, NAME.cfg: files of flags."""
    return pathlib.Path(str(importlib.resources.files("tf_mmdgan.recipes")))


def _setting(flag: str) -> tuple[str, Any]:
    """Name and value of --name=value, --name or --noname."""
    name, equals, value = flag.partition("=")
    if equals:
        return name, value
    return name.removeprefix("no"), not name.startswith("no")

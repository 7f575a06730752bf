"""Calls of constructors with the arguments that a user has written.

Everything here raises `Refusal`, whose message the reader of an expression
completes by the expression.
"""

import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tf_mmdgan import errors


class Refusal(Exception):
    """What is wrong with a part of an expression."""


def load(dotted: str) -> Any:
    """What package.module:Name stands for; the module is imported."""
    module, _, name = dotted.partition(":")
    try:
        loaded = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise Refusal(
            f"the module {module} cannot be imported "
            f"({type(error).__name__}: {error}); its folder must be on "
            "PYTHONPATH."
        ) from error
    if not hasattr(loaded, name):
        raise Refusal(f"the module {module} has no {name}.")
    return getattr(loaded, name)


def makes(found: object, base: Any) -> bool:
    """Whether a class, or a function by its annotation, makes one of a class.

    Args:
      found: anything.
      base: a class, or a tuple of them.
    """
    if inspect.isfunction(found):
        try:
            found = typing.get_type_hints(found).get("return")
        except (NameError, AttributeError, TypeError):  # no such annotations
            return False
    return isinstance(found, type) and issubclass(found, base)


def call(
    name: str,
    make: Callable[..., Any],
    positional: Sequence[Any],
    named: Mapping[str, Any],
) -> Any:
    """What a constructor makes; errors of the package's own pass through."""
    signature = inspect.signature(make)
    try:
        signature.bind(*positional, **named)
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "nothing"
        raise Refusal(f"{name} takes {takes}: {error}.") from error
    return attempt(name, lambda: make(*positional, **named))


def bind(
    name: str,
    function: Callable[..., Any],
    positional: Sequence[Any],
    named: Mapping[str, Any],
) -> Callable[..., Any]:
    """A function with some of its settings fixed."""
    if positional:
        raise Refusal(f"{name} takes its settings by name, name=value.")
    known = dict(inspect.signature(function).parameters)
    for setting in named:
        errors.pick(known, setting, f"setting of {name}")
    return functools.partial(function, **named)


def attempt(name: str, make: Callable[[], Any]) -> Any:
    """Calls what may be of other people's making."""
    try:
        return make()
    except (errors.UsageError, errors.DataError):
        raise
    except Exception as error:
        raise Refusal(f"{name}: {error}") from error

"""How trained networks are named: NAME[:PATH][@LAYER+LAYER][,setting=value].

    lenet_digits
    lenet:weights.npz@conv_1+conv_2
    keras:'a,b.keras'@pooled,range=unit

A path that holds a comma or an @ is in quotes. FILE.npz alone is the LeNet in
that file, lenet:FILE.npz. A name with a dot before its colon is no path but an
extractor of the user's own, package.module:Name(arguments).
"""

import os
import re
from typing import Any, NamedTuple

from tf_mmdgan import errors
from tf_mmdgan.config import spelling

_QUOTED = r"'[^']*'|\"[^\"]*\""
_NETWORK = re.compile(
    rf"(?P<name>{_QUOTED}|[^:@'\"]+)"
    rf"(?::(?P<path>{_QUOTED}|[^@'\"]+))?"
    r"(?:@(?P<layers>[^@'\"]+))?"
)
_SETTING = re.compile(r"(?P<name>[^\W\d]\w*)\s*=(?P<value>.*)")
_LENET_FILE = ".npz"


class NetworkName(NamedTuple):
    """One network, as a user has named it.

    Attributes:
      name: in the registry, or an expression for one from another module.
      path: of its file or folder, if one is given.
      layers: names of its layers; empty for the network's own.
      settings: by name; numbers are integers.
    """

    name: str
    path: str | None
    layers: tuple[str, ...]
    settings: dict[str, Any]


def parse(text: str) -> list[NetworkName]:
    """The networks of a list with commas; settings belong to the one before.

    Raises:
      UsageError: for a text that is none.
    """
    found: list[NetworkName] = []
    for part in spelling.split(text):
        setting = _SETTING.fullmatch(part)
        if setting is None:
            found.append(_network(part))
        elif found:
            value = _unquoted(setting["value"].strip())
            number = int(value) if value.isdecimal() else value
            found[-1].settings[setting["name"]] = number
        else:
            raise _error(part)
    if not found:
        raise _error(text)
    return found


def _network(part: str) -> NetworkName:
    if spelling.is_outside(part):
        return NetworkName(part, None, (), {})
    match = _NETWORK.fullmatch(part)
    if match is None:
        raise _error(part)
    name, path = _unquoted(match["name"]), match["path"]
    if path is None and name.endswith(_LENET_FILE):
        name, path = "lenet", name
    layers = (match["layers"] or "").split("+")
    return NetworkName(
        name.strip(),
        path if path is None else os.path.expanduser(_unquoted(path)),
        tuple(layer.strip() for layer in layers if layer.strip()),
        {},
    )


def _unquoted(text: str) -> str:
    return text[1:-1] if re.fullmatch(_QUOTED, text) else text


def _error(text: str) -> errors.UsageError:
    return errors.UsageError(
        f"{text!r} names no network: need NAME[:PATH][@LAYER+LAYER]"
        "[,setting=value], with quotes around a path that holds a comma or @; "
        "or package.module:Name(arguments)."
    )

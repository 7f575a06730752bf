"""What is left out of files that are published."""

import re
from collections.abc import Mapping
from typing import Any

# The folders of an absolute path, at the beginning of a text or a word; not of
# a URL.
_FOLDERS = re.compile(
    r"(?<![^\s,;:=@'\"(])(?:~[^/\s,;:=@'\"(~]*)?/(?!/)"
    r"(?:[^/\s,;:=@]+/)*(?=[^/\s,;:=@])"
)


def without_places(value: Any) -> Any:
    """`value`, with the last part alone of each absolute path in its texts.

    For files that are published: they shall not tell who made them, nor where.
    """
    if isinstance(value, Mapping):
        return {name: without_places(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(entry) for entry in value]
    return _FOLDERS.sub("", value) if isinstance(value, str) else value

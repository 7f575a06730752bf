"""What is left out of files that are published."""

import re
from collections.abc import Mapping
from typing import Any

# The folders of an absolute path, at the beginning of a text or a word; not of
# a URL, but of files.
_FOLDERS = re.compile(
    r"(?<![^\s,;:=@'\"(\[{<|`])(?:~[^/\s,;:=@'\"(~]*)?(?:(?<=file:)//)?/(?!/)"
    r"(?:[^/\s,;:=@]+/)*(?=[^/\s,;:=@])"
)
# Those of a path that a text is or begins with, maybe after the name of what
# takes it; they may have spaces.
_FIRST_FOLDERS = re.compile(
    r"^(\w+:)?(?:~[^/,;:=@'\"(~]*)?/(?!/)(?:[^/\n,;:=@]+/)*(?=[^/\s,;:=@])"
)


def without_places(value: Any) -> Any:
    """`value`, with the last part alone of each absolute path in its texts.

    For files that are published: they shall not tell who made them, nor where.
    """
    if isinstance(value, Mapping):
        return {name: without_places(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_places(entry) for entry in value]
    if isinstance(value, str):
        return _FOLDERS.sub("", _FIRST_FOLDERS.sub(r"\1", value))
    return value

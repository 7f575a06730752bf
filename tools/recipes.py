"""The list of recipes, as --recipe=list prints it."""

import re

from tf_mmdgan.config.recipes import Recipes, folder

# The point behind a sentence: before a capital, or the end of a paragraph.
_SENTENCE_END = re.compile(r"(?<!et al)\.(?= [A-Z]| {2})")


def listing() -> str:
    """A line for each recipe: its name, and how its description begins.

    What tf-mmdgan compare adds a method to is no recipe by itself.
    """
    listed = [name for name in Recipes() if not name.startswith("compare_")]
    width = max(map(len, listed))
    return "\n".join(f"{name:{width}}  {_title(name)}" for name in listed)


def _title(name: str) -> str:
    text = (folder() / f"{name}.cfg").read_text(encoding="utf-8")
    words = " ".join(
        line.removeprefix("#").strip()
        for line in text.splitlines()
        if line.startswith("#")
    )
    return _SENTENCE_END.split(words)[0].rstrip(".")

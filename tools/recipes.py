"""The list of recipes, as --recipe=list prints it."""

from tf_mmdgan.config.recipes import Recipes, folder


def listing() -> str:
    """A line for each recipe: its name, and how its description begins.

    What tools/compare.py adds a method to is no recipe by itself.
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
    return words.split(". ")[0].split(": ")[0].rstrip(".")

"""Pages of the site that are made when it is built.

The pages of the catalogues list the members of each family; those of the
reference, the public names of each room. Both are read off the package, so that
none is missing.
"""

import dataclasses
import functools
import os
import re
from collections.abc import Callable, Iterable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from mkdocs.structure.files import File

import tf_mmdgan
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.groups import GROUPS
from tf_mmdgan.tools import recipes

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!\.\.)([^)#]+)(#[^)]*)?\)")


def on_files(files, config):
    """Adds the pages that are made."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Names files outside of docs/ instead of linking to them."""
    if page.file.src_uri.count("/"):
        return markdown
    return OUTSIDE.sub(r"\1 (`\2`)", markdown)


@functools.cache
def pages() -> dict[str, str]:
    """All pages that are made, by their paths."""
    made = {f"catalogue/{name}.md": make() for name, make in CATALOGUES.items()}
    for room in rooms():
        made[f"reference/{room}.md"] = reference(room)
    return made


def rooms() -> list[str]:
    """Rooms that have public names, in the order of the package."""
    return list(dict.fromkeys(h.split(".")[0] for h in tf_mmdgan._HOMES))


def reference(room: str) -> str:
    """The public names of a room; each is `tm.NAME`."""
    lines = [f"# {room}", "", "Each name is also `tm.NAME`.", ""]
    for home, names in tf_mmdgan._HOMES.items():
        if home.split(".")[0] == room:
            for name in names:
                lines += [f"::: tf_mmdgan.{home}.{name}", ""]
    return "\n".join(lines)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table in Markdown."""
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(map(cell, row)) for row in rows]
    return [f"| {line} |" for line in lines]


def cell(value: object) -> str:
    """The text of a cell, nothing of which is a column's end or a link."""
    return str(value).replace("|", "\\|").replace("[", "&#91;")


def first_paragraph(thing: object) -> str:
    """How the docstring of something begins."""
    doc = getattr(thing, "__doc__", None) or ""
    return " ".join(doc.split("\n\n")[0].split())


def objectives() -> str:
    """Methods of training, and the groups of their own settings."""
    from tf_mmdgan.methods import METHODS

    own = {
        method: names
        for title, names in list(GROUPS.items())[10:]
        for method in title.split(", ")
    }
    rows = (
        (
            f"`{name}`",
            method.source,
            ", ".join(f"`--{s}`" for s in own.get(name, ())),
        )
        for name, method in METHODS.items()
    )
    return "\n".join([
        "# Objectives", "",
        "What `--objective` takes. Settings that are left out are those that "
        "were published for the objective.", "",
        *table(["`--objective`", "source", "flags of its own"], rows),
    ])  # fmt: skip


def kernels() -> str:
    """Kernels by name."""
    from tf_mmdgan.kernels import KERNELS

    rows = (
        (f"`{name}`", f"`{kernel!r}`", first_paragraph(type(kernel)))
        for name, kernel in KERNELS.items()
    )
    return "\n".join([
        "# Kernels", "",
        "What `--kernel` and `--kid_kernel` take, alone or in sums and "
        "multiples: `rbf(2.0)+0.5*linear`.", "",
        *table(["name", "value", "what it is"], rows),
    ])  # fmt: skip


def networks() -> str:
    """Architectures by name."""
    from tf_mmdgan.networks import ARCHITECTURES

    rows = (
        (
            f"`{name}`",
            f"{entry.minimum_size} to {entry.maximum_size}",
            first_paragraph(entry.generator),
            first_paragraph(entry.critic),
        )
        for name, entry in ARCHITECTURES.items()
    )
    return "\n".join([
        "# Networks", "", "What `--architecture` takes.", "",
        *table(["name", "pixels", "generator", "critic"], rows),
    ])  # fmt: skip


def metrics() -> str:
    """Metrics and extractors by name."""
    from tf_mmdgan.features import EXTRACTORS
    from tf_mmdgan.metrics import METRICS

    scores = ((f"`{n}`", first_paragraph(m)) for n, m in METRICS.items())
    extractors = (
        (
            f"`{name}`",
            first_paragraph(entry.make),
            "yes" if entry.differentiable else "no",
        )
        for name, entry in EXTRACTORS.items()
    )
    return "\n".join([
        "# Metrics and features", "",
        "What `--metrics` takes.", "",
        *table(["metric", "what it is"], scores), "",
        "What `--features` takes; see [scoring](../scoring.md).", "",
        *table(["extractor", "what it is", "trains generators"], extractors),
    ])  # fmt: skip


def datasets() -> str:
    """Data sets by name."""
    from tf_mmdgan.data import DATASETS

    rows = (
        (
            f"`{name}`",
            entry.image_size or "any",
            entry.channels or "any",
            entry.num_classes or "",
            ", ".join(f"{k} {v:,}" for k, v in (entry.counts or {}).items()),
        )
        for name, entry in DATASETS.items()
    )
    return "\n".join([
        "# Data sets", "",
        "What `--dataset` takes; see [data](../data.md).", "",
        *table(["name", "pixels", "channels", "classes", "images"], rows),
    ])  # fmt: skip


def flags() -> str:
    """Every setting of a training run, by group."""
    fields = {field.name: field for field in dataclasses.fields(TrainConfig)}
    lines = ["# Flags of a training run", ""]
    for title, names in GROUPS.items():
        rows = (
            (
                f"`--{name}`",
                ""
                if fields[name].default is None
                else f"`{fields[name].default}`",
                fields[name].metadata["help"],
            )
            for name in names
        )
        lines += [
            f"## {title}",
            "",
            *table(["flag", "default", "what it is"], rows),
            "",
        ]
    return "\n".join(lines)


def recipe_list() -> str:
    """Recipes and what they are."""
    rows = (line.split(maxsplit=1) for line in recipes.listing().split("\n"))
    return "\n".join([
        "# Recipes", "", "What `--recipe` takes.", "",
        *table(["name", "what it is"], ((f"`{n}`", text) for n, text in rows)),
    ])  # fmt: skip


CATALOGUES: dict[str, Callable[[], str]] = {
    "objectives": objectives,
    "kernels": kernels,
    "networks": networks,
    "metrics": metrics,
    "data": datasets,
    "flags": flags,
    "recipes": recipe_list,
}

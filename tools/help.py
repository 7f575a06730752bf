"""What --help prints: examples first, then flags in groups."""

import textwrap
from collections.abc import Mapping, Sequence

from absl import flags

from tf_mmdgan import errors

_WIDTH = 79


def render(
    doc: str,
    own: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    chosen: str | None = None,
    values: flags.FlagValues = flags.FLAGS,
) -> str:
    """The help of a tool.

    Args:
      doc: the tool's docstring, which begins with what the tool does and
        examples.
      own: names of the tool's flags.
      groups: names of flags by title, which is a name, or several with commas
        between them; empty for a tool whose flags need none.
      chosen: a name of the only groups to show.
      values: where the flags are defined.

    Raises:
      UsageError: for an unknown group.
    """
    titles: dict[str, list[str]] = {}
    for title in groups:
        for name in title.split(", "):
            titles.setdefault(name, []).append(title)
    if chosen is not None:
        found = errors.pick(titles, chosen, "group of flags")
        return "\n\n".join(_group(t, groups[t], values) for t in found)
    parts = [doc.strip()]
    if groups:
        listed = f"--help=GROUP shows one group: {', '.join(titles)}."
        parts.append(textwrap.fill(listed, _WIDTH))
        parts += [
            _group(title, names, values) for title, names in groups.items()
        ]
    else:
        parts.append(_group("flags", own, values))
    return "\n\n".join(parts)


def _group(title: str, names: Sequence[str], values: flags.FlagValues) -> str:
    return "\n".join([f"{title}:", *(_flag(values[name]) for name in names)])


def _flag(flag: flags.Flag) -> str:
    """A flag with its default, and what it means."""
    if flag.boolean:
        default = "yes" if flag.default else "no"
        head = f"  --[no]{flag.name} (by default {default})"
    elif flag.default in (None, ""):
        head = f"  --{flag.name}=..."
    else:
        head = f"  --{flag.name}={flag.default}"
    indent = " " * 6
    body = textwrap.fill(
        flag.help, _WIDTH, initial_indent=indent, subsequent_indent=indent
    )
    return f"{head}\n{body}"

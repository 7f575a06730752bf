"""How data sets are read and kept, whichever they are."""

import dataclasses
import os
import pathlib

from tf_mmdgan import errors

DEFAULT_MEMORY_BUDGET = 4 * 2**30


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How a data set is read and kept.

    Attributes:
      cache_dir: folder of decoded pixels; by default tf_mmdgan in
        $XDG_CACHE_HOME or ~/.cache.
      memory_budget: bytes that the decoded pixels of a split may take in
        memory; a larger split stays in a memory-mapped file.
      resize: name in `resize.RESIZES`; by default the data set's own.
      download: whether the network may be used.
      skip_unreadable: whether unreadable image files are left out, with a
        warning; by default they are refused.

    Raises:
      UsageError: for a negative memory budget.
    """

    cache_dir: str | os.PathLike[str] | None = None
    memory_budget: int = DEFAULT_MEMORY_BUDGET
    resize: str | None = None
    download: bool = False
    skip_unreadable: bool = False

    def __post_init__(self):
        if self.memory_budget < 0:
            raise errors.UsageError(
                f"memory_budget={self.memory_budget}, need >= 0."
            )

    @property
    def cache_folder(self) -> pathlib.Path:
        """The folder of decoded pixels."""
        if self.cache_dir is not None:
            return pathlib.Path(self.cache_dir)
        # An empty variable counts as unset (XDG Base Directory, section 3).
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return pathlib.Path(base).expanduser() / "tf_mmdgan"


DEFAULTS = LoadOptions()

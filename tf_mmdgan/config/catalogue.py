"""The dictionaries of what has a name: kernels, data sets, metrics, ..."""

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from tf_mmdgan import errors

Member = TypeVar("Member")


class Catalogue(dict[str, Member]):
    """A dictionary that answers an unknown name with the nearest one.

        KERNELS: Catalogue[Kernel] = Catalogue("kernel", __doc__) | {
            "rbf": Gaussian(),
        }

    Attributes:
      kind: what a member is called in messages.
    """

    def __init__(self, kind: str, doc: str | None = None):
        """An empty one.

        Args:
          kind: see above.
          doc: what `help` says of it.
        """
        super().__init__()
        self.kind = kind
        self.__doc__ = doc

    def __missing__(self, name: object) -> NoReturn:
        errors.pick(self, name, self.kind)
        raise AssertionError("`pick` raises.")

    def __or__(self, more: Mapping[str, Any]) -> "Catalogue[Any]":  # type: ignore[override]
        """The same with more members."""
        both: Catalogue[Any] = Catalogue(self.kind, self.__doc__)
        both.update({**self, **more})
        return both

"""What a study is: a claim, the numbers that decide it, and their figure."""

import dataclasses
import hashlib
import math
import pathlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.reproduction.studies import workers

if TYPE_CHECKING:
    from matplotlib import figure as matplotlib_figure

Value = TypeVar("Value")


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much a study may compute.

    Attributes:
      quick: whether a rough answer in seconds is wanted.
      seeds: one for each repetition.
    """

    quick: bool
    seeds: tuple[int, ...]

    def steps(self, full: Value, quick: Value) -> Value:
        """`quick` for a quick study, `full` for one at full length."""
        return quick if self.quick else full


class Parts:
    """Values that a study stores on disk, so that it can be resumed.

    Attributes:
      folder: of the files.
      workers: number of processes that share the work of `get_all`.
      remembered_seconds: time that earlier processes spent on the values that
        were asked for.
    """

    def __init__(self, folder: pathlib.Path, workers: int = 1):
        self.workers = workers
        self.remembered_seconds = 0.0
        self.folder = folder
        self._earlier = set(folder.glob("*.json"))

    def get(self, key: str, function: Callable[..., Any], *args: Any) -> Any:
        """`function(*args)`, computed once, however often it is asked for.

        Args:
          key: a name that tells everything that the value depends on.
          function: returns numbers, texts, arrays, and lists and dictionaries
            of them. Arrays become lists, and numbers that are not finite None.
          *args: of the function.

        Raises:
          DataError: for a damaged file of this value.
        """
        path = self._path(key)
        if path.exists():
            part = _read_part(path)
            if path in self._earlier:
                self.remembered_seconds += part["seconds"]
            return part["value"]
        start = time.monotonic()
        value = plain(function(*args))
        seconds = time.monotonic() - start
        part = {"key": key, "seconds": round(seconds, 3), "value": value}
        files.write_json(path, part)
        errors.tell(f"  {key}: {seconds:.1f} s")
        return value

    def get_all(
        self, function: Callable[..., Any], calls: Mapping[str, Sequence[Any]]
    ) -> list[Any]:
        """`get` for the arguments of each key, shared out over the workers.

        Args:
          function: see `get`; several workers take only functions that a module
            defines.
          calls: arguments by key.
        """
        missing = [key for key in calls if not self._path(key).exists()]
        if self.workers > 1 and missing:
            tasks = [
                (self.folder, key, function, calls[key]) for key in missing
            ]
            workers.run(_compute, tasks, self.workers)
        return [self.get(key, function, *calls[key]) for key in calls]

    def _path(self, key: str) -> pathlib.Path:
        return self.folder / f"{_slug(key)}.json"


def _compute(
    folder: pathlib.Path, key: str, function: Callable[..., Any], args: Any
) -> None:
    Parts(folder).get(key, function, *args)


def _slug(key: str) -> str:
    """A file name that tells keys apart."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{re.sub('[^0-9A-Za-z._-]+', '_', key)[:80]}_{digest}"


def _read_part(path: pathlib.Path) -> dict[str, Any]:
    try:
        part = files.read_json(path)
        return {"seconds": float(part["seconds"]), "value": part["value"]}
    except (ValueError, KeyError, TypeError) as error:
        raise errors.DataError(
            f"{path} is damaged: {error}. Remove it; it is computed anew."
        ) from None


@dataclasses.dataclass(frozen=True)
class Study:
    """One claim of the literature, tested by computation.

    Attributes:
      title: of the section.
      claim: the statement under test, one or two sentences.
      source: author, year and where.
      threshold: what the numbers must be for the claim to hold, in words.
      compute: the numbers: what `plain` takes, a dictionary.
      holds: whether the claim holds, from these numbers.
      draw: fills an empty figure from these numbers.
      caption: what the figure shows, with the numbers that decide; "" where
        the threshold says it already.
      seeds: of the budget at full length.
      quick_seeds: of the budget of a quick study.
      size: of the figure, in inches.
    """

    title: str
    claim: str
    source: str
    threshold: str
    compute: Callable[[Budget, Parts], Mapping[str, Any]]
    holds: Callable[[Mapping[str, Any]], bool]
    draw: Callable[[Mapping[str, Any], "matplotlib_figure.Figure"], None]
    caption: Callable[[Mapping[str, Any]], str] = lambda numbers: ""
    seeds: tuple[int, ...] = (0,)
    quick_seeds: tuple[int, ...] = (0,)
    size: tuple[float, float] = (8.0, 5.0)

    def budget(self, quick: bool) -> Budget:
        """What a run of this length may compute."""
        return Budget(quick, self.quick_seeds if quick else self.seeds)


def without(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A result without one of its entries, such as points not shown."""
    return {key: value for key, value in result.items() if key != name}


def packed(picture: Any) -> dict[str, Any]:
    """An 8-bit picture as text, for a list of numbers would fill the file."""
    levels = np.asarray(picture, np.uint8)
    return {"shape": levels.shape, "levels": levels.tobytes().hex()}


def unpacked(picture: Mapping[str, Any]) -> np.ndarray:
    """The picture of `packed`."""
    levels = np.frombuffer(bytes.fromhex(picture["levels"]), np.uint8)
    return levels.reshape(picture["shape"])


def plain(value: Any) -> Any:
    """`value` for JSON: arrays are lists, numbers that are not finite None."""
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def rounded(value: Any, digits: int = 7) -> Any:
    """`plain` values with that many significant digits."""
    if isinstance(value, dict):
        return {name: rounded(entry, digits) for name, entry in value.items()}
    if isinstance(value, list):
        return [rounded(entry, digits) for entry in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value

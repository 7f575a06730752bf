"""Samples to be tested: rows of numbers or images, wherever they come from."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from tf_mmdgan import data, errors, files
from tf_mmdgan.config import TwoSampleConfig
from tf_mmdgan.evaluation.images import is_generator, load_images
from tf_mmdgan.features import FeatureExtractor, extract, get_extractor

# Images of a run: from its folder and how many there are to be.
DrawRun = Callable[[str, int], np.ndarray]

_FALLBACK = "thumbnails"
_DRAWN = 1000  # generated images, where nothing says how many


@dataclasses.dataclass(frozen=True)
class Sample:
    """One sample.

    Attributes:
      source: where it comes from.
      rows: what is compared, [n, d].
      images: what the rows are of, uint8 [n, h, w, c]; None for mere rows.
      numbers: of these rows in their source, [n].
    """

    source: str
    rows: np.ndarray
    images: np.ndarray | None
    numbers: np.ndarray


def load_samples(
    config: TwoSampleConfig, draw_run: DrawRun
) -> tuple[list[Sample], FeatureExtractor | None]:
    """The samples that a configuration names, all of them as rows.

    Args:
      config: names --x, --y and maybe --than.
      draw_run: for sources that are runs.

    Returns:
      The samples, and what made rows of their images, if they are images.

    Raises:
      UsageError: for unknown names, or images beside mere rows.
      DataError: for files that cannot be used.
    """
    extractor = get_extractor(config.features) if config.features else None
    sources = [s for s in (config.x, config.y, config.than) if s is not None]
    first = _load(sources[0], config, config.image_size, None, draw_run)
    size = first.shape[1] if is_images(first) else config.image_size
    arrays = [first] + [
        _load(source, config, size, len(first), draw_run)
        for source in sources[1:]
    ]
    kinds = {is_images(array) for array in arrays}
    if len(kinds) > 1:
        raise errors.UsageError(
            "Images and mere rows do not compare: give images, or rows of "
            f"features, in all of {', '.join(sources)}."
        )
    if kinds == {False}:
        extractor = None
    elif extractor is None:
        extractor = get_extractor(_usual_features(sources))
    chosen = zip(sources, arrays, strict=True)
    return [
        _sample(source, array, config, extractor) for source, array in chosen
    ], extractor


def is_run(source: str) -> bool:
    """Whether a source is the folder of a run."""
    folder = pathlib.Path(source)
    return (folder / "config.json").exists() and (
        folder / "checkpoints"
    ).exists()


def is_images(array: np.ndarray) -> bool:
    """Whether an array holds images, uint8 [n, h, w, c]."""
    return array.dtype == np.uint8 and array.ndim == 4


def _sample(
    source: str,
    array: np.ndarray,
    config: TwoSampleConfig,
    extractor: FeatureExtractor | None,
) -> Sample:
    numbers = np.arange(len(array))
    if config.num_samples is not None and config.num_samples < len(array):
        rng = np.random.default_rng(config.seed)
        numbers = rng.permutation(len(array))[: config.num_samples]
        array = array[numbers]
    if extractor is None:
        return Sample(source, array, None, numbers)
    return Sample(source, extract(extractor, array).features, array, numbers)


def _load(
    source: str,
    config: TwoSampleConfig,
    image_size: int | None,
    num_first: int | None,
    draw_run: DrawRun,
) -> np.ndarray:
    drawn = config.num_samples or num_first or _DRAWN
    if source.endswith(".npy"):
        return files.read_npy(source)
    if source.endswith(".npz") and "images" not in files.npz_names(source):
        return _only_array(source)
    if is_run(source):
        return draw_run(source, drawn)
    count = drawn if is_generator(source) else None
    return load_images(source, config, image_size, count, config.seed)


def _only_array(path: str) -> np.ndarray:
    names = files.npz_names(path)
    if len(names) != 1:
        found = errors.excerpt(", ".join(names) or "of none")
        raise errors.DataError(
            f"{path} has the arrays {found}: save one sample in a file, or "
            "images under the name images."
        )
    return files.read_npz(path)[names[0]]


def _usual_features(sources: list[str]) -> str:
    """Those of the first data set among the sources."""
    for source in sources:
        entry = data.DATASETS.get(source.partition("/")[0])
        if entry is not None:
            return entry.features
    return _FALLBACK

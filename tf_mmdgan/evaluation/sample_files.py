"""Samples to be tested: rows of numbers or images, wherever they come from."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.config import TwoSampleConfig
from tf_mmdgan.evaluation.comparable import compared
from tf_mmdgan.evaluation.images import (
    check_source,
    holds,
    is_generator,
    load_images,
    of_array,
    resized,
)
from tf_mmdgan.evaluation.loaded import Loaded
from tf_mmdgan.evaluation.usual import default_features, extractor_of
from tf_mmdgan.features import (
    FeatureExtractor,
    Images,
    extract,
    read_features,
)
from tf_mmdgan.metrics import read_extractor

# Images of a run: from its folder, how many there are to be, and a seed.
DrawRun = Callable[[str, int, int], Loaded]

_DRAWN = 1000  # generated images, where nothing says how many


@dataclasses.dataclass(frozen=True)
class Sample:
    """One sample.

    Attributes:
      source: where it comes from.
      rows: what is compared, [n, d].
      images: what the rows are of; None for mere rows.
      numbers: of these rows in their source, [n].
    """

    source: str
    rows: np.ndarray
    images: Images | None
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
      DataError: for files that cannot be used, and for features that unequal
        extractors have made.
    """
    extractor = None
    if config.features:
        extractor = extractor_of(config, config.features)
    sources = [s for s in (config.x, config.y, config.than) if s is not None]
    for source in sources:
        check_source(source)
    _check_made_alike(sources)
    first, *others = sources
    loaded = [_load(first, config, None, draw_run, 0)]
    loaded += [
        _load(source, config, len(loaded[0]), draw_run, place)
        for place, source in enumerate(others, 1)
    ]
    images = [sample for sample in loaded if isinstance(sample, Loaded)]
    rows = [sample for sample in loaded if isinstance(sample, np.ndarray)]
    if images and rows:
        raise errors.UsageError(
            "Images and mere rows do not compare: give images, or rows of "
            f"features, in all of {', '.join(sources)}."
        )
    if rows:
        return [
            _of_rows(source, array, config, place)
            for place, (source, array) in enumerate(
                zip(sources, rows, strict=True)
            )
        ], None
    extractor = extractor or extractor_of(config, default_features(sources))
    return [
        _of_images(sample, config, place, extractor)
        for place, sample in enumerate(compared(extractor, images))
    ], extractor


def _check_made_alike(sources: Sequence[str]) -> None:
    """Refuses files of features that say that unequal extractors made them."""
    found = {
        source: read_extractor(source)
        for source in sources
        if holds(source, "features")
    }
    told = {s: made_with for s, made_with in found.items() if made_with}
    if len(set(told.values())) > 1:
        said = "; ".join(f"{s} by {made_with}" for s, made_with in told.items())
        raise errors.DataError(
            "Features of unequal extractors do not compare, and these were "
            f"made so: {said}. Make one of them anew."
        )


def is_run(source: str) -> bool:
    """Whether a source is the folder of a run."""
    folder = pathlib.Path(source)
    return (folder / "config.json").exists() and (
        folder / "checkpoints"
    ).exists()


def _of_rows(
    source: str, rows: np.ndarray, config: TwoSampleConfig, place: int
) -> Sample:
    numbers = _numbers(len(rows), config, place)
    return Sample(source, rows[numbers], None, numbers)


def _of_images(
    loaded: Loaded,
    config: TwoSampleConfig,
    place: int,
    extractor: FeatureExtractor,
) -> Sample:
    numbers = _numbers(len(loaded), config, place)
    images = loaded.pixels[numbers]
    rows = extract(extractor, images).features
    return Sample(loaded.source, rows, images, numbers)


def _numbers(count: int, config: TwoSampleConfig, place: int) -> np.ndarray:
    """Numbers of the rows that are taken: all, or some that chance chooses.

    Those of samples in other places are independent: rows of equal numbers are
    often pairs, such as an image and its reconstruction.
    """
    if config.num_samples is None or config.num_samples >= count:
        return np.arange(count)
    rng = np.random.default_rng([config.seed, place])
    return rng.permutation(count)[: config.num_samples]


def _load(
    source: str,
    config: TwoSampleConfig,
    num_first: int | None,
    draw_run: DrawRun,
    place: int,
) -> Loaded | np.ndarray:
    # Not one seed for all: two generators would make an image each of every
    # latent.
    seed = (config.seed + place) % 2**63
    drawn = config.num_samples or num_first or _DRAWN
    if source.endswith(".npy"):
        return _images_or_rows(source, files.read_npy(source), config)
    if holds(source, "features"):
        return np.asarray(read_features(source)[0].features)
    if source.endswith(".npz") and "images" not in files.npz_names(source):
        return _images_or_rows(source, _only_array(source), config)
    if is_run(source):
        made = draw_run(source, drawn, seed)
        if made.table is not None:
            return made
        return resized(made, config, config.image_size)
    count = drawn if is_generator(source) else None
    size = config.image_size
    return load_images(source, config, size, count, seed)


def _images_or_rows(
    source: str, array: np.ndarray, config: TwoSampleConfig
) -> Loaded | np.ndarray:
    if array.dtype == np.uint8 and array.ndim == 4:
        return resized(of_array(array, source), config, config.image_size)
    if array.ndim == 0:
        raise errors.DataError(f"{source} holds a single value, and no rows.")
    return array


def _only_array(path: str) -> np.ndarray:
    names = files.npz_names(path)
    if len(names) != 1:
        found = errors.excerpt(", ".join(names) or "of none")
        raise errors.DataError(
            f"{path} has the arrays {found}: save one sample in a file, or "
            "images under the name images."
        )
    return files.read_npz(path)[names[0]]

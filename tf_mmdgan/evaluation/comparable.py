"""Whether sets of images can be compared, before that takes any time."""

from collections.abc import Sequence

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.fields import NamedList
from tf_mmdgan.evaluation.loaded import (
    NOBODY,
    Kept,
    Loaded,
    StoredFeatures,
    of_files,
)
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.metrics import Counts, MetricSettings, check_available


def compared(
    extractor: FeatureExtractor, sets: Sequence[Loaded]
) -> list[Loaded]:
    """The same sets, where one is in colour those in grey in colour too.

    Where some have opacity and others have none, all are laid over white. A
    file that does not say what made it is remarked on.

    Raises:
      UsageError: for arrays of unequal shapes, and for images that the
        extractor does not take.
      DataError: for unequal numbers of features, features of files that
        another extractor made, rows of other columns, and images of several
        sizes whose features are each of a place.
    """
    # The last set is that of a run, if any is.
    for table in [s.table for s in sets if s.table is not None][-1:]:
        sets = [images.standardised_by(table) for images in sets]
    if len(_channels(sets)) > 1:
        sets = [images.over_white() for images in sets]
    if _channels(sets) == {1, 3}:
        sets = [_in_colour(images) for images in sets]
    _check_shapes(sets)
    for images in sets:
        if isinstance(images.images, Kept):
            others = [s for s in sets if s is not images]
            for other in others or [images]:
                _check_made_with(
                    images.images.made_with,
                    _identifier(extractor, other),
                    images.source,
                )
    check_widths(extractor, sets)
    _check_places(extractor, sets)
    return [_taken_for(extractor, images) for images in sets]


def _taken_for(extractor: FeatureExtractor, images: Loaded) -> Loaded:
    """The same; of a file that does not say what made it, that is remarked."""
    content, known = images.images, extractor.identifier
    unsigned = isinstance(content, Kept) and content.made_with is None
    if not unsigned or known == NOBODY:
        return images
    return images.remarked(
        f"{images.source} does not say which extractor made it, of images of "
        f"which size: it is taken for {known}."
    )


def _channels(sets: Sequence[Loaded]) -> set[int]:
    return {shape[-1] for images in sets for shape in images.shapes}


def in_force(named: FeatureExtractor | None, *sets: Loaded) -> FeatureExtractor:
    """The extractor that features are of: of files alone, that of the files.

    Args:
      named: the one that is named; None where it need not be.
      *sets: that are compared.

    Raises:
      DataError: for files that say that another one made them.
    """
    contents = [images.images for images in sets]
    if named is not None and not all(isinstance(c, Kept) for c in contents):
        return named
    if named is None:
        return of_files(*sets)
    for images, content in zip(sets, contents, strict=True):
        made_with = content.made_with if isinstance(content, Kept) else None
        # Behind the extractor it says how images were prepared.
        if made_with and not f"{made_with}-".startswith(f"{named.identifier}-"):
            _check_made_with(made_with, named.identifier, images.source)
    return of_files(*sets, otherwise=named.identifier)


def check_metrics(
    asked: NamedList | None,
    settings: MetricSettings,
    extractor: FeatureExtractor,
    real: Loaded,
    fake: Loaded,
) -> None:
    """Refuses metrics that two sets do not allow, before features are found.

    Files have class probabilities or not, whatever the extractor would find.

    Raises:
      UsageError: as `metrics.check_available`.
    """
    classifies = extractor.classifies and all(
        content.found.probabilities is not None
        for content in (real.images, fake.images)
        if isinstance(content, StoredFeatures)
    )
    counts = Counts(len(real), len(fake), classifies)
    check_available(asked, counts, settings, extractor.of_rows)


def _check_made_with(
    made_with: str | None, identifier: str | None, source: str
) -> None:
    """Refuses a file that says that another extractor made it.

    Raises:
      DataError: for such a file.
    """
    if None not in (made_with, identifier) and made_with != identifier:
        raise errors.DataError(
            f"{source} was made with the extractor {made_with}, not "
            f"{identifier}: name that one by --features (and the size, if "
            "there is one, by --image_size), or make the file anew."
        )


def _identifier(extractor: FeatureExtractor, images: Loaded) -> str | None:
    """What features of images depend on, if it is known."""
    if isinstance(images.images, Kept):
        return images.images.made_with
    return extractor.identifier + images.prepared.tag


def _in_colour(images: Loaded) -> Loaded:
    grey = {shape[-1] for shape in images.shapes} == {1}
    return images.in_colour() if grey else images


def _check_shapes(sets: Sequence[Loaded]) -> None:
    """Refuses arrays of unequal shapes; pictures of folders may have any."""
    arrays = [s for s in sets if isinstance(s.images, np.ndarray)]
    for other in arrays[1:]:
        (one,), (another,) = arrays[0].shapes, other.shapes
        if one != another:
            raise errors.UsageError(
                f"{arrays[0].source} holds images of shape {one}, "
                f"{other.source} of {another}: save all as [n, h, w, c], of "
                "one size, or give --image_size, to which all are brought."
            )


def check_widths(extractor: FeatureExtractor, sets: Sequence[Loaded]) -> None:
    """Looks at black images for whether all have equally many features.

    Raises:
      UsageError: for images that the extractor does not take.
      DataError: for unequal numbers of features.
    """
    seen: dict[int, str] = {}
    for images in sets:
        if isinstance(images.images, Kept):
            width = images.images.width
            seen.setdefault(width, f"{width} in {images.source}")
            continue
        shapes = sorted(images.shapes)
        for shape in dict.fromkeys((shapes[0], shapes[-1])):
            extractor.check_kind(shape)
            extractor.check(shape)
            width = _width(extractor, shape)
            seen.setdefault(width, f"{width} of {shape} in {images.source}")
    if len(seen) > 1:
        sizes = {shape[:2] for images in sets for shape in images.shapes}
        remedy = "choose an extractor that takes both, such as imagenet"
        if len(sizes) > 1 or len(_channels(sets)) < 2:
            remedy = (
                "bring images of unequal sizes to one with --image_size, or "
                "choose another extractor"
            )
        raise errors.DataError(
            f"There are unequal numbers of features by the extractor "
            f"{extractor.name}, {', '.join(seen.values())}: {remedy}."
        )


def _check_places(extractor: FeatureExtractor, sets: Sequence[Loaded]) -> None:
    """Refuses images of several sizes if each feature is of a place in them.

    It is where larger images have more features. Sizes of one area would pass
    for one size: 20 x 30 and 30 x 20 pixels.
    """
    shapes = sorted({shape for images in sets for shape in images.shapes})
    sizes = {shape[:2] for shape in shapes}
    if len(sizes) < 2:
        return
    height, *rest = shapes[0]
    taller = (2 * height, *rest)
    if _width(extractor, shapes[0]) != _width(extractor, taller):
        raise errors.DataError(
            f"The images have {len(sizes)} sizes, such as {shapes[0]} and "
            f"{shapes[-1]}, and each feature of the extractor {extractor.name} "
            "is of a place in them: bring them to one size with --image_size, "
            "or choose another extractor."
        )


def _width(extractor: FeatureExtractor, shape: tuple[int, ...]) -> int:
    """How many features a black image has, or a row of zeros."""
    kind = np.float32 if extractor.of_rows else np.uint8
    return extract(extractor, np.zeros((1, *shape), kind)).features.shape[1]

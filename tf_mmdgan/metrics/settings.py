"""Settings of metrics: one value, made once and passed on whole."""

import dataclasses
from typing import NamedTuple

from tf_mmdgan import errors, kernels
from tf_mmdgan.config.fields import Given
from tf_mmdgan.metrics import checks, kid, precision

# Taken where nothing else is said and there are images enough.
_SUBSET_SIZE = 1000
_NEAREST_K = 5
_NUM_SPLITS = 10
_BLOCK_SIZE = 1000
_BLOCKS = 5
LEAST_IMAGES = 2 * _BLOCKS


class MetricSizes(NamedTuple):
    """The settings that must fit the number of images."""

    subset_size: int
    nearest_k: int
    num_splits: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricSettings:
    """The settings of all metrics; each metric reads those that it needs.

        >>> settings = tm.MetricSettings(num_subsets=5, subset_size=4, seed=1)
        >>> found = [tm.Extracted(scale * np.eye(8)) for scale in (1.0, 3.0)]
        >>> scores = tm.metrics.score(*found, ["kid_subsets"], settings)
        >>> sorted(scores["kid_subsets"])
        ['kid', 'kid_standard_error', 'kid_subset_std']

    A size that is None is the usual one, or a smaller one if there are too few
    images for that: see `sizes`.

    Attributes:
      max_block_size: for `kid_tfgan` and `kid_blocks`, the most images of one
        set in a block, >= 2.
      num_subsets: for `kid_subsets`, >= 1.
      subset_size: images of either set in a subset, >= 2; usually 1,000.
      seed: of subsets, and of the images that a model generates to be scored,
        >= 0.
      kernel: of `kid_blocks`, `kid_subsets` and `kid_exact`; or its name.
      dtype: of the kernel values of `kid_subsets` and `kid_exact`: "float32",
        "float64", or None for the features' own, or float64 where that would
        lose the result to rounding.
      nearest_k: for `prdc`, the number of neighbours, >= 1; usually 5.
      num_splits: for `inception_score`, the number of parts, >= 1; usually 10.
      sigma: for `gaussian_mmd`, the bandwidth, > 0; None for the median
        distance between real features.

    Raises:
      UsageError: for a number out of range, or an unknown kernel or dtype.
    """

    max_block_size: int = 1024
    num_subsets: int = 100
    subset_size: int | None = None
    seed: int = 0
    kernel: Given[kernels.Kernel] = kid.KERNEL
    dtype: str | None = None
    nearest_k: int | None = None
    num_splits: int | None = None
    sigma: float | None = None

    def __post_init__(self):
        kernel = kernels.KERNEL_FAMILY.get(self.kernel)
        object.__setattr__(self, "kernel", kernel)
        checks.at_least(
            2, max_block_size=self.max_block_size, subset_size=self.subset_size
        )
        checks.at_least(
            1,
            num_subsets=self.num_subsets,
            nearest_k=self.nearest_k,
            num_splits=self.num_splits,
        )
        checks.at_least(0, seed=self.seed)
        if self.dtype is not None:
            errors.pick(precision.TYPES, self.dtype, "dtype of KID")
        if self.sigma is not None:
            checks.positive(sigma=self.sigma)

    def sizes(self, num_real: int, num_fake: int) -> MetricSizes:
        """The sizes that are set; the others such that the images suffice.

        By default a subset has at most half of the smaller set, a sample all
        others of its set as neighbours at most, and a split one image at least.
        """
        smaller = min(num_real, num_fake)
        return MetricSizes(
            self.subset_size or max(2, min(_SUBSET_SIZE, smaller // 2)),
            self.nearest_k or min(_NEAREST_K, smaller - 1),
            self.num_splits or min(_NUM_SPLITS, num_fake),
        )

    def usual(self) -> "MetricSettings":
        """The same settings with the usual sizes, which follow the images."""
        return dataclasses.replace(
            self, subset_size=None, nearest_k=None, num_splits=None
        )

    def described(
        self, num_real: int, num_fake: int
    ) -> dict[str, int | float | str]:
        """What is in force for so many images, as a report shows it.

        A setting that follows the features (`dtype`, `sigma`) is left out.
        """
        values = vars(self) | self.sizes(num_real, num_fake)._asdict()
        values["kernel"] = str(self.kernel)
        return {name: v for name, v in values.items() if v is not None}


USUAL = MetricSettings()


def block_size(num_real: int, num_fake: int) -> int:
    """A `max_block_size` for so many images: five blocks.

    There are more than five blocks where each would exceed 1,000 images.

    Raises:
      DataError: for fewer images than five blocks need.
    """
    smaller, larger = sorted((num_real, num_fake))
    if smaller < LEAST_IMAGES:
        raise errors.DataError(
            f"{smaller} images are too few for a score: need {LEAST_IMAGES}. "
            "Add images. Of a folder about one in ten is held out to score "
            "with, by a hash of its name: 200 pictures are nearly always "
            "enough."
        )
    return min(_BLOCK_SIZE, -(-larger // _BLOCKS))

"""Settings of two-sample tests on files."""

import dataclasses

from tf_mmdgan.config import fields, sizes
from tf_mmdgan.config.data import ReadConfig
from tf_mmdgan.config.fields import WEIGHTS, Named, setting
from tf_mmdgan.config.sizes import Size


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoSampleConfig(ReadConfig):
    """One test of whether two samples come from one law.

    For example:

        >>> tm.TwoSampleConfig(x="digits/train", y="digits/test").method
        'permutation'
    """

    x: str = setting(
        "",
        "The one sample: an .npy file with an array of rows; an .npz file with "
        "one array, or with uint8 images [n, h, w, c] named images; a data set "
        "as NAME or NAME/SPLIT; a folder of pictures, of an exported generator "
        "or of a run.",
    )
    y: str = setting("", "The other sample, given like --x.")
    than: str | None = setting(
        None,
        "A third sample, given like --x: tests whether it or --y is nearer to "
        "--x.",
    )
    features: Named | None = setting(
        None,
        "Feature extractor of images: a name, a file of tf-mmdgan train_lenet, "
        "or NAME:PATH,setting=value; by default, as of tf-mmdgan evaluate, "
        "that of the first data set named; of other images imagenet where it "
        "is installed, else thumbnails.",
    )
    method: str = setting(
        "permutation",
        "permutation, wild_bootstrap, normal, mmdagg, mmd_fuse; or, trained on "
        "one half, deep_kernel, classifier.",
    )
    kernel: str | None = setting(
        None,
        "Kernel of permutation, wild_bootstrap and normal, as in training; or "
        "'KERNEL, median heuristic', with the median distance as the unit of "
        "its bandwidths; by default 'rbf, median heuristic'.",
    )
    estimator: str | None = setting(
        None,
        "The statistic: quadratic, incomplete, linear, block, cross; of "
        "classifier: logit, accuracy. By default quadratic and logit.",
    )
    num_permutations: int = setting(999, "Permutations beside the samples.")
    level: float = setting(
        0.05, "Largest probability of a false alarm, for the verdict."
    )
    num_samples: int | None = setting(
        None,
        "The most rows of each sample, chosen at random; of generators, as "
        "many as are drawn, by default as many as --x has.",
    )
    image_size: Size | None = setting(
        None,
        "Height and width to which all images are brought, such as 64 or "
        "48x64, by the filter --resize and the way --fit; by default none: "
        "pictures of folders are whole, each of its own size, and data "
        "sets have their own.",
    )
    seed: int = setting(
        0,
        "Seed of permutations and of chosen rows, and of generated images of "
        "--x; those of --y and --than have the next two.",
    )
    checkpoint: str | int = fields.checkpoint()
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )
    trust_run: bool = fields.trust_run()
    shown: int = setting(32, "Pictures of each sample on the page.")
    out: str | None = setting(
        None, "File of the outcome (.json), with a page (.html) beside it."
    )

    def __post_init__(self):
        super().__post_init__()
        fields.require(
            bool(self.x) and bool(self.y),
            "Name two samples: --x and --y.",
        )
        fields.require(
            0.0 < self.level < 1.0,
            f"--level={self.level}: must be in (0, 1).",
        )
        fields.require(
            self.out is None or self.out.endswith(".json"),
            f"--out={self.out}: must end in .json.",
        )
        fields.require_positive(
            self, "num_permutations", "num_samples", "shown"
        )
        fields.require_seed(self)
        sizes.settle(self)
        fields.require_checkpoint(self)

"""Settings of scoring."""

import dataclasses
from typing import Any, ClassVar

from tf_mmdgan.config import fields, protocols, sizes
from tf_mmdgan.config.data import ReadConfig
from tf_mmdgan.config.expansions import Expansions
from tf_mmdgan.config.fields import WEIGHTS, Named, NamedList, setting
from tf_mmdgan.config.sizes import Size


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateConfig(ReadConfig):
    """One scoring of a trained run, or of one set of images with another.

        >>> config = tm.EvaluateConfig(real="digits/test", fake="images.npz")
        >>> config.max_block_size is None  # the data set's own
        True

    Attributes:
      EXPANSIONS: names that stand for several settings; each setting that is
        given beside such a name wins over it.
    """

    EXPANSIONS: ClassVar[Expansions] = {"protocol": protocols.PROTOCOLS}

    run_dir: str | None = setting(
        None, "Folder of a run; its generator is scored."
    )
    real: str | None = setting(
        None,
        "Real images: a data set as NAME or NAME/SPLIT, an .npz file with "
        "uint8 images [n, h, w, c], or a folder of pictures; or an .npz file "
        "with features, or with mu and sigma, for FID alone; by default the "
        "run's held-out images. Without --fake it can be saved.",
    )
    fake: str | None = setting(
        None,
        "Images to score, given like --real, or the folder of an exported "
        "generator; instead of --run_dir. Without --real, for "
        "--metrics=inception_score.",
    )
    image_size: Size | None = setting(
        None,
        "Height and width to which all images are brought, such as 64 or "
        "48x64, by the filter --resize and the way --fit; by default none: "
        "pictures of folders are whole, each of its own size; data sets "
        "have the run's size, or their own.",
    )
    batch_size: int | None = setting(
        None,
        "Images given to the extractor at a time; by default 500, or fewer "
        "where it takes large ones.",
    )
    metrics: NamedList | None = setting(
        None,
        "Names of metrics, or your own functions, package.module:function, "
        "separated by commas; NAME@LAYER+LAYER of other layers of the network; "
        "all: all that the features allow; by default, all but "
        "fid_infinity, parzen and, of images, energy_distance.",
    )
    features: Named | None = setting(
        None,
        "Feature extractor: NAME[:PATH][@LAYER+LAYER][,setting=value], a file "
        "of tf-mmdgan train_lenet, or your own, package.module:Name(args); "
        "by default that of the first data set named; of other images imagenet "
        "where it is installed, else thumbnails.",
    )
    feature_resize: str | None = setting(
        None,
        "Filter by which the extractor resizes, where --features does not name "
        "one: tf1, bilinear, antialias, bicubic_antialias, bicubic_clipped; by "
        "default the extractor's own. Extractors without a filter ignore it.",
    )
    feature_range: str | None = setting(
        None,
        "Range of pixels that the extractor takes, where --features does not "
        "name one: levels, unit, symmetric, inception, efficientnet, "
        "imagenet, caffe; by "
        "default the extractor's own. Extractors of one range ignore it.",
    )
    num_samples: int | None = setting(
        None,
        "Images scored; by default as many generated ones as real ones, and "
        "all of others.",
    )
    max_block_size: int | None = setting(
        None, "Images in a block; by default the data set's own."
    )
    per_class: bool = setting(
        False,
        "Also KID and FID of each class of a run with classes, against its "
        "held-out images.",
    )
    cas: bool = setting(
        False,
        "Also the accuracy on real images of a classifier that is trained on "
        "the fake ones: of a run with classes, or of data sets with labels.",
    )
    num_subsets: int = setting(100, "Subsets of kid_subsets.")
    subset_size: int | None = setting(
        None,
        "Images in a subset of kid_subsets; by default 1000, or half of the "
        "smaller set.",
    )
    nearest_k: int | None = setting(
        None,
        "Neighbours of prdc; by default 5, or one less than the images of the "
        "smaller set.",
    )
    num_splits: int | None = setting(
        None,
        "Splits of inception_score; by default 10, or one for each image.",
    )
    sigma: float | None = setting(
        None,
        "Bandwidth of gaussian_mmd; by default the median distance of real "
        "features.",
    )
    order: str = setting(
        "shuffled",
        "Order of the rows that blocks and subsets are drawn from: shuffled, "
        "each set by itself; given, as the images come, for the subsets that "
        "torch-fidelity draws by the same seed: use it for images in random "
        "order only.",
        choices=("shuffled", "given"),
    )
    kid_kernel: Named | None = setting(
        None,
        "Kernel of kid_blocks, kid_subsets and kid_exact, as in training; by "
        "default polynomial, (gamma <x, y> + coef0)^degree.",
    )
    kid_degree: int | None = setting(
        None, "Degree of the polynomial kernel; by default 3."
    )
    kid_gamma: float | None = setting(
        None, "gamma of the polynomial kernel; by default 1 / features."
    )
    kid_coef0: float | None = setting(
        None, "coef0 of the polynomial kernel; by default 1."
    )
    kid_dtype: str | None = setting(
        None,
        "Type of the kernel values of kid_subsets and kid_exact; by default "
        "that of the features, float32.",
        choices=("float32", "float64"),
    )
    seed: int = setting(0, "Seed of generated images and of subsets.")
    checkpoint: str | int = fields.checkpoint(
        " all: every checkpoint that is kept, one after the other, with their "
        "curve."
    )
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )
    trust_run: bool = fields.trust_run()
    sampling_steps: int | None = fields.sampling_steps()
    out: str | None = setting(
        None,
        "File of the report (.json), with a page (.html) beside it; by default "
        "RUN_DIR/report.json.",
    )
    save_statistics: str | None = setting(
        None,
        "Writes mean and covariance of the real features to this .npz; without "
        "--real, of the others.",
    )
    save_features: str | None = setting(
        None,
        "Writes the real features to this .npz, for --real and --fake of other "
        "scores; without --real, the others.",
    )

    @property
    def extractor_settings(self) -> dict[str, Any]:
        """Settings of the extractor that are flags of their own."""
        given = {"resize": self.feature_resize, "range": self.feature_range}
        return {name: v for name, v in given.items() if v is not None}

    def __post_init__(self):
        super().__post_init__()
        fields.require_checkpoint(self, "all")
        self._check_all()
        fields.require(
            self.out is None or self.out.endswith(".json"),
            f"--out={self.out}: must end in .json; the page goes beside it.",
        )
        saves = self.save_statistics is not None or (
            self.save_features is not None
        )
        scored = [s for s in (self.run_dir, self.fake) if s is not None]
        fields.require(
            len(scored) == 1 or (not scored and bool(self.real) and saves),
            "Name what to score: either --run_dir or --fake; or what to save, "
            "--real with --save_statistics or --save_features.",
        )
        fields.require(
            self.fake is None
            or self.real is not None
            or self.metrics is not None
            or saves,
            "--fake needs --real: the images to compare with; without them "
            "there is --metrics=inception_score.",
        )
        pair = (self.real, self.fake)
        fields.require(
            not self.per_class or self.real is None,
            "--per_class is for --run_dir, without --real.",
        )
        fields.require(
            not self.cas
            or pair == (None, None)
            or (self.run_dir is None and None not in pair),
            "--cas is for --run_dir without --real, or for --real with --fake.",
        )
        polynomial = self.kid_kernel in (None, "polynomial")
        for name in ("kid_degree", "kid_gamma", "kid_coef0"):
            fields.require(
                polynomial or getattr(self, name) is None,
                f"--{name} is for --kid_kernel=polynomial, which "
                f"{self.kid_kernel} is not.",
            )
        fields.require_seed(self)
        sizes.settle(self)
        fields.require_positive(
            self, "num_samples", "max_block_size", "num_subsets",
            "subset_size", "nearest_k", "num_splits", "sigma",
            "batch_size", "sampling_steps",
        )  # fmt: skip
        fields.require(
            self.sampling_steps is None
            or (self.run_dir is not None and self.out is not None),
            "--sampling_steps is for --run_dir, with --out: the run's own "
            "report is of its own number of steps.",
        )

    def _check_all(self) -> None:
        """Refuses what the curve of all checkpoints does not take."""
        if self.checkpoint != "all":
            return
        for name in (
            "per_class", "cas", "save_statistics", "save_features",
            "sampling_steps",
        ):  # fmt: skip
            fields.require(
                not getattr(self, name),
                f"--checkpoint=all is without --{name}: give it with one "
                "checkpoint.",
            )

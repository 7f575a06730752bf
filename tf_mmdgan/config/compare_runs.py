"""Settings of a comparison of finished runs."""

import dataclasses
import os

from tf_mmdgan.config import fields
from tf_mmdgan.config.data import ReadConfig
from tf_mmdgan.config.fields import WEIGHTS, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompareRunsConfig(ReadConfig):
    """A comparison of runs that have been scored on the same features."""

    runs: tuple[str, ...] = setting(
        (), "Folders of two or more runs.", positional=True
    )
    num_samples: int = setting(
        1000,
        "Images of each run, and real ones, in the tests: as many as there are "
        "at most.",
    )
    num_permutations: int = setting(
        999, "Permutations beside the samples, in the tests of two runs."
    )
    level: float = setting(
        0.05, "Largest probability of a false alarm of a single test."
    )
    seed: int = setting(
        0, "Seed of the first run's images, of the second the next, and so on."
    )
    checkpoint: str | int = fields.checkpoint()
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )
    trust_run: bool = fields.trust_run()
    out: str = setting(
        "comparison.json",
        "File of the comparison (.json), with a page (.html) and the curves as "
        "a picture (.png) beside it.",
    )

    def __post_init__(self):
        super().__post_init__()
        fields.require(
            len(self.runs) > 1,
            "Name the folders of two runs or more: runs/one runs/two.",
        )
        places = [os.path.realpath(run) for run in self.runs]
        for run, place in zip(self.runs, places, strict=True):
            fields.require(places.count(place) == 1, f"{run} is named twice.")
        fields.require(
            self.out.endswith(".json"),
            f"--out={self.out}: must end in .json; page and picture go beside "
            "it.",
        )
        fields.require(
            0.0 < self.level < 1.0, f"--level={self.level}: must be in (0, 1)."
        )
        fields.require(
            self.num_samples > 3,
            f"--num_samples={self.num_samples}: must be > 3.",
        )
        fields.require_positive(self, "num_permutations")
        fields.require_seed(self)
        fields.require_checkpoint(self)

"""Settings of one comparison of methods."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting
from tf_mmdgan.config.spelling import entries


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Every chosen method, trained on every chosen data set.

    For example:

        >>> tm.CompareConfig(output_dir="comparison").output_dir
        'comparison'
    """

    output_dir: str = setting(
        "", "Folder of the comparison; one found there is continued."
    )
    data: str = setting(
        "ring,digits,fashion_mnist", "Data sets, separated by commas."
    )
    methods: str = setting("all", "Methods, separated by commas, or all.")
    seeds: str = setting("0", "Seeds, separated by commas.")
    steps: int | None = setting(
        None, "Generator steps; by default the data set's own."
    )
    jobs: int = setting(
        1, "Trainings at a time; they share out the processor's cores."
    )
    data_dir: str | None = setting(
        None, "Folder of the data set's files, where it needs one."
    )
    flags_dir: str | None = setting(
        None,
        "Folder of compare_DATA.cfg, the settings of each data set; by default "
        "the recipes of this package.",
    )
    table_only: bool = setting(
        False, "Train nothing; write table and pictures of what is there."
    )
    rescore: bool = setting(
        False,
        "Train nothing; score every step that the finished runs have kept, and "
        "decide the claims of the sources by them.",
    )
    docs_dir: str | None = setting(
        None,
        "Folder that gets the result of each run as well, in results/, and the "
        "page made of all results there, results.md with its pictures.",
    )
    only: str | None = setting(
        None,
        "DATA/METHOD/SEED: train this one in this process, and print its "
        "scores.",
    )

    def __post_init__(self):
        fields.settle(self)
        fields.require(
            bool(self.output_dir),
            "--output_dir is missing: name the comparison's folder.",
        )
        fields.require_positive(self, "steps", "jobs")
        fields.require(
            self.only is None or self.only.count("/") == 2,
            f"--only={self.only}: must be DATA/METHOD/SEED.",
        )
        for seed in entries(self.seeds):
            fields.require(
                seed.isdecimal() and int(seed) < 2**32,
                f"--seeds={self.seeds}: each must be an integer in [0, 2^32).",
            )
        for name in ("data", "methods", "seeds"):
            fields.require(
                bool(entries(getattr(self, name))), f"--{name} is empty."
            )

"""Settings of a run of studies."""

import dataclasses

from tf_mmdgan.config import fields, spelling
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """Which studies are run, and where their numbers and figures go."""

    study: str = setting("", "Studies, separated by commas, or all.")
    quick: bool = setting(False, "Rough answers, in seconds each.")
    output_dir: str = setting(
        "runs/studies",
        "Folder of numbers and figures; a study that was interrupted there is "
        "continued, one that is finished is only drawn again.",
    )
    workers: int = setting(
        1,
        "Processes that share the runs of a study that has many, one thread "
        "each; 1: this process, with all threads.",
    )
    write_docs: str | None = setting(
        None,
        "Folder that gets studies.md, with the studies in --output_dir that "
        "are finished at full length.",
    )

    def __post_init__(self):
        fields.settle(self)
        fields.require(
            bool(self.names or self.write_docs),
            "--study is missing: name studies, separated by commas, or all.",
        )
        fields.require_positive(self, "workers")
        fields.require(bool(self.output_dir), "--output_dir is empty.")

    @property
    def names(self) -> list[str]:
        """The entries of --study."""
        return spelling.entries(self.study)

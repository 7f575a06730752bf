"""Settings of what is drawn, and of what is made of it."""

import dataclasses
import pathlib

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import WEIGHTS, Named, setting
from tf_mmdgan.config.serving import ConnectionConfig

MOST_SAMPLES = 1_000_000
ROWS_SUFFIXES = (".npy", ".csv")
_OUT_SUFFIXES = (".png", ".npz", ".gif", "", *ROWS_SUFFIXES)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleConfig(ConnectionConfig):
    """Images drawn from a trained run, a SavedModel or a server.

    For example:

        >>> tm.SampleConfig(run_dir="runs/mine", num_samples=16).seed
        0
    """

    model: str | None = setting(
        None, "A trained generator that comes with the package: digits."
    )
    run_dir: str | None = setting(None, "Folder of the run.")
    num_samples: int = setting(64, "Number of images.")
    seed: int = setting(0, "The same seed gives the same images.")
    start: int = setting(0, "Number of the first image of the seed's sequence.")
    truncation: float = setting(
        1.0,
        "Central share of the latents' distribution that is drawn from, in "
        "(0, 1]: less variety, more typical images; of a style-based generator "
        "how far styles are from their mean.",
    )
    label: str | int | None = setting(
        None,
        "Class of all images, of a generator with classes: its name or its "
        "number. A name that is another class's number is taken as the name. "
        "Of a generator that is told numbers: these, with commas between.",
        verbatim=True,
    )
    per_class: int | None = setting(
        None,
        "So many images of each class, instead of --num_samples: in folders "
        "that have the classes' names, in rows of a grid, or with their labels "
        "in an .npz.",
    )
    data_dir: str | None = setting(
        None,
        "Folder of the run's pictures, for --keep; by default the recorded "
        "one, with --trust_run.",
    )
    keep: float | None = setting(
        None,
        "Of a run: draws so many more that this share of them, in (0, 1), is "
        "what is asked for, and keeps those that look most like the run's "
        "held-out images; less variety, more typical images.",
    )
    like: str | None = setting(
        None,
        "Pictures to draw more of the like of: a folder, an .npz file, or "
        "files separated by commas, of the generator's size and colours. Of a "
        "run, latents are moved until the images match them as a set; of "
        "others, the best of --draws are taken.",
    )
    invert: str | None = setting(
        None,
        "Of a run: pictures, given as for --like, of each of which the image "
        "is drawn that is nearest to it in pixels and features, beside it.",
    )
    features: Named | None = setting(
        None,
        "What --like and --invert compare, as for tf-mmdgan evaluate; by "
        "default as the run is scored, and thumbnails of other sources.",
    )
    draws: int = setting(
        1000,
        "How many images --like and --invert draw to begin with.",
        most=100_000,
    )
    search_steps: int = setting(
        200,
        "Steps of the descent of --like and --invert; 0: the best draws.",
        most=100_000,
    )
    interpolate_to: int | None = setting(
        None, "Another seed: draws the way there from --seed."
    )
    steps: int = setting(16, "Images of that way.")
    sampling_steps: int | None = fields.sampling_steps()
    out: str = setting(
        "samples.png",
        "A grid as .png, uint8 images as .npz, an interpolation as .gif, or a "
        "folder of PNG files; of rows of a table .npy, .csv or .npz.",
    )
    scale: int = setting(1, "Pixels of the picture per pixel of an image.")
    checkpoint: str | int = fields.checkpoint()
    trust_run: bool = fields.trust_run()
    weights: str = setting(
        "ema",
        "Averaged or current generator weights, of a run.",
        choices=WEIGHTS,
    )

    def __post_init__(self):
        super().__post_init__()
        fields.require_checkpoint(self)
        sources = (self.model, self.run_dir, self.saved_model, self.target)
        fields.require(
            sum(source is not None for source in sources) == 1,
            "Name what to draw from: either --model, --run_dir, --saved_model "
            "or --target.",
        )
        fields.require_positive(
            self, "num_samples", "per_class", "sampling_steps"
        )
        self._check_choice()
        self._check_search()
        fields.require(
            self.sampling_steps is None or self.run_dir is not None,
            "--sampling_steps is for --run_dir only: what is exported has its "
            "number of steps.",
        )
        fields.require_scale(self)
        fields.require_non_negative(self, "start", "interpolate_to")
        fields.require_seed(self)
        fields.require(
            self.num_samples <= MOST_SAMPLES,
            f"--num_samples={self.num_samples}: must be <= {MOST_SAMPLES}; "
            "--start draws the next ones.",
        )
        fields.require(
            0.0 < self.truncation <= 1.0,
            f"--truncation={self.truncation}: must be in (0, 1].",
        )
        fields.require(self.steps >= 2, f"--steps={self.steps}: must be >= 2.")
        suffix = pathlib.Path(self.out).suffix
        fields.require(
            suffix in _OUT_SUFFIXES,
            f"--out={self.out}: must end in .png, .npz or .gif, or name a "
            "folder; of rows of a table, in .npy, .csv or .npz.",
        )
        self._require_target("rest")
        fields.require(
            suffix != ".gif" or self.interpolate_to is not None,
            f"--out={self.out}: a .gif shows an interpolation; name its end, "
            "--interpolate_to=SEED.",
        )

    def _check_choice(self) -> None:
        """Refuses what does not go with images of all classes, or the best."""
        fields.require(
            self.per_class is None
            or (self.label is None and self.interpolate_to is None),
            f"--per_class={self.per_class} draws every class: leave out "
            "--label and --interpolate_to.",
        )
        fields.require(
            self.keep is None or 0.0 < self.keep < 1.0,
            f"--keep={self.keep}: must be in (0, 1).",
        )
        fields.require(
            self.keep is None
            or (self.run_dir is not None and self.interpolate_to is None),
            f"--keep={self.keep} is for --run_dir, whose images it compares "
            "with, and not for an interpolation.",
        )
        fields.require(
            self.data_dir is None or self.keep is not None,
            f"--data_dir={self.data_dir} is for --keep, which compares with "
            "the pictures in it.",
        )

    def _check_search(self) -> None:
        """Refuses what does not go with a search for latents."""
        fields.require_positive(self, "draws")
        fields.require_non_negative(self, "search_steps")
        asked = [name for name in ("like", "invert") if getattr(self, name)]
        if not asked:
            fields.require(
                self.features is None,
                "--features is for --like and --invert.",
            )
            return
        others = ("per_class", "keep", "interpolate_to", "start")
        given = [name for name in others if getattr(self, name)]
        given += [] if self.truncation == 1.0 else ["truncation"]
        clash = [*asked[1:], *given]
        fields.require(
            not clash, f"--{asked[0]} does not go with --{''.join(clash[:1])}."
        )
        fields.require(
            self.invert is None or self.run_dir is not None,
            "--invert is for --run_dir, whose generator it descends through.",
        )
        fields.require(
            self.invert is None or self.search_steps > 0,
            "--invert needs --search_steps of 1 or more.",
        )

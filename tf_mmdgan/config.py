"""What one run depends on: frozen values that refuse to be built wrong.

A field carries its help text; the command line is derived from it, so that a
default exists once. None means "as published for the chosen method".
"""

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Any

from tf_mmdgan import errors


def setting(
    default: Any,
    text: str,
    choices: Sequence[str] = (),
    may_change: bool = False,
) -> Any:
    """A field with its help and its allowed values.

    A run that is continued `may_change` it without becoming another run.
    """
    metadata = {"help": text, "choices": choices, "may_change": may_change}
    return dataclasses.field(default=default, metadata=metadata)


def field_type(config_class: type, name: str) -> type:
    """The plain type of a field: `float` for `float | None`."""
    annotation = typing.get_type_hints(config_class)[name]
    if isinstance(annotation, types.UnionType):
        return next(t for t in annotation.__args__ if t is not type(None))
    return annotation


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise errors.UsageError(message)


def _require_positive(config: Any, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        _require(value is None or value > 0, f"--{name}={value}: must be > 0.")


def _require_non_negative(config: Any, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        _require(
            value is None or value >= 0, f"--{name}={value}: must be >= 0."
        )


def _require_seed(config: Any) -> None:
    valid = 0 <= config.seed < 2**63
    _require(valid, f"--seed={config.seed}: must be in [0, 2^63).")


WEIGHTS = ("ema", "current")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One training run. The defaults are those of Binkowski et al. 2018."""

    run_dir: str = setting(
        "", "Folder of the run; a run found there is continued.",
        may_change=True,
    )  # fmt: skip

    dataset: str = setting("digits", "Name of the data set.")
    data_dir: str | None = setting(
        None, "Folder of the data set's files, where it needs one.",
        may_change=True,
    )  # fmt: skip
    image_size: int | None = setting(
        None, "Height and width in pixels; by default the data set's own."
    )

    objective: str = setting("mmd", "Name of the objective.")
    kernel: str | None = setting(
        None, "Name of the kernel on the critic's output."
    )
    gradient_penalty: float | None = setting(
        None, "Weight of the gradient penalty; 0 switches it off."
    )
    feature_penalty: float | None = setting(
        None, "Weight of the L2 penalty on the critic's activations."
    )

    architecture: str = setting("dcgan", "Name of the pair of networks.")
    generator_width: int = setting(
        64, "Channels of the generator's last hidden layer."
    )
    critic_width: int = setting(
        64, "Channels of the critic's first layer: 64 is big, 16 is small."
    )
    critic_output: int | None = setting(
        None, "Number of outputs (features) of the critic."
    )
    generator_batch_norm: bool = setting(
        True, "Batch normalisation in the generator."
    )
    critic_batch_norm: bool = setting(
        False, "Batch normalisation in the critic; not with a penalty."
    )
    latent_size: int = setting(100, "Width of the generator's input.")
    latent_distribution: str = setting(
        "uniform",
        "Law of the generator's input: U(-1, 1) or N(0, 1), per coordinate.",
        choices=("uniform", "normal"),
    )

    steps: int = setting(
        150_000, "Generator steps of the whole run.", may_change=True
    )
    batch_size: int = setting(
        64, "Real images, and generated ones, in an update; over all devices."
    )
    critic_steps: int = setting(5, "Critic updates per generator update.")
    burn_in_critic_steps: int = setting(
        0, "Critic updates in a burn-in step; 0 switches burn-in off."
    )
    burn_in_first: int = setting(25, "So many first steps are burn-in steps.")
    burn_in_every: int = setting(
        500, "So is every step whose number this divides; 0: none."
    )
    learning_rate: float = setting(1e-4, "Adam's learning rate.")
    critic_learning_rate: float | None = setting(
        None, "The critic's learning rate, where it differs."
    )
    beta_1: float = setting(0.5, "Adam's decay of the first moment.")
    beta_2: float = setting(0.9, "Adam's decay of the second moment.")
    clip_norm: float | None = setting(
        None, "Clips the gradient of each variable to this L2 norm."
    )
    ema_decay: float = setting(
        0.999, "Limit of the decay of the averaged generator weights."
    )

    seed: int = setting(0, "Seed of weights, noise and order of the data.")
    deterministic: bool = setting(
        True, "The same bits on every run, at equal devices and threads."
    )
    strategy: str = setting(
        "one_device",
        "How the work is spread: one device or all those of this machine.",
        choices=("one_device", "mirrored"),
    )
    logical_cpus: int = setting(
        0, "Split the CPU into so many devices, for trying --strategy."
    )
    steps_per_execution: int = setting(
        1, "Steps in one call from Python; the other intervals are multiples."
    )

    log_every: int = setting(
        20, "Steps between lines of metrics.jsonl.", may_change=True
    )
    sample_every: int = setting(
        500, "Steps between sample grids; 0: only at the end.", may_change=True
    )
    evaluate_every: int = setting(
        1000, "Steps between scores; 0: only first and last.", may_change=True
    )
    checkpoint_every: int = setting(
        500, "Steps between checkpoints; 0: only at the end.", may_change=True
    )
    keep_checkpoints: int = setting(
        2, "Checkpoints kept; older ones are removed.", may_change=True
    )
    features: str | None = setting(
        None,
        "Feature extractor of the score: a name, or a file of tools/train_lenet"
        ".py; by default the data set's own.",
    )
    evaluation_samples: int | None = setting(
        None,
        "Generated images in a score; by default as many as held-out ones.",
    )
    max_block_size: int | None = setting(
        None,
        "Images in a block of KID; by default the data set's own.",
    )
    evaluation_weights: str = setting(
        "ema",
        "Generator that is scored and drawn: averaged or current weights.",
        choices=WEIGHTS,
    )
    export: bool = setting(
        True, "Write a SavedModel at the end.", may_change=True
    )

    def __post_init__(self):
        _require(
            bool(self.run_dir), "--run_dir is missing: name the run's folder."
        )
        _require_positive(
            self, "image_size", "generator_width", "critic_width",
            "critic_output", "latent_size", "steps", "batch_size",
            "critic_steps", "learning_rate", "critic_learning_rate",
            "clip_norm", "steps_per_execution", "log_every",
            "keep_checkpoints", "max_block_size", "evaluation_samples",
        )  # fmt: skip
        _require_non_negative(
            self, "gradient_penalty", "feature_penalty", "seed",
            "burn_in_critic_steps", "burn_in_first", "burn_in_every",
            "logical_cpus", "sample_every", "evaluate_every",
            "checkpoint_every",
        )  # fmt: skip
        _require(
            self.batch_size >= 2,
            f"--batch_size={self.batch_size}: MMD^2 needs at least 2.",
        )
        _require(
            self.burn_in_critic_steps == 0
            or self.burn_in_critic_steps > self.critic_steps,
            f"--burn_in_critic_steps={self.burn_in_critic_steps}: must be "
            f"more than --critic_steps={self.critic_steps}, or 0.",
        )
        _require(
            self.logical_cpus == 0 or self.strategy != "one_device",
            f"--logical_cpus={self.logical_cpus} needs --strategy=mirrored.",
        )
        _require(self.seed < 2**32, f"--seed={self.seed}: must be < 2^32.")
        for name in ("beta_1", "beta_2", "ema_decay"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"--{name}={value}: must be in [0, 1).")
        for field in dataclasses.fields(self):
            value, choices = (
                getattr(self, field.name),
                field.metadata["choices"],
            )
            _require(
                not choices or value in choices,
                f"--{field.name}={value}: must be one of {', '.join(choices)}.",
            )
        for name in (
            "steps", "log_every", "sample_every", "evaluate_every",
            "checkpoint_every",
        ):  # fmt: skip
            value = getattr(self, name)
            _require(
                value % self.steps_per_execution == 0,
                f"--{name}={value}: must be a multiple of "
                f"--steps_per_execution={self.steps_per_execution}.",
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """One scoring of a trained run, or of one set of images with another."""

    run_dir: str | None = setting(
        None, "Folder of a run; its generator is scored."
    )
    real: str | None = setting(
        None,
        "Real images: a data set as NAME or NAME/SPLIT, or an .npz file with "
        "uint8 images [n, h, w, c]; by default the run's held-out images.",
    )
    fake: str | None = setting(
        None, "Images to score, given like --real, instead of --run_dir."
    )
    data_dir: str | None = setting(None, "Folder of the data set's files.")
    metrics: str = setting(
        "kid_tfgan,kid_blocks,kid_subsets,kid_exact",
        "Names of metrics, separated by commas.",
    )
    features: str | None = setting(
        None,
        "Feature extractor: a name, or a file of tools/train_lenet.py; by "
        "default the data set's own.",
    )
    num_samples: int | None = setting(
        None, "Generated images; by default as many as real ones."
    )
    max_block_size: int | None = setting(
        None, "Images in a block; by default the data set's own."
    )
    num_subsets: int = setting(100, "Subsets of kid_subsets.")
    subset_size: int | None = setting(
        None,
        "Images in a subset of kid_subsets; by default 1000, or half of the "
        "smaller set.",
    )
    seed: int = setting(0, "Seed of generated images and of subsets.")
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )
    out: str | None = setting(
        None, "File of the report; by default RUN_DIR/report.json."
    )

    def __post_init__(self):
        _require(
            (self.run_dir is None) != (self.fake is None),
            "Name what to score: either --run_dir or --fake.",
        )
        _require(
            self.fake is None or self.real is not None,
            "--fake needs --real: the images to compare with.",
        )
        _require(
            self.fake is None or self.num_samples is None,
            "--num_samples is for --run_dir; of --fake, all images count.",
        )
        _require_seed(self)
        _require_positive(
            self, "num_samples", "max_block_size", "num_subsets",
            "subset_size",
        )  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """One SavedModel made from a trained run."""

    run_dir: str = setting("", "Folder of the run.")
    export_dir: str | None = setting(
        None,
        "Folder that gets the next version; by default RUN_DIR/export.",
    )
    weights: str = setting(
        "ema", "Averaged or current generator weights.", choices=WEIGHTS
    )

    def __post_init__(self):
        _require(bool(self.run_dir), "--run_dir is missing: name a run.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Images drawn from a trained run or from a SavedModel."""

    run_dir: str | None = setting(None, "Folder of the run.")
    saved_model: str | None = setting(
        None, "Folder of an exported generator, with or without a version."
    )
    num_samples: int = setting(64, "Number of images.")
    seed: int = setting(0, "The same seed gives the same images.")
    out: str = setting(
        "samples.png", "A grid as .png, or uint8 images as .npz."
    )
    scale: int = setting(1, "Pixels of the grid per pixel of an image.")
    weights: str = setting(
        "ema",
        "Averaged or current generator weights, of a run.",
        choices=WEIGHTS,
    )

    def __post_init__(self):
        _require(
            (self.run_dir is None) != (self.saved_model is None),
            "Name what to draw from: either --run_dir or --saved_model.",
        )
        _require_positive(self, "num_samples", "scale")
        _require_seed(self)
        _require(
            self.out.endswith((".png", ".npz")),
            f"--out={self.out}: must end in .png or .npz.",
        )

"""Settings of one training run."""

import dataclasses
from typing import ClassVar

from tf_mmdgan.config import fields, presets, recipes
from tf_mmdgan.config.data import AugmentedDataConfig
from tf_mmdgan.config.expansions import Expansions
from tf_mmdgan.config.fields import WEIGHTS, Named, NamedList, setting
from tf_mmdgan.config.method import MethodConfig
from tf_mmdgan.config.rate import RateConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig(MethodConfig, RateConfig, AugmentedDataConfig):
    """One training run. The defaults are those of Binkowski et al. 2018.

    For example:

        >>> config = tm.TrainConfig(run_dir="runs/mine", steps=100)
        >>> dataclasses.replace(config, batch_size=32).batch_size
        32

    Attributes:
      EXPANSIONS: names that stand for several settings; each setting that is
        given beside such a name wins over it.
    """

    EXPANSIONS: ClassVar[Expansions] = {
        "preset": presets.PRESETS,
        "recipe": recipes.Recipes(),
    }

    run_dir: str = setting(
        "", "Folder of the run; a run found there is continued.",
        may_change=True,
    )  # fmt: skip
    init_from: str | None = setting(
        None,
        "Folder of a run whose newest weights a new run begins with; settings "
        "may differ where the shapes of the weights agree.",
    )

    steps: int = setting(
        150_000, "Generator steps of the whole run.", may_change=True
    )
    batch_size: int = setting(
        64,
        "Real images, and generated ones, in an update; over all devices.",
        most=2**16,
    )
    accumulate: int = setting(
        1,
        "Parts in which a batch is passed through the critic, one after the "
        "other: the gradients of the whole batch in less memory and more time. "
        "Not for critics that compare the images of a batch.",
        most=2**16,
    )
    optimizer: str = setting(
        "adam", "Optimizer of the networks.", choices=("adam", "rmsprop", "sgd")
    )
    beta_1: float = setting(
        0.5, "Adam's decay of the first moment; of sgd, the momentum."
    )
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
        "auto",
        "How the work is spread: over one device, all devices of this machine "
        "(mirrored), the processes that TF_CONFIG lists (multi_worker), the "
        "TPU that TPU_NAME names; auto: over all that there is.",
        choices=("auto", "one_device", "mirrored", "multi_worker", "tpu"),
        may_change=True,
    )
    logical_cpus: int = setting(
        0,
        "Split the CPU into so many devices, for trying --strategy.",
        may_change=True,
        most=64,
    )
    gpus: str | None = setting(
        None,
        'Indices of the GPUs to use, such as 0,2; "" for none, by default all.',
        may_change=True,
    )
    memory_growth: bool = setting(
        False,
        "Take the memory of GPUs as it is needed, not all at once.",
        may_change=True,
    )
    mmd_scope: str = setting(
        "global",
        "Batch that losses are of: the global one, the same on any number of "
        "devices; or that of each replica, whose mean is taken.",
        choices=("global", "replica"),
    )
    dtype_policy: str = setting(
        "float32",
        "What networks compute in; weights, losses and scores are float32.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit: bool = setting(
        False,
        "Compile each step with XLA, on a single device: for GPUs; on CPUs "
        "convolutions are slower by it.",
    )
    steps_per_execution: int = setting(
        1,
        "Steps in one call from Python; the other intervals are multiples.",
        most=10_000,
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
    keep_evaluated: bool = setting(
        False,
        "Keep the averaged generator of every step that is scored, in the "
        "run's folder evaluated/, so that --checkpoint=STEP can be scored "
        "again.",
        may_change=True,
    )
    spectra_every: int = setting(
        0,
        "Steps between logs of the critic's singular values, effective ranks "
        "and slopes; 0: never.",
        may_change=True,
    )
    checkpoint_every: int = setting(
        500, "Steps between checkpoints; 0: only at the end.", may_change=True
    )
    keep_checkpoints: str | int = setting(
        "2",
        "Checkpoints kept, the last so many, which --checkpoint=all scores; "
        "all: none is removed.",
        may_change=True,
    )
    stop_after: int = setting(
        0,
        "Ends the run after so many scores in a row by which no step was "
        "better than the best; 0: it goes on to the last step.",
        may_change=True,
    )
    features: Named | None = setting(
        None,
        "Feature extractor of the score: NAME[:PATH][@LAYER+LAYER]"
        "[,setting=value], a file of tf-mmdgan train_lenet, or your own, "
        "package.module:Name(arguments); by default the data set's own, of "
        "sets in colour imagenet where it is installed.",
    )
    classes_per_batch: int | None = setting(
        None,
        "How many classes a batch has, with as many images of each, where "
        "classes are compared one by one (gmmn, t_mmd, gmmn_ae, drift, "
        "drift_ae with --conditioning); by default all.",
    )
    allow_matched_score: bool = setting(
        False,
        "Score by a network that the generator is trained on, which flatters "
        "it; reports then say so.",
        may_change=True,
    )
    evaluation_samples: int | None = setting(
        None,
        "Generated images in a score; by default as many as held-out ones, of "
        "sets in colour 2,000.",
        most=2**20,
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
    callbacks: NamedList | None = setting(
        None,
        "Keras callbacks of your own, package.module:Name(arguments), "
        "separated by commas; they are called after each step.",
        may_change=True,
    )
    log_to: str = setting(
        "",
        "Loggers beside metrics.jsonl and events.*, separated by commas: "
        "tensorboard, wandb, mlflow, each by its own Keras callback. The last "
        "two are extras of this package, and log where their environment "
        "variables WANDB_MODE and MLFLOW_TRACKING_URI say.",
        may_change=True,
    )
    export: bool = setting(
        True, "Write a SavedModel at the end.", may_change=True
    )
    standing_batches: int = setting(
        0,
        "So many fresh batches of generated images give the statistics by "
        "which an exported generator normalises (BigGAN's standing "
        "statistics); 0: it has those of training.",
        may_change=True,
        most=10_000,
    )

    trust_run: bool = fields.trust_run()

    def __post_init__(self):
        for part in (AugmentedDataConfig, MethodConfig, RateConfig):
            part.__post_init__(self)
        fields.require(
            bool(self.run_dir), "--run_dir is missing: name the run's folder."
        )
        fields.require_positive(
            self, "steps", "batch_size", "clip_norm", "steps_per_execution",
            "log_every", "max_block_size", "evaluation_samples",
            "classes_per_batch", "accumulate",
        )  # fmt: skip
        kept = str(self.keep_checkpoints)
        fields.require(
            kept == "all" or (kept.isdecimal() and int(kept) > 0),
            f"--keep_checkpoints={kept}: must be all, or a number > 0.",
        )
        fields.require(
            self.stop_after == 0 or self.evaluate_every > 0,
            f"--stop_after={self.stop_after}: needs --evaluate_every, the "
            "steps between scores.",
        )
        fields.require_non_negative(
            self, "seed", "logical_cpus", "sample_every", "evaluate_every",
            "checkpoint_every", "spectra_every", "stop_after",
            "standing_batches",
        )  # fmt: skip
        fields.require(
            self.batch_size >= 2,
            f"--batch_size={self.batch_size}: MMD^2 needs at least 2.",
        )
        fields.require(
            self.logical_cpus == 0 or self.strategy != "one_device",
            f"--logical_cpus={self.logical_cpus}: --strategy=one_device has no "
            "use for them.",
        )
        fields.require(
            not self.rates_fall
            or (self.learning_rate_decay_from or 0) < self.decay_end,
            f"--learning_rate_decay_from={self.learning_rate_decay_from}: must "
            f"be less than {self.decay_end}, where the rates have reached 0.",
        )
        fields.require(
            isinstance(self.seed, int) and self.seed < 2**32,
            f"--seed={self.seed}: must be an integer < 2^32.",
        )
        for name in ("beta_1", "beta_2", "ema_decay"):
            value = getattr(self, name)
            fields.require(
                0 <= value < 1, f"--{name}={value}: must be in [0, 1)."
            )
        for name in (
            "steps", "log_every", "sample_every", "evaluate_every",
            "checkpoint_every", "spectra_every", "schedule_every",
        ):  # fmt: skip
            value = getattr(self, name)
            fields.require(
                value % self.steps_per_execution == 0,
                f"--{name}={value}: must be a multiple of "
                f"--steps_per_execution={self.steps_per_execution}.",
            )

    @property
    def checkpoints_kept(self) -> int | None:
        """How many of the last checkpoints stay; None: all."""
        kept = str(self.keep_checkpoints)
        return None if kept == "all" else int(kept)

    @property
    def decay_end(self) -> int:
        """The step at which rates that fall have reached 0."""
        return self.learning_rate_decay_to or self.steps

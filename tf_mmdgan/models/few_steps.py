"""Generators of few steps, whose network is trained at all noise levels.

`EnergyScoreModel` draws data of noisy data; `InductiveModel` says what noisy
data of an earlier time are.

De Bortoli, Galashov, Guntupalli, Zhou, Murphy, Gretton and Doucet 2025,
"Distributional diffusion models with scoring rules", arXiv:2502.02483; at the
last noise level alone: Shen and Meinshausen 2023, "Engression: extrapolation
through the lens of distributional regression", arXiv:2307.00835.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute.update import Purpose, Update
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import shares, updates
from tf_mmdgan.models.generator_model import GeneratorModel
from tf_mmdgan.models.phases import Logs
from tf_mmdgan.networks import StraightPath, unrolled
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.inductive import InductiveMatching

_NOISE_TIMES = dict.fromkeys(("all", "last"))


class FewStepsModel(GeneratorModel):
    """Base of models whose generator unrolls the network that is trained.

    Attributes:
      TAKES_NOISE: whether the denoiser has noise beside the noisy data.
      START: time at which noise alone is taken for noisy data.
      denoiser: the network that is trained; the generator holds it.
    """

    TAKES_NOISE: ClassVar[bool]
    START: ClassVar[float] = 1.0

    def __init__(
        self,
        denoiser: keras.Model,
        *,
        sampling_steps: int,
        deviation: float,
        **kwargs: Any,
    ):
        """Makes the generator.

        Args:
          denoiser: see `networks.unrolled.unrolled`.
          sampling_steps: steps from noise to data, >= 1.
          deviation: standard deviation of the data and of the noise.
          **kwargs: of `ImplicitModel`.

        Raises:
          UsageError: for a denoiser of another kind.
        """
        errors.check_type("denoiser", denoiser, keras.Model)
        generator = unrolled(denoiser, sampling_steps, deviation, self.START)
        if generator.get_layer("sampler").takes_noise != self.TAKES_NOISE:
            raise errors.UsageError(
                "denoiser: need a network of DenoiserOptions(takes_noise="
                f"{self.TAKES_NOISE})."
            )
        latents = Latents(generator.input_shape[-1], "normal")
        super().__init__(generator, latents, **kwargs)
        self.denoiser = denoiser
        self._noise_path = StraightPath(deviation)

    @property
    def trained_network(self) -> keras.Model:
        """The denoiser; the layer around it has no weights."""
        return self.denoiser

    def _lower(self, tape: tf.GradientTape, loss: tf.Tensor) -> Logs:
        updates.apply(
            self.generator_optimizer, tape, loss, self.trained_variables
        )
        return {"generator/loss": loss}


class EnergyScoreModel(FewStepsModel):
    """A network that draws data of noisy data, by their energy score.

    A step takes one time and one noisy version of each real example, and lowers
    the energy score of some draws for that example. So the network learns the
    law of the data given noisy data, at each time; see
    `networks.unrolled.Unrolled` for how samples are made.

    Attributes:
      score: the energy score.
      draws: how many draws there are for each example.
      noise_times: "all" times in [0, 1], uniformly; or the "last", 1, where the
        data are noise alone, for a generator of one step.
    """

    TAKES_NOISE = True

    def __init__(
        self,
        denoiser: keras.Model,
        score: EnergyScore,
        *,
        draws: int = 4,
        sampling_steps: int = 4,
        deviation: float = 0.5,
        noise_times: Literal["all", "last"] = "all",
        **kwargs: Any,
    ):
        errors.check_type("score", score, EnergyScore)
        score.check_draws(draws)
        errors.pick(_NOISE_TIMES, noise_times, "noise_times")
        if noise_times == "last" and sampling_steps != 1:
            raise errors.UsageError(
                f"sampling_steps={sampling_steps}: a network that is trained "
                "at the last noise level alone (noise_times=last) makes one "
                "step.",
                setting="sampling_steps",
            )
        super().__init__(
            denoiser,
            sampling_steps=sampling_steps,
            deviation=deviation,
            **kwargs,
        )
        self.score = score
        self.draws = draws
        self.noise_times = noise_times

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`."""
        real = updates.as_batch(batches[0]).images
        update = self.make_update(first_update)
        count, shape = tf.shape(real)[0], real.shape[1:]
        noises = [
            tf.cast(update.normal(Purpose.LATENTS, count, shape, i), real.dtype)
            for i in range(1 + self.draws)
        ]
        times = tf.ones([count], real.dtype)
        if self.noise_times == "all":
            drawn = update.uniform(Purpose.TIMES, count)
            times -= tf.cast(drawn, real.dtype)  # in (0, 1]
        times = tf.reshape(times, [-1, *[1] * len(shape)])
        noisy = self._noise_path.noisy(real, noises[0], times)
        noisy, times = (
            tf.concat([part] * self.draws, axis=0) for part in (noisy, times)
        )
        with updates.recording(self.denoiser) as tape:
            made = self._noise_path.jump(
                self.denoiser,
                noisy,
                times,
                tf.zeros_like(times),
                tf.concat(noises[1:], axis=0),
            )
            draws = tf.reshape(made, [self.draws, count, *shape])
            # Each example is scored by itself: nothing is gathered.
            loss = tf.reduce_mean(self.score(real, draws))
        return self._lower(tape, loss)


class InductiveModel(FewStepsModel):
    """A network that says what noisy data were at an earlier time.

    A batch is of groups, each of which has a time t, an earlier one s, and one
    between, r. The network is trained to say the same of time s of x_t and of
    x_r, in law: see `InductiveMatching`. Zhou, Ermon and Song 2025, "Inductive
    moment matching", arXiv:2503.07565.

    Attributes:
      matching: the loss.
      group_size: examples that share their times.
    """

    TAKES_NOISE = False
    START = 0.994  # as published

    def __init__(
        self,
        denoiser: keras.Model,
        matching: InductiveMatching,
        *,
        group_size: int = 4,
        sampling_steps: int = 4,
        deviation: float = 0.5,
        **kwargs: Any,
    ):
        errors.check_type("matching", matching, InductiveMatching)
        errors.check_count(1, group_size=group_size)
        matching.check_group(group_size)
        super().__init__(
            denoiser,
            sampling_steps=sampling_steps,
            deviation=deviation,
            **kwargs,
        )
        self.matching = matching
        self.group_size = group_size

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`.

        Raises:
          UsageError: for a replica's batch that is not of whole groups.
        """
        real = shares.in_multiples(
            updates.as_batch(batches[0]).images,
            self.group_size,
            "{} examples of a batch on each device: need whole groups of "
            f"{self.group_size} (group_size).",
        )
        update = self.make_update(first_update)
        count, shape = tf.shape(real)[0], real.shape[1:]
        noise = tf.cast(
            update.normal(Purpose.LATENTS, count, shape), real.dtype
        )
        t, s = self._times(update, count // self.group_size, real.dtype)
        r = self.matching.between(t, s)
        of_each = [self._of_each(time, len(shape)) for time in (t, r, s)]
        path = self._noise_path
        at_t = path.noisy(real, noise, of_each[0])
        at_r = path.noisy(real, noise, of_each[1])
        later = path.jump(self.denoiser, at_r, of_each[1], of_each[2])
        with updates.recording(self.denoiser) as tape:
            made = path.jump(self.denoiser, at_t, of_each[0], of_each[2])
            x, y = (
                tf.reshape(rows, [-1, self.group_size, shape.num_elements()])
                for rows in (made, later)
            )
            loss = self.matching(x, y, path.factor(t, s), t)
        return self._lower(tape, loss)

    def _times(
        self, update: Update, groups: tf.Tensor, dtype: tf.DType
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Times t, uniform in (0, .994], and s, uniform in [0, t): [groups]."""
        drawn = tf.cast(update.uniform(Purpose.TIMES, 2 * groups), dtype)
        first, second = tf.unstack(tf.reshape(drawn, [-1, 2]), axis=1)
        t = self.START * (1.0 - first)
        return t, t * second

    def _of_each(self, times: tf.Tensor, axes: int) -> tf.Tensor:
        """Times of groups for each example, [b, 1, ...]."""
        return tf.reshape(tf.repeat(times, self.group_size), [-1, *[1] * axes])

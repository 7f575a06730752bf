"""How an update differentiates its loss: through the whole batch at once."""

from collections.abc import Callable, Sequence

import keras

from tf_mmdgan.distribute import Update
from tf_mmdgan.models import updates
from tf_mmdgan.models.views import CriticView
from tf_mmdgan.objectives import Batch, Loss, Objective

# Makes generated images, and their loss by what a critic says.
Lowered = Callable[[CriticView], tuple[list[Batch], Loss]]


class WholeBatch:
    """One pass over the batch, all of whose activations are kept for the next.

    The other way is `accumulated.InParts`.
    """

    def move_critic(
        self,
        critic: CriticView,
        objective: Objective,
        optimizer: keras.optimizers.Optimizer,
        real: Batch,
        fakes: Sequence[Batch],
        update: Update,
    ) -> Loss:
        """One update of the critic's weights, in replica context."""
        with updates.recording(critic.network) as tape:
            loss = objective.critic_loss(critic, real, fakes, update)
        weights = critic.network.trainable_variables
        updates.apply(optimizer, tape, loss.value, weights)
        return loss

    def move_generator(
        self,
        generator: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        critic: CriticView,
        lowered: Lowered,
    ) -> Loss:
        """One update of the generator's weights, in replica context."""
        with updates.recording(generator) as tape:
            _, loss = lowered(critic)
        weights = generator.trainable_variables
        updates.apply(optimizer, tape, loss.value, weights)
        return loss

"""The method of learned moments: a network learns what is matched."""

from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.learned_moments_settings import LearnedMomentsSettings
from tf_mmdgan.methods.matching import check_scope
from tf_mmdgan.methods.method import Method
from tf_mmdgan.models import LearnedMomentsModel
from tf_mmdgan.objectives import LearnedMoments


class LearnedMomentsMethod(Method[LearnedMomentsSettings]):
    """MoLM: gradients and activations of a network that is learnt in turns."""

    def loss(self, settings: LearnedMomentsSettings) -> LearnedMoments:
        """The losses of both networks."""
        return LearnedMoments(
            settings.moment_penalty, settings.activation_weight
        )

    def model(
        self, builder: Builder[LearnedMomentsSettings]
    ) -> LearnedMomentsModel:
        """See `Method.model`."""
        settings = builder.settings
        check_scope(builder.config)
        model = LearnedMomentsModel(
            builder.generator(),
            builder.critic(),
            builder.latents,
            self.loss(settings),
            moment_updates=settings.moment_updates,
            objective_steps=settings.objective_steps,
            **builder.model_options(),
        )
        builder.compile(
            model, builder.optimizer(model), builder.critic_optimizer(model)
        )
        return model

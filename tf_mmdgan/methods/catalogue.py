"""Every method by name: how its model is made, and its published settings.

To add one that trains against a critic, add an objective to
`objectives.OBJECTIVES`. One with a model of its own goes
to `matching.MATCHING`.
"""

from tf_mmdgan.methods import published
from tf_mmdgan.methods.adversarial import AdversarialMethod
from tf_mmdgan.methods.matching import MATCHING
from tf_mmdgan.methods.method import Method

METHODS: dict[str, Method] = {
    **{
        n: AdversarialMethod(entry) for n, entry in published.OBJECTIVES.items()
    },
    **MATCHING,
}

"""Two-sample tests that train a network first, by name.

For example:

    >>> list(tm.TRAINED_TESTS)
    ['deep_kernel', 'classifier']
"""

from collections.abc import Callable

from tf_mmdgan import mmd
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.metrics.classifier import classifier_test
from tf_mmdgan.metrics.deep_kernel import deep_kernel_test

# (x, y, network=, steps=, num_permutations=, level=, seed=, ...) -> outcome.
TRAINED_TESTS: Catalogue[Callable[..., mmd.TwoSampleTest]] = Catalogue(
    "method", __doc__
) | {
    "deep_kernel": deep_kernel_test,
    "classifier": classifier_test,
}

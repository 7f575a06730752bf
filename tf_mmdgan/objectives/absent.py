"""What a criterion is told that looks for what its update has not."""

import contextlib
from collections.abc import Iterator

from tf_mmdgan import errors

_HAVE = {
    "critic_loss": "seen.real is a batch, its images and their labels, which "
    "may be None; seen.x and seen.y are features",
    "generator_loss": "seen.x and real_features are None unless "
    "generator_sees_real=True; seen.output is of the critic",
}


@contextlib.contextmanager
def naming_absent(criterion: object, loss: str) -> Iterator[None]:
    """In a `with` block: a loss of a criterion is computed.

    Args:
      criterion: whose loss it is.
      loss: "critic_loss" or "generator_loss".

    Raises:
      UsageError: where it fails for a part of a `Comparison` that is None.
    """
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if "None" not in str(error):
            raise
        raise errors.UsageError(
            f"{type(criterion).__name__}.{loss}: "
            f"{errors.excerpt(error, 80).rstrip('.')}. {_HAVE[loss]}."
        ) from error

"""What a criterion is told that looks for what its update has not."""

import contextlib
from collections.abc import Iterator

from tf_mmdgan import errors


@contextlib.contextmanager
def naming_absent(criterion: object) -> Iterator[None]:
    """In a `with` block: the generator's loss of a criterion is computed.

    Raises:
      UsageError: where it fails for a part of a `Comparison` that is None.
    """
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if "None" not in str(error):
            raise
        raise errors.UsageError(
            f"{type(criterion).__name__}.generator_loss: "
            f"{errors.excerpt(error, 80)}. seen.x and real_features are None "
            "unless generator_sees_real=True; seen.output is of the critic."
        ) from error

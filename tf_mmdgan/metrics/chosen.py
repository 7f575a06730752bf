"""Which metrics are asked for, and whether they can be had."""

from collections.abc import Sequence

from tf_mmdgan import errors
from tf_mmdgan.config.spelling import entries, text
from tf_mmdgan.metrics.catalogue import METRIC_FAMILY, METRICS, OF_ROWS, SLOW
from tf_mmdgan.metrics.conditions import Counts, missing
from tf_mmdgan.metrics.settings import USUAL, MetricSettings


def choose(
    given: str | Sequence[object] | None,
    of_rows: bool = False,
) -> tuple[object, ...]:
    """Reads a list of metrics, such as "fid,prdc".

    Args:
      given: names of `METRICS` or expressions for functions of other modules,
        with commas between, or a sequence of such or of functions; or "all";
        or None, for those that take no longer than extracting the features,
        and of rows of a table the energy distance too.
      of_rows: whether rows are compared.

    Returns:
      What `score` takes.

    Raises:
      UsageError: for what names no metric, and for an empty text.
    """
    left_out = SLOW - OF_ROWS if of_rows else SLOW
    if given is None or given == "all":
        return tuple(n for n in METRICS if given or n not in left_out)
    chosen = entries(given) if isinstance(given, str) else given
    if isinstance(given, str) and not chosen:
        raise errors.UsageError(
            f"metrics={given!r} names none; known: {', '.join(METRICS)}, all."
        )
    METRIC_FAMILY.get_all(chosen)
    return tuple(chosen)


def by_name(given: str | Sequence[object] | None) -> bool:
    """Whether metrics were named one by one, so that each must be had."""
    return given is not None and given != "all"


def check_available(
    given: str | Sequence[object] | None,
    counts: Counts,
    settings: MetricSettings = USUAL,
    of_rows: bool = False,
) -> None:
    """Checks what can be known before anything is extracted.

    Args:
      given: as `choose` reads it.
      counts: of the images.
      settings: of all metrics.
      of_rows: as of `choose`.

    Raises:
      UsageError: for an unknown metric, for one that was named and cannot be
        had, and for one that could be had, were not a size set for it.
    """
    for metric in choose(given, of_rows):
        name = text(metric)
        reason = missing(name, counts, settings)
        if reason is None:
            continue
        if by_name(given) or missing(name, counts, settings.usual()) is None:
            raise errors.UsageError(f"The metric {name} {reason}.")

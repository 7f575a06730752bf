"""Every extractor by name: simple statistics and trained networks.

To add one, write a class or a function that gives a `FeatureExtractor` and
give it a line in `EXTRACTORS`. Its arguments are what users may set, but for
`path` and `layers`, which have signs of their own (see `names`), and for
`image_shape`, [h, w, c] of the images where it is known, else None.

    >>> pixels = tm.features.get_extractor("pixels")
    >>> pixels(np.zeros((2, 4, 4, 1), np.uint8)).features.shape
    (2, 16)
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tf_mmdgan import errors, switches
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.config.spelling import (
    Recorded,
    is_outside,
    refuse_recorded,
    text,
)
from tf_mmdgan.features import (
    frozen,
    imagenet,
    keras_applications,
    keras_networks,
    names,
    onnx_networks,
    own_networks,
    published_weights,
    saved_networks,
)
from tf_mmdgan.features.extractors import (
    FeatureExtractor,
    Pixels,
)
from tf_mmdgan.features.groups import FeatureGroups
from tf_mmdgan.features.plain import Columns, Thumbnails
from tf_mmdgan.features.published_weights import WEIGHTS

_PARTS = ("path", "layers", "image_shape")


@dataclasses.dataclass(frozen=True)
class Source:
    """How an extractor is made.

    Attributes:
      make: what makes it.
      differentiable: whether a generator can be trained through it; its
        `frozen` then gives the features that are matched.
      remedy: what to do where its weights are not at hand; None where they
        are, or where a user names them.
    """

    make: Callable[..., FeatureExtractor]
    differentiable: bool = False
    remedy: Callable[[], str | None] = lambda: None


EXTRACTORS: Catalogue[Source] = Catalogue("extractor", __doc__) | {
    "pixels": Source(Pixels, differentiable=True),
    "columns": Source(Columns, differentiable=True),
    "thumbnails": Source(Thumbnails),
    **{
        name: Source(
            functools.partial(own_networks.packaged_lenet, name),
            differentiable=True,
        )
        for name in own_networks.LENETS
    },
    "lenet": Source(own_networks.lenet_network, differentiable=True),
    **{
        name: Source(
            functools.partial(own_networks.packaged_masked, name),
            differentiable=True,
        )
        for name in own_networks.MASKED
    },
    "masked": Source(own_networks.masked_network, differentiable=True),
    "imagenet": Source(
        imagenet.imagenet, differentiable=True, remedy=imagenet.remedy
    ),
    **{
        name: Source(
            make,
            differentiable=True,
            remedy=functools.partial(keras_applications.remedy, name),
        )
        for name, make in keras_applications.APPLICATIONS.items()
    },
    "inception": Source(
        saved_networks.inception, remedy=saved_networks.inception_remedy
    ),
    "saved_model": Source(saved_networks.saved_model),
    "onnx": Source(onnx_networks.onnx_model),
    "keras": Source(keras_networks.keras_model, differentiable=True),
}

# Of extractors from other modules.
EXTRACTOR_FAMILY: Family[FeatureExtractor] = Family(
    "extractor", {}, FeatureExtractor
)


def get_extractor(
    given: object,
    usual: Mapping[str, Any] | None = None,
    layers: Sequence[str] = (),
    download: bool = False,
) -> FeatureExtractor:
    """An extractor, by its name or itself.

    Args:
      given: one network as `names` has it, such as
        "keras:model.keras@pooled,range=unit"; or an extractor.
      usual: settings of the network, where `given` names none; those that it
        does not take are passed over.
      layers: those to take in place of what `given` names; of a network whose
        outputs are named by `output=`, one output.
      download: whether weights that are not at hand may be fetched, of those
        networks whose weights `fetch_weights` knows.

    Raises:
      UsageError: for an unknown name, layer or setting.
      DataError: for weights that are missing, damaged or something else.
    """
    switches.check(download=download)
    if not isinstance(given, str):
        return _complete(EXTRACTOR_FAMILY.get(given))
    chosen = _parse(given, "features")
    if len(chosen) > 1:
        raise errors.UsageError(
            f"{given!r} names {len(chosen)} networks: scores take one; a path "
            "that holds a comma needs quotes."
        )
    network = _with_usual(chosen[0], usual or {})
    network = _at(network, layers) if layers else network
    return _make(network, download=download)


def fetch_weights(name: str) -> None:
    """Fetches published weights of an extractor, unless they are at hand.

    They are kept in the cache of this user, where `get_extractor` and
    `get_matched` find them. They are what others may rely on: a file of another
    hash than was published is refused, or, where no hash is, another file than
    was fetched the first time, and what is no such network.

    Args:
      name: in `published_weights.WEIGHTS`, such as "inception".

    Raises:
      UsageError: for an extractor whose weights are not fetched.
      DataError: without a network, and for a file that is refused.
    """
    errors.pick(WEIGHTS, name, "network with published weights")
    source = EXTRACTORS[name]
    if source.remedy() is not None:
        published_weights.fetch(name, lambda path: source.make(path=path))


def remedy(name: str) -> str | None:
    """What to do where the weights of an extractor are not at hand.

    Args:
      name: in `EXTRACTORS`.

    Returns:
      None if nothing needs to be done.
    """
    return errors.pick(EXTRACTORS, name, "extractor").remedy()


def _complete(extractor: FeatureExtractor) -> FeatureExtractor:
    """An extractor of a user's own, which has what reports and caches need.

    Raises:
      UsageError: naming what it lacks.
    """
    for name in ("name", "identifier"):
        if not isinstance(getattr(extractor, name, None), str):
            raise errors.UsageError(
                f"The extractor {type(extractor).__name__} has no {name}: give "
                "it a text of this name, see FeatureExtractor."
            )
    return extractor


def _at(network: names.NetworkName, layers: Sequence[str]) -> names.NetworkName:
    """The same with other layers, or with another output."""
    if is_outside(network.name):
        raise errors.UsageError(f"The extractor {network.name} has no layers.")
    source = errors.pick(EXTRACTORS, network.name, "extractor")
    known = inspect.signature(source.make).parameters
    if "layers" in known or "output" not in known or len(layers) > 1:
        settings = {k: v for k, v in network.settings.items() if k != "output"}
        return network._replace(layers=tuple(layers), settings=settings)
    return network._replace(settings={**network.settings, "output": layers[0]})


def _with_usual(
    network: names.NetworkName, usual: Mapping[str, Any]
) -> names.NetworkName:
    """The same, with settings for what it does not set; of those it takes."""
    if is_outside(network.name):
        return network
    source = errors.pick(EXTRACTORS, network.name, "extractor")
    known = inspect.signature(source.make).parameters
    taken = {name: value for name, value in usual.items() if name in known}
    return network._replace(settings={**taken, **network.settings})


def get_matched(
    given: object, image_shape: Sequence[int], download: bool = False
) -> frozen.Matched:
    """Features that a generator can be trained through; they are frozen.

    Args:
      given: networks as `names` has them, with commas between, such as
        "lenet_digits@conv_1+conv_2,vgg19:weights.h5"; or an extractor, or any
        function from images in [-1, 1] to features [b, d].
      image_shape: [h, w, c] of the images.
      download: as of `get_extractor`.

    Raises:
      UsageError: for an unknown name, layer or setting, and for a network that
        cannot be differentiated.
      DataError: for weights that are missing, damaged or something else.
    """
    parts = _matched(given, image_shape, "matched_features", download)
    return parts[0] if len(parts) == 1 else frozen.Concatenated(parts)


def get_groups(
    given: object,
    image_shape: Sequence[int],
    places: int,
    download: bool = False,
) -> FeatureGroups:
    """The same in groups, each of which is compared by itself.

    Args:
      given: as of `get_matched`.
      image_shape: [h, w, c] of the images.
      places: how many places of a map are compared.
      download: as of `get_extractor`.

    Raises:
      UsageError: as of `get_matched`.
      DataError: as of `get_matched`.
    """
    parts = _matched(given, image_shape, "refine_features", download)
    return FeatureGroups(parts, places)


def _matched(
    given: object, image_shape: Sequence[int], setting: str, download: bool
) -> list[frozen.Matched]:
    switches.check(download=download)
    if isinstance(given, FeatureExtractor):
        return [given.frozen()]
    if not isinstance(given, str):
        if not callable(given):
            raise errors.UsageError(
                f"matched features {text(given)}: need the name of a network, "
                "or a function of images."
            )
        return [given]
    chosen = _parse(given, setting)
    for network in chosen:
        _check_differentiable(network)
    return [
        _make(network, image_shape, download).frozen() for network in chosen
    ]


def _parse(given: str, setting: str) -> list[names.NetworkName]:
    """The networks of a setting; of a record, those of `EXTRACTORS` only."""
    chosen = names.parse(given)
    if isinstance(given, Recorded):
        for network in chosen:
            place = network.path or network.settings.get("path")
            if place is not None or is_outside(network.name):
                what = network.name if place is None else f"{place}, as a "
                what += "" if place is None else network.name
                refuse_recorded(f"{what} would be loaded and run", setting)
    return chosen


def _check_differentiable(network: names.NetworkName) -> None:
    if is_outside(network.name):
        return
    if not errors.pick(EXTRACTORS, network.name, "extractor").differentiable:
        known = ", ".join(n for n, s in EXTRACTORS.items() if s.differentiable)
        raise errors.UsageError(
            f"{network.name} cannot be differentiated, as --matched_features "
            f"must be; these can: {known}."
        )


def _make(
    network: names.NetworkName,
    image_shape: Sequence[int] | None = None,
    download: bool = False,
) -> FeatureExtractor:
    if is_outside(network.name):
        if network.settings:
            raise errors.UsageError(
                f"{network.name}: give its settings in parentheses."
            )
        return _complete(EXTRACTOR_FAMILY.get(network.name))
    source = errors.pick(EXTRACTORS, network.name, "extractor")
    known = inspect.signature(source.make).parameters
    parts = dict(zip(_PARTS, (*network[1:3], image_shape), strict=True))
    for part in ("path", "layers"):
        if parts[part] and part not in known:
            raise errors.UsageError(
                f"The extractor {network.name} takes no {part}."
            )
    settings = {name: None for name in known if name not in _PARTS}
    for name in network.settings:
        errors.pick(settings, name, f"setting of the extractor {network.name}")
    if download and not network.path and network.name in WEIGHTS:
        fetch_weights(network.name)
    given = {name: part for name, part in parts.items() if part}
    taken = {name: part for name, part in given.items() if name in known}
    return source.make(**taken, **network.settings)

"""Every family is named by one grammar, from inside and from outside."""

import keras
import pytest
import tensorflow as tf
from outsiders import members

from tf_mmdgan import data, errors, networks
from tf_mmdgan.config import spelling
from tf_mmdgan.data.augment import AUGMENTATION_FAMILY
from tf_mmdgan.features import EXTRACTORS, FeatureExtractor, get_extractor
from tf_mmdgan.kernels import KERNEL_FAMILY
from tf_mmdgan.methods import get_method
from tf_mmdgan.methods.published import METHOD_FAMILY
from tf_mmdgan.metrics import METRIC_FAMILY
from tf_mmdgan.objectives.augmentations import CRITIC_AUGMENTATION_FAMILY
from tf_mmdgan.objectives.f_divergences import DIVERGENCE_FAMILY
from tf_mmdgan.training.callbacks import CALLBACK_FAMILY

FAMILIES = {
    family.kind: family
    for family in (
        KERNEL_FAMILY,
        DIVERGENCE_FAMILY,
        METHOD_FAMILY,
        networks.ARCHITECTURE_FAMILY,
        data.DATASET_FAMILY,
        AUGMENTATION_FAMILY,
        CRITIC_AUGMENTATION_FAMILY,
        METRIC_FAMILY,
        CALLBACK_FAMILY,
    )
}
NAMES = [
    (kind, name) for kind, family in FAMILIES.items() for name in family.members
]

# Of each family, a name in the module of `outsiders`, and what it names.
OUTSIDE = {
    "kernel": ("Laplacian(2.0)", members.Laplacian(2.0)),
    "divergence": ("DIVERGENCE", members.DIVERGENCE),
    "objective": ("LeastSquares(target=2.0)", members.LeastSquares(2.0)),
    "architecture": ("PAIR", members.PAIR),
    "data set": ("SHAPES", members.SHAPES),
    "augmentation": ("darken", members.darken),
    "critic augmentation": ("DARKER", members.DARKER),
    "metric": ("mean_distance", members.mean_distance),
    "callback": ("Count(step=3)", members.Count(3)),
}


@pytest.mark.parametrize("kind, name", NAMES)
def test_a_name_is_an_expression_for_its_member(kind, name):
    family = FAMILIES[kind]
    member = family.get(name)
    assert member is family.members[name]
    assert family.get(member) is member
    assert ":" not in name


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_member_may_come_from_another_module(kind):
    text, expected = OUTSIDE[kind]
    found = FAMILIES[kind].get(f"outsiders.members:{text}")
    if kind == "callback":
        assert (type(found), found.step) == (members.Count, 3)
    else:
        assert found == expected
    assert FAMILIES[kind].get(expected) is expected


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize(
    "text, words",
    [
        ("outsiders.members:Nothing", "has no Nothing"),
        ("outsiders.broken:X", "outsiders.broken cannot be imported"),
        ("outsiders.members:NUMBER", "NUMBER is no .* type is int"),
        ("a if b else c", "no such expression"),
        ("members:PAIR", "no dot in 'members'"),
    ],
)
def test_what_is_no_member_is_refused_on_one_line(kind, text, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        FAMILIES[kind].get(text)
    assert str(caught.value).startswith(f"{kind} {text!r}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", FAMILIES)
def test_members_of_other_families_are_refused(kind):
    for other, (text, member) in OUTSIDE.items():
        functions = {"augmentation", "metric"}
        # Nothing tells a function from another; callbacks are called by Keras.
        if other != kind and not functions & {kind, other}:
            with pytest.raises(errors.UsageError, match=r" is no "):
                FAMILIES[kind].get(f"outsiders.members:{text}")
            with pytest.raises(errors.UsageError, match="need"):
                FAMILIES[kind].get(member)


@pytest.mark.parametrize("kind", ["augmentation", "metric"])
def test_a_call_of_a_function_fixes_its_settings(kind):
    family, path = FAMILIES[kind], "outsiders.members"
    bound = AUGMENTATION_FAMILY.get(f"{path}:darken(share=0.25)")
    images = tf.constant([[[[200]]]], tf.uint8)
    assert bound(images, [0, 0]).numpy().item() == 50
    with pytest.raises(errors.UsageError, match="settings by name"):
        family.get(f"{path}:darken(0.25)")
    with pytest.raises(errors.UsageError, match=r"setting of .*darken 'shar'"):
        family.get(f"{path}:darken(shar=0.25)")


def test_parameters_of_divergences_and_methods():
    alpha = DIVERGENCE_FAMILY.get("alpha(0.3)")
    assert float(alpha.generator(tf.constant(1.0))) == pytest.approx(0.0)
    with pytest.raises(errors.UsageError, match="kl takes no arguments"):
        DIVERGENCE_FAMILY.get("kl(1)")
    with pytest.raises(errors.UsageError, match="mmd takes no arguments"):
        METHOD_FAMILY.get("mmd(kernel=rbf)")


def test_a_criterion_may_be_made_of_kernels():
    module = "tf_mmdgan.objectives"
    method = get_method(f"{module}:MMDGAN(kernel=rbf(2.0) + linear)")
    expected = KERNEL_FAMILY.get("rbf(2.0) + linear")
    assert method.settings.criterion.kernel == expected
    divergence = get_method(f"{module}:FGAN(divergence=alpha(0.3))")
    assert divergence.settings.criterion.generator_form == "minimax"


@pytest.mark.parametrize("name", EXTRACTORS)
def test_extractors_say_what_they_need(name):
    """They have a grammar with paths, so that dots tell modules apart."""
    assert "." not in name and ":" not in name
    try:
        assert isinstance(get_extractor(name), FeatureExtractor)
    except (errors.UsageError, errors.DataError) as error:
        assert "PATH" in str(error)


def test_records_name_what_they_can():
    assert spelling.text(members.darken) == "outsiders.members:darken"
    callback = CALLBACK_FAMILY.get("outsiders.members:Count")
    assert isinstance(callback, keras.callbacks.Callback)

"""Every recipe in flags/ parses, builds and takes a step."""

import dataclasses
import functools
import pathlib
import re

import losses
import numpy as np
import pytest

from tf_mmdgan import config, data, methods
from tf_mmdgan.conditions import Classes
from tf_mmdgan.data import ImageSet
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.networks import ARCHITECTURES, spectral_normalization
from tf_mmdgan.tools import flag_config
from tf_mmdgan.training import checkpoints

FOLDER = pathlib.Path(__file__).parents[2] / "flags"
RECIPES = sorted(path.stem for path in FOLDER.glob("*.cfg"))
NUM_CLASSES = 3
# Deep ones take long to trace; `make test` keeps others like them.
# So do those with many spectral norms, which take long to build too.
_WRAPPED = ("biggan", "biggan_deep", "biggan_plain", "sagan", "stylegan2")
_DEEP = (
    "dcgan5",
    "fullconv5",
    "sngan",
    "resnet5",
    "snresnet",
    "g_resnet5",
    "g_resnet5_plain",
    "unet",
    *_WRAPPED,
)


@pytest.fixture(autouse=True)
def short_warm_start(monkeypatch):
    """The power steps of the start take time that nothing here needs."""
    monkeypatch.setattr(spectral_normalization, "_WARM_START", 1)


@functools.cache
def parse(name, *flags):
    """The configuration of a recipe, with more flags behind it."""
    return flag_config.parse(
        config.TrainConfig,
        [f"--flagfile={FOLDER / name}.cfg", "--run_dir=x", *flags],
    )


def image_shape(recipe):
    """Height, width and channels of a recipe's images; of rows, columns."""
    if recipe.dataset == "rows":
        return (4,)
    entry = data.DATASETS[recipe.dataset]
    size = recipe.image_size or entry.image_size
    return size, size, entry.channels or 3


def toy(recipe):
    """The recipe with networks and images as small as can be."""
    size, *_ = image_shape(recipe)
    # SNResNet is another network at 64 pixels than at all other sizes.
    if size > 32 and (recipe.architecture, size) != ("snresnet", 64):
        size = ARCHITECTURES[recipe.architecture].minimum_size
    # The networks of recipes are no part of the package.
    features = "pixels" if recipe.matched_features else None
    return dataclasses.replace(
        recipe,
        image_size=size,
        generator_width=2,
        critic_width=2,
        matched_features=features,
    )


def by_class(recipe):
    """Whether classes are compared one by one, in batches of all of them."""
    labelled = recipe.conditioning != "none"
    return labelled and methods.METHODS[recipe.objective].by_class


def one_step(recipe):
    """A toy with few and small batches in a step."""
    few = {
        "critic_steps": 1,
        "burn_in_critic_steps": 0,
        "burn_in_first": None,
        "burn_in_every": None,
        # The first step is then the auto-encoder's.
        "autoencoder_steps": 1,
        "group_size": 2,
        "moment_updates": 1,
    }
    if getattr(methods.settings_of(recipe), "weight_clip", 0.0):
        # Four layers of two filters, clipped to 0.01, pass on next to nothing.
        few["weight_clip"] = 0.1
    names = methods.METHODS[recipe.objective].names
    return dataclasses.replace(
        toy(recipe),
        batch_size=2 * NUM_CLASSES if by_class(recipe) else 4,
        # The images of a device, of two.
        minibatch_deviation=recipe.minibatch_deviation and 2,
        **{name: few[name] for name in few.keys() & names},
    )


def networks_of(recipe):
    """All that the layers of a toy depend on but their widths."""
    settings = methods.settings_of(recipe)
    criterion = getattr(settings, "criterion", None)
    return (
        recipe.architecture,
        image_shape(recipe),
        recipe.conditioning,
        recipe.generator_batch_norm,
        criterion.needs_decoder if criterion else recipe.objective,
        getattr(settings, "critic_batch_norm", None),
        getattr(settings, "spectral_norm", None),
        getattr(settings, "learnable_spectral_scale", None),
    )


def make(recipe):
    """The model of a recipe."""
    return methods.make_model(recipe, image_shape(recipe), Classes(NUM_CLASSES))


def batches_of(recipe):
    """Noise in place of the recipe's images, as training draws them."""
    rng = np.random.default_rng(0)
    shape = (8, *image_shape(recipe))
    images, table = rng.integers(0, 256, shape, dtype=np.uint8), None
    if recipe.dataset == "rows":
        images = rng.normal(size=shape).astype(np.float32)
        table = data.Table.numbered(shape[1])
    labels = np.arange(len(images)) % NUM_CLASSES
    image_set = ImageSet(images, labels, NUM_CLASSES, table=table)
    if by_class(recipe):
        return data.grouped_batches(image_set, NUM_CLASSES, 2, recipe.seed)
    return data.batches(
        image_set,
        recipe.batch_size,
        recipe.seed,
        with_labels=recipe.conditioning != "none",
    )


def numbers(weights):
    """What weights hold, in their order."""
    return [weight.numpy() for weight in weights]


def check_one_step(recipe, strategy, folder):
    """A step moves both networks, and a checkpoint brings all of it back."""
    with strategy.scope():
        model, restored = make(recipe), make(recipe)
    model.adapt(np.zeros((4, *image_shape(recipe)), np.uint8))
    networks = [n for n in (model.generator, model.critic) if n]
    before = [numbers(network.trainable_weights) for network in networks]
    extra = int(model.extra_updates(model.step.value))
    batches = batches_of(recipe).take(extra + model.batches_per_step)
    model.fit(
        strategy.experimental_distribute_dataset(batches),
        epochs=1,
        steps_per_epoch=1,
        shuffle=False,
        verbose=0,
        callbacks=[checkpoints.Checkpoints(model, folder)],
    )
    assert int(model.step.numpy()) == 1
    for network, old in zip(networks, before, strict=True):
        new = numbers(network.trainable_weights)
        assert all(np.isfinite(value).all() for value in new)
        changed = [np.any(a != b) for a, b in zip(old, new, strict=True)]
        assert any(changed), network.name
    assert checkpoints.Checkpoints(restored, folder).restore()
    pairs = zip(model.weights, restored.weights, strict=True)
    for saved, loaded in pairs:
        np.testing.assert_array_equal(
            saved.numpy(), loaded.numpy(), err_msg=saved.path
        )


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_has_an_objective_and_a_size_that_its_networks_make(name):
    recipe = parse(name)
    losses.loss_of(recipe)
    architecture = ARCHITECTURES[recipe.architecture]
    size, *others = image_shape(recipe)
    if not others:
        assert architecture.makes_points
        return
    assert architecture.minimum_size <= size <= architecture.maximum_size
    assert size % architecture.size_multiple == 0


@pytest.mark.parametrize("name", RECIPES)
def test_note_gives_the_command_for_this_recipe_and_data_that_can_be_read(name):
    note = (FOLDER / f"{name}.cfg").read_text()
    assert all(len(line) <= 100 for line in note.splitlines())
    for found in re.findall(r"--flagfile=flags/(\S+)\.cfg", note):
        assert found == name
    assert re.search(r"^# tf-mmdgan \w+ .*", note, re.MULTILINE)
    assert parse(name).dataset in data.DATASETS


def distinct(names, key):
    """The first name of each value of `key`."""
    first = {}
    for name in names:
        first.setdefault(key(name), name)
    return sorted(first.values())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[pytest.mark.slow] * (parse(name).architecture in _WRAPPED),
        )
        for name in distinct(
            RECIPES, lambda name: networks_of(toy(parse(name)))
        )
    ],
)
def test_networks_of_recipes_build_at_toy_width(name):
    recipe = toy(parse(name))
    if by_class(recipe):
        recipe = one_step(recipe)
    model = make(recipe)
    settings = methods.settings_of(recipe)
    assert model.generator.output.shape[1:] == image_shape(recipe)
    conditional = recipe.conditioning != "none"
    assert len(model.generator.inputs) == 1 + conditional
    if model.critic:
        features = model.critic.output["features"]
        assert features.shape[-1] == settings.critic_output
        # An auto-encoder is told no classes.
        told = conditional and not by_class(recipe)
        assert len(model.critic.inputs) == 1 + told
    if isinstance(settings, AdversarialSettings):
        assert model.critic_steps == settings.critic_steps


def first_with(field, value):
    """The first recipe with that setting; else the default one with it."""
    for name in RECIPES:
        if getattr(parse(name), field) == value:
            return parse(name)
    return parse("digits_mmd", f"--{field}={value}", "--image_size=32")


def few_outputs(name):
    """As many outputs of the critic as published, up to two."""
    published = parse("digits_mmd", f"--objective={name}")
    outputs = getattr(methods.settings_of(published), "critic_output", None)
    return outputs and min(outputs, 2)


# One of each family, for `make test`.
_OF_FAMILIES = (
    "mmd", "sn_smmd", "wgan_gp", "gan", "cramer", "gmmn", "gmmn_ae", "gfmn",
    "gram", "drift_ae", "energy_score",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] * (name not in _OF_FAMILIES)
        )
        for name in methods.METHODS
    ],
)
def test_objective_steps_on_two_devices(name, two_cpus, tmp_path):
    recipe = one_step(first_with("objective", name))
    if getattr(methods.settings_of(recipe), "weight_clip", 0.0):
        # A critic this narrow sees nothing with weights below .01.
        recipe = dataclasses.replace(recipe, weight_clip=1.0)
    # Its smallest networks, for the time that tracing takes.
    recipe = dataclasses.replace(
        recipe,
        architecture="mlp",
        conditioning="none",
        image_size=8,
        critic_output=few_outputs(name),
        matched_features="pixels" if name == "gfmn" else None,
    )
    check_one_step(recipe, two_cpus, tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in _DEEP else [])
        for name in ARCHITECTURES
    ],
)
def test_networks_step_on_two_devices(name, two_cpus, tmp_path):
    recipe = first_with("architecture", name)
    hinge = methods.METHODS["gan_hinge"].names
    foreign = {
        setting
        for other in methods.METHODS.values()
        for setting in other.names - hinge
        if hasattr(recipe, setting)
    }
    chosen = {"gradient_penalty", "feature_penalty", "critic_output"}
    recipe = dataclasses.replace(
        recipe,
        objective="gan_hinge",
        **dict.fromkeys(foreign | chosen | {"weight_clip"}),
    )
    recipe = one_step(recipe)
    if name == "gram_mlp":
        # Its ReLUs, two in a layer, are all off at the start.
        recipe = dataclasses.replace(recipe, critic_width=32)
    check_one_step(recipe, two_cpus, tmp_path)


# What a step is not made of.
_AROUND = (
    "dataset", "data_dir", "run_dir", "image_size", "resize", "augment",
    "steps", "evaluate_every", "sample_every", "checkpoint_every", "features",
    "standing_batches", "schedule_every",
)  # fmt: skip


def step_of(name):
    """All that a toy's step is made of but numbers, of which it is whether."""
    settings = dataclasses.asdict(one_step(parse(name))).items()
    return repr(
        [
            (field, bool(value) if isinstance(value, float | int) else value)
            for field, value in settings
            if field not in _AROUND
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", distinct(RECIPES, step_of))
def test_step_on_two_devices_survives_a_checkpoint(name, two_cpus, tmp_path):
    check_one_step(one_step(parse(name)), two_cpus, tmp_path)

"""Random changes of images against formulas in NumPy, and what holds of all."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.objectives.augmentations import (
    CRITIC_AUGMENTATIONS,
    change,
    colors,
    places,
    warp,
)

NAMES = list(CRITIC_AUGMENTATIONS)
every = pytest.mark.parametrize("name", NAMES)


def pictures(rng, n=4, h=6, w=5, c=3, dtype="float64"):
    return rng.uniform(-1, 1, (n, h, w, c)).astype(dtype)


def numbers(rng, n, k):
    """Uniform ones that float32 represents."""
    return rng.uniform(0, 1, (n, k)).astype("float32").astype("float64")


def apply(function, images, draws):
    return function(tf.constant(images), tf.constant(draws)).numpy()


@every
def test_probability_0_is_the_identity_bit_for_bit(name, rng):
    made = CRITIC_AUGMENTATIONS[name]
    images = pictures(rng, dtype="float32")
    draws = rng.uniform(0, 1, (4, made.draws)).astype("float32")
    kept = made(tf.constant(images), tf.constant(draws), tf.constant(0.0))
    np.testing.assert_array_equal(kept, images)


@every
def test_rows_are_changed_by_their_own_numbers(name, rng):
    made = CRITIC_AUGMENTATIONS[name]
    images = pictures(rng, 6, 8, 8)
    draws = tf.constant(numbers(rng, 6, made.draws))
    images = tf.constant(images)
    all_rows = made(images, draws, 0.7)
    one_by_one = [
        made(images[i : i + 1], draws[i : i + 1], 0.7) for i in range(6)
    ]
    np.testing.assert_allclose(all_rows, tf.concat(one_by_one, 0), atol=1e-12)


@every
def test_gradients_pass_finite_differences(name, rng):
    made = CRITIC_AUGMENTATIONS[name]
    images = pictures(rng, 5, 4, 4)
    draws = tf.constant(numbers(rng, 5, made.draws))
    weights = rng.normal(size=images.shape)
    direction = rng.normal(size=images.shape)

    def value(at):
        return tf.reduce_sum(weights * tf.square(made(at, draws, 0.8)))

    points = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(points)
        loss = value(points)
    slope = np.sum(tape.gradient(loss, points).numpy() * direction)
    step = 1e-5 * direction
    ends = [float(value(tf.constant(images + s * step))) for s in (1, -1)]
    expected = (ends[0] - ends[1]) / 2e-5
    assert abs(expected) > 1e-3
    assert slope == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
@every
def test_is_compiled_by_xla(name, rng):
    made = CRITIC_AUGMENTATIONS[name]
    images = tf.constant(pictures(rng, 3, 4, 4, dtype="float32"))
    draws = tf.constant(rng.uniform(0, 1, (3, made.draws)), tf.float32)
    compiled = tf.function(made, jit_compile=True)(images, draws, 0.6)
    np.testing.assert_allclose(compiled, made(images, draws, 0.6), atol=1e-5)


@every
def test_channels_of_any_number(name, rng):
    made = CRITIC_AUGMENTATIONS[name]
    for channels in (1, 4):
        images = tf.constant(pictures(rng, 3, 8, 6, channels))
        draws = tf.constant(numbers(rng, 3, made.draws))
        assert made(images, draws).shape == images.shape


def test_color_is_brightness_saturation_contrast(rng):
    images, u = pictures(rng), numbers(rng, 4, 3)
    b, s, k = (u[:, i, None, None, None] for i in range(3))
    x = images + b - 0.5
    grey = x.mean(3, keepdims=True)
    x = (x - grey) * 2 * s + grey
    mean = x.mean((1, 2, 3), keepdims=True)
    expected = (x - mean) * (k + 0.5) + mean
    np.testing.assert_allclose(apply(colors.color, images, u), expected)
    # The middle of each range changes nothing.
    same = apply(colors.color, images, np.full((4, 3), 0.5))
    np.testing.assert_allclose(same, images, atol=1e-12)


def test_translation_fills_with_grey(rng):
    images = pictures(rng, 5, 16, 12)
    u = np.array([[0, 0.5], [0.999, 0.5], [0.5, 0], [0.5, 0.999], [0.5, 0.5]])
    moved = apply(places.translation, images, u)
    expected = np.zeros_like(images)
    expected[0, 2:] = images[0, :-2]
    expected[1, :-2] = images[1, 2:]
    expected[2, :, 2:] = images[2, :, :-2]
    expected[3, :, :-2] = images[3, :, 2:]
    expected[4] = images[4]
    np.testing.assert_array_equal(moved, expected)


def test_translations_are_equally_probable():
    u = (np.arange(90.0) + 0.5)[:, None] / 90 * np.ones((1, 2))
    images = np.arange(1.0, 33).reshape(1, 32, 1, 1) * np.ones((90, 1, 32, 1))
    moved = apply(places.translation, images, u)
    first = moved[:, 16, 16, 0]
    assert dict(zip(*np.unique(first, return_counts=True), strict=True)) == {
        17.0 + shift: 10 for shift in range(-4, 5)
    }


def test_cutout_is_a_box_that_may_hang_over_the_edge():
    size = 33
    centres = np.arange(size) / size + 1e-4
    u = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 2)
    kept = apply(places.cutout, np.ones((size**2, 32, 32, 1)), u)
    # Mean over all boxes; 13.8 of 32 rows are cut on average.
    assert kept.mean() == pytest.approx(1 - (456 / 33 / 32) ** 2, abs=1e-9)
    first = apply(places.cutout, np.ones((1, 5, 6, 1)), np.zeros((1, 2)))
    # Odd sizes have a middle pixel: of 3 rows 2 are inside, of 3 columns 2.
    expected = np.ones((5, 6))
    expected[:2, :2] = 0
    np.testing.assert_array_equal(first[0, ..., 0], expected)


def test_flips_and_turns(rng):
    images = pictures(rng, 4, 5, 5)
    flipped = apply(places.flip, images, np.array([[0.1], [0.6], [0.2], [0.9]]))
    np.testing.assert_array_equal(flipped[::2], images[::2, :, ::-1])
    np.testing.assert_array_equal(flipped[1::2], images[1::2])
    turned = apply(places.turn, images, np.array([[0.1], [0.3], [0.6], [0.9]]))
    for i in range(4):
        np.testing.assert_array_equal(turned[i], np.rot90(images[i], i))
    wide = pictures(rng, 2, 4, 6)
    turned = apply(places.turn, wide, np.array([[0.1], [0.9]]))
    np.testing.assert_array_equal(turned[0], wide[0])
    np.testing.assert_array_equal(turned[1], wide[1, ::-1, ::-1])


def test_shift_reflects(rng):
    images = pictures(rng, 2, 16, 8)
    u = np.array([[0.999, 0.001], [0.5, 0.5]])
    moved = apply(places.shift, images, u)
    padded = np.pad(images[0], [(2, 2), (1, 1), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(moved[0], padded[:16, 2:])
    np.testing.assert_array_equal(moved[1], images[1])


def test_shift_has_the_published_law():
    u = (np.arange(400.0) + 0.5)[:, None] / 400 * np.ones((1, 2))
    images = np.arange(1.0, 33).reshape(1, 32, 1, 1) * np.ones((400, 1, 32, 1))
    moved = apply(places.shift, images, u)[:, 16, 16, 0] - 17
    expected = np.round((2 * u[:, 0] - 1) * 4)
    np.testing.assert_array_equal(moved, -expected)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_reflection_is_that_of_numpy(side):
    far = np.arange(-3 * side, 4 * side)
    padded = np.pad(np.arange(side), 3 * side, mode="reflect")
    np.testing.assert_array_equal(
        places.reflected(far, side), padded[: 7 * side]
    )


def test_affine_colours(rng):
    images, u = pictures(rng), numbers(rng, 4, 1)
    z = change.normal(tf.constant(u[:, 0])).numpy()[:, None, None, None]
    grey = images.mean(3, keepdims=True)
    flips = (u[:, 0] < 0.5)[:, None, None, None]
    expected = {
        colors.brightness: images + 0.2 * z,
        colors.contrast: images * 2 ** (0.5 * z),
        colors.saturation: grey + 2**z * (images - grey),
        colors.luma_flip: np.where(flips, images - 2 * grey, images),
    }
    for function, values in expected.items():
        np.testing.assert_allclose(apply(function, images, u), values)


def test_hue_turns_about_the_grey_axis(rng):
    images, u = pictures(rng), numbers(rng, 4, 1)
    axis = np.ones(3) / np.sqrt(3)
    cross = np.array(
        [[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]]
    )
    turned = apply(colors.hue, images, u)
    for i, number in enumerate(u[:, 0]):
        angle = np.pi * (2 * number - 1)
        rotation = (
            np.cos(angle) * np.eye(3)
            + np.sin(angle) * cross
            + (1 - np.cos(angle)) * np.outer(axis, axis)
        )
        np.testing.assert_allclose(turned[i], images[i] @ rotation.T)
    grey = pictures(rng, c=1)
    np.testing.assert_array_equal(apply(colors.hue, grey, u), grey)


def test_normals_have_the_moments_of_normals():
    u = (np.arange(100_000) + 0.5) / 100_000
    z = change.normal(tf.constant(u)).numpy()
    assert z.mean() == pytest.approx(0, abs=1e-6)
    assert (z**2).mean() == pytest.approx(1, abs=1e-3)
    assert (z**4).mean() == pytest.approx(3, abs=2e-2)
    edges = change.normal(tf.constant([0.0, 1.0 - 2.0**-23])).numpy()
    assert np.isfinite(edges).all() and (abs(edges) < 5.5).all()


def test_two_gates_leave_the_square_of_the_images_alone(rng):
    """(1 - p)^2 of them, and each by a coin of its own."""
    images = tf.constant(pictures(rng, 4000, 4, 4, dtype="float32"))
    changed = images
    for name in ("brightness", "saturation"):
        made = CRITIC_AUGMENTATIONS[name]
        draws = rng.uniform(0, 1, (4000, made.draws)).astype("float32")
        changed = made(changed, tf.constant(draws), 0.3)
    same = (changed.numpy() == images.numpy()).all((1, 2, 3)).mean()
    assert abs(same - 0.49) < 4 * np.sqrt(0.49 * 0.51 / 4000)


def test_warps_are_composed_in_the_published_order(rng):
    u = numbers(rng, 3, 11)
    inverse, changed = warp.inverse_maps(tf.constant(u), 1.0, 8, 6)
    assert changed.numpy().all()
    z = change.normal(tf.constant(u)).numpy()
    for i in range(3):
        s, a = 2 ** (0.2 * z[i, 1]), 2 ** (0.2 * z[i, 5])
        turns = [np.pi * (2 * u[i, k] - 1) for k in (3, 7)]
        rotations = [
            np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])
            for t in turns
        ]
        forward = (
            rotations[1] @ np.diag([a, 1 / a]) @ rotations[0] @ (s * np.eye(2))
        )
        moved = np.array([0.125 * 6 * z[i, 9], 0.125 * 8 * z[i, 10]])
        point = rng.normal(size=2)
        back = inverse[i].numpy() @ [*(forward @ point + moved), 1]
        np.testing.assert_allclose(back[:2], point)


def test_a_turn_by_any_angle_has_its_own_chance():
    """Of p = .5, 1 - sqrt(.5) = .2929 for each of two turns."""
    u = np.full((1000, 11), 0.999)
    u[:, 2] = np.arange(1000) / 1000
    _, changed = warp.inverse_maps(tf.constant(u), 0.5, 8, 8)
    assert changed.numpy().mean() == pytest.approx(0.293)


def test_warps_are_bilinear_and_reflect(rng):
    images = pictures(rng, 2, 5, 4)
    rows = np.array([[1.25, -0.5, 4.5]] * 2)
    columns = np.array([[2.5, 0.0, 3.0]] * 2)
    found = places.sampled(*map(tf.constant, (images, rows, columns))).numpy()
    mixed = 0.75 * images[:, 1] + 0.25 * images[:, 2]
    np.testing.assert_allclose(found[:, 0], (mixed[:, 2] + mixed[:, 3]) / 2)
    np.testing.assert_allclose(
        found[:, 1], (images[:, 0, 0] + images[:, 1, 0]) / 2
    )
    np.testing.assert_allclose(
        found[:, 2], (images[:, 4, 3] + images[:, 3, 3]) / 2
    )


def test_a_quarter_turn_by_warp_is_that_by_gather(rng):
    u = np.full((1, 11), 0.999)
    u[0, 2], u[0, 3] = 0.0, 0.25  # by -90 degrees
    images = pictures(rng, 1, 6, 6)
    made = warp.Warp()
    turned = made(tf.constant(images), tf.constant(u), 0.5).numpy()
    near = [np.rot90(images[0], k) for k in (1, 3)]
    assert min(abs(turned[0] - other).max() for other in near) < 1e-9


def test_changes_that_leak_where_they_are_certain_say_so():
    leaking = [n for n in NAMES if CRITIC_AUGMENTATIONS[n].needs_chance]
    assert leaking == ["flip", "turn", "warp", "luma_flip", "hue"]

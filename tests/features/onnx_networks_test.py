"""Extractors from ONNX files, written by ONNX's own helper."""

import numpy as np
import onnx
import onnx.helper as make
import onnx.numpy_helper
import pytest

from tf_mmdgan import errors, features
from tf_mmdgan.features import get_extractor

pytestmark = pytest.mark.filterwarnings("ignore:onnxruntime is not")
KERNEL = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
FLOAT = onnx.TensorProto.FLOAT


def save(path, shape, kernel=KERNEL, channels_axes=(2, 3), outputs=("f", "l")):
    """Features: means of channels, times a matrix; logits: their doubles."""
    nodes = [
        make.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0),
        make.make_node("Gemm", ["m", "k"], ["f"], transB=1),
        make.make_node("Add", ["f", "f"], ["l"]),
    ]
    arrays = {"k": kernel, "axes": np.array(channels_axes)}
    graph = make.make_graph(
        nodes,
        "g",
        [make.make_tensor_value_info("x", FLOAT, shape)],
        [make.make_tensor_value_info(n, FLOAT, [None, 5]) for n in outputs],
        [onnx.numpy_helper.from_array(a, n) for n, a in arrays.items()],
    )
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid("", 18)], ir_version=8
    )
    onnx.save(model, path)
    return path


def expected(images):
    return (images / 127.5 - 1.0).mean(axis=(1, 2)) @ KERNEL.T


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "shape, axes",
    [
        (["n", 3, 8, 8], (2, 3)),
        (["n", 8, 8, 3], (1, 2)),
        ([1, 3, 8, 8], (2, 3)),
        ([4, 3, 8, 8], (2, 3)),
        (["n", 3, "h", "w"], (2, 3)),
    ],
)
def test_any_order_of_axes_and_any_batch(tmp_path, images, shape, axes):
    path = save(tmp_path / "a.onnx", shape, channels_axes=axes)
    extractor = get_extractor(f"onnx:{path},output=f,logits=l")
    extractor.check((8, 8, 3))
    found = features.extract(extractor, images)
    np.testing.assert_allclose(found.features, expected(images), atol=1e-5)
    exponents = np.exp(2.0 * expected(images))
    np.testing.assert_allclose(
        found.probabilities,
        exponents / exponents.sum(axis=1, keepdims=True),
        atol=1e-5,
    )
    assert extractor.identifier.startswith("onnx-a-")
    assert "-output=f-logits=l-" in extractor.identifier


def test_images_are_resized_to_what_the_file_takes(tmp_path, rng):
    path = save(tmp_path / "a.onnx", ["n", 3, 4, 4], outputs=("f",))
    extractor = get_extractor(f"onnx:{path},resize=bilinear")
    assert extractor.size == (4, 4)
    images = rng.integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    means = images.reshape(2, 4, 2, 4, 2).mean(axis=(2, 4))[..., None]
    np.testing.assert_allclose(
        features.extract(extractor, images).features,
        expected(means.repeat(3, axis=-1)),
        atol=1e-5,
    )


def test_the_range_of_networks_of_imagenet(tmp_path, images):
    path = save(tmp_path / "a.onnx", ["n", 3, 8, 8], outputs=("f",))
    extractor = get_extractor(f"onnx:{path},range=imagenet")
    unit = images.mean(axis=(1, 2)) / 255.0
    means, deviations = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    np.testing.assert_allclose(
        features.extract(extractor, images).features,
        (unit - means) / deviations @ KERNEL.T,
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "given, setting, error, words",
    [
        ({}, "", errors.UsageError, r"output of .*known: f, l"),
        ({}, ",output=g", errors.UsageError, r"output of .*'g'"),
        ({}, ",output=f,size=9", errors.UsageError, "size=9"),
        ({"shape": ["n", 48]}, "", errors.DataError, r"shape \[None, 48\]"),
        ({"shape": ["n", 5, 8, 8]}, "", errors.DataError, "1 or 3 channels"),
        ({"kernel": KERNEL * np.nan}, "", errors.DataError, "finite|NaN"),
    ],
)
def test_what_is_no_extractor_is_refused(
    tmp_path, given, setting, error, words
):
    path = save(tmp_path / "a.onnx", **{"shape": ["n", 3, 8, 8], **given})
    with pytest.raises(error, match=words):
        get_extractor(f"onnx:{path}{setting}")


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_files_of_other_things_are_refused(tmp_path, content):
    path = tmp_path / "a.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.DataError, match=r"a\.onnx"):
        get_extractor(f"onnx:{path}")


@pytest.mark.parametrize(
    "node, kind, words",
    [
        (("Cast", {"to": onnx.TensorProto.STRING}), "STRING", "real numbers"),
        (("ReduceMean", {"keepdims": 0}), "FLOAT", r"the shape \(\)"),
    ],
)
def test_outputs_that_are_no_real_rows_are_refused(tmp_path, node, kind, words):
    name, settings = node
    graph = make.make_graph(
        [make.make_node(name, ["x"], ["f"], **settings)],
        "g",
        [make.make_tensor_value_info("x", FLOAT, ["n", 3, 8, 8])],
        [make.make_tensor_value_info("f", getattr(onnx.TensorProto, kind), [])],
    )
    model = make.make_model(
        graph, opset_imports=[make.make_opsetid("", 18)], ir_version=8
    )
    path = tmp_path / "a.onnx"
    onnx.save(model, path)
    with pytest.raises(errors.DataError, match=words):
        get_extractor(f"onnx:{path}").check((8, 8, 3))


def change(path, edit):
    model = onnx.load(path)
    edit(model)
    path.write_bytes(model.SerializeToString())


def constant(values=None, place=None):
    """Edits a model: its matrix is a constant, maybe in another file."""

    def edit(model):
        tensor = onnx.TensorProto()
        tensor.CopyFrom(model.graph.initializer[0])
        if values is not None:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, "k"))
        if place is not None:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=place)
        del model.graph.initializer[0]
        node = make.make_node("Constant", [], ["k"], value=tensor)
        model.graph.node.insert(0, node)

    return edit


def unknown_operation(model):
    model.opset_import.append(make.make_opsetid("others", 1))
    model.graph.node[1].domain, model.graph.node[1].op_type = "others", "Do"


def unknown_type(model):
    model.graph.initializer[0].data_type = 99


def taken(*shape):
    def edit(model):
        dims = model.graph.input[0].type.tensor_type.shape.dim
        for dim, size in zip(dims, shape, strict=True):
            dim.dim_value = size

    return edit


@pytest.mark.parametrize(
    "edit, words",
    [
        (constant(KERNEL * np.nan), "15 weights k are NaN"),
        (constant(place="weights.bin"), "keeps its weights in other files"),
        (unknown_operation, "no ONNX model that can be run.*Do"),
        (unknown_type, "is damaged"),
        (taken(2**30, 3, 8, 8), "takes 1,073,741,824 images at a time"),
        (taken(-1, 3, 8, 8), "takes -1 images at a time"),
        (taken(1, 3, 2**20, 2**20), "1048576 x 1048576 pixels: need"),
        (taken(1, 3, -8, 8), "-8 x 8 pixels: need"),
    ],
)
def test_models_of_others_claim_nothing(tmp_path, monkeypatch, edit, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.bin").write_bytes(KERNEL.tobytes())
    path = save(tmp_path / "a.onnx", ["n", 3, 8, 8], outputs=("f",))
    change(path, edit)
    with pytest.raises(errors.DataError, match=words) as caught:
        get_extractor(f"onnx:{path}")
    assert "\n" not in str(caught.value)


def test_infinite_bounds_of_a_model_are_free(tmp_path, images):
    path = save(tmp_path / "a.onnx", ["n", 3, 8, 8], outputs=("f",))
    bound = onnx.numpy_helper.from_array(np.array(np.inf, np.float32), "bound")
    change(path, lambda model: model.graph.initializer.append(bound))
    assert features.extract(get_extractor(f"onnx:{path}"), images)

"""tools/sample.py in this process: every source, every kind of output."""

import keras
import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors, export, serving
from tf_mmdgan.conditions import Classes
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.serving.protocol import ProtocolServer
from tf_mmdgan.tools.sample import sample


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    latents = keras.Input((4,))
    labels = keras.Input((), dtype="int32")
    one_hot = keras.ops.one_hot(labels, 2)
    x = keras.ops.concatenate([latents, one_hot], axis=1)
    x = keras.layers.Dense(6 * 6, activation="tanh")(x)
    generator = keras.Model(
        [latents, labels], keras.ops.reshape(x, (-1, 6, 6, 1))
    )
    return export.export_generator(
        generator,
        Latents(4, "normal"),
        tmp_path_factory.mktemp("m"),
        condition=Classes(2),
    )


@pytest.fixture(scope="module")
def server(saved_model):
    with ProtocolServer("digits", {1: saved_model}) as running:
        yield running


@pytest.fixture(params=["saved_model", "grpc", "rest"])
def source(request, saved_model, server):
    if request.param == "saved_model":
        return {"saved_model": str(saved_model)}
    rest = request.param == "rest"
    target = server.rest_target if rest else server.grpc_target
    return {"target": target, "rest": rest, "model_name": "digits"}


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def of_saved_model(saved_model, tmp_path, **settings):
    out = str(tmp_path / "want.npz")
    sample(SampleConfig(saved_model=str(saved_model), out=out, **settings))
    return arrays(out)


def test_arrays_are_those_of_the_saved_model(source, saved_model, tmp_path):
    settings = {
        "num_samples": 9, "seed": 5, "start": 2, "truncation": 0.6,
        "batch_size": 4,
    }  # fmt: skip
    out = str(tmp_path / "new" / "got.npz")
    result = sample(SampleConfig(**source, **settings, out=out))
    assert result["latency_ms"]["requests"] == 3
    assert (result["out"], result["num_samples"]) == (out, 9)
    got = arrays(out)
    want = of_saved_model(saved_model, tmp_path, **settings)
    assert set(got) == {"images", "labels"} and got["images"].std() > 1
    for name, value in want.items():
        np.testing.assert_array_equal(got[name], value)


def test_pictures_show_the_arrays(source, saved_model, tmp_path):
    want = of_saved_model(saved_model, tmp_path, num_samples=4, label=1)
    for out in ("grid.png", "folder"):
        out = str(tmp_path / out)
        sample(SampleConfig(**source, num_samples=4, label=1, out=out))
    np.testing.assert_array_equal(want["labels"], [1] * 4)
    first = want["images"][0, :, :, 0]
    grid = np.asarray(PIL.Image.open(tmp_path / "grid.png"))
    np.testing.assert_array_equal(grid[:6, :6], first)
    files = sorted((tmp_path / "folder").iterdir())
    assert len(files) == 4
    np.testing.assert_array_equal(PIL.Image.open(files[0]), first)


def test_an_interpolation_is_an_animation(source, saved_model, tmp_path):
    settings = {"seed": 1, "interpolate_to": 2, "steps": 5, "label": 0}
    out = tmp_path / "way.gif"
    result = sample(SampleConfig(**source, **settings, out=str(out), scale=2))
    assert result["num_samples"] == 5
    want = of_saved_model(saved_model, tmp_path, **settings)["images"]
    with PIL.Image.open(out) as animation:
        assert animation.size == (12, 12) and animation.n_frames == 8
        shown = np.asarray(animation.convert("L"))[::2, ::2]
    np.testing.assert_allclose(shown, want[0, :, :, 0], atol=1)


def test_what_cannot_be_drawn(source, tmp_path):
    out = str(tmp_path / "x.png")
    for settings, message in (
        ({"label": 2}, "label must be 0 to 1, not 2"),
        ({"interpolate_to": 1}, "name the label"),
        ({"num_samples": 2000, "batch_size": 2000}, "1 to 1024, not 2000"),
    ):
        with pytest.raises(errors.UsageError, match=message):
            sample(SampleConfig(**source, **settings, out=out))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"out": "full"}, "not an empty folder"),
        ({"out": "grid.png", "scale": 256, "num_samples": 999}, "--scale=256"),
        ({"out": "a.gif", "scale": 256, "interpolate_to": 1}, None),
    ],
)
def test_what_cannot_be_written_is_not_drawn(
    saved_model, tmp_path, monkeypatch, settings, words
):
    def refuse(*arguments, **settings):
        raise AssertionError("the work has begun")

    for name in ("sample", "interpolate"):
        monkeypatch.setattr(serving.Sampler, name, refuse)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    out = str(tmp_path / settings["out"])
    given = {"saved_model": str(saved_model), **settings, "out": out}
    if words is None:  # a picture of 1,536 pixels is none too large
        with pytest.raises(AssertionError, match="has begun"):
            sample(SampleConfig(**given))
        return
    with pytest.raises((errors.UsageError, errors.DataError), match=words):
        sample(SampleConfig(**given))


def test_images_of_each_class(saved_model, tmp_path):
    asked = {"saved_model": str(saved_model), "seed": 4}
    drawn = [
        of_saved_model(saved_model, tmp_path, num_samples=3, label=k, seed=4)
        for k in (0, 1)
    ]
    for out in ("all.npz", "rows.png", "folders"):
        out = str(tmp_path / out)
        sample(SampleConfig(**asked, per_class=3, out=out))
    found = arrays(tmp_path / "all.npz")
    for name in ("images", "labels"):
        want = np.concatenate([own[name] for own in drawn])
        np.testing.assert_array_equal(found[name], want)
    rows = np.asarray(PIL.Image.open(tmp_path / "rows.png"))
    assert rows.shape == (2 * 8 - 2, 3 * 8 - 2)
    for label, own in enumerate(drawn):
        files = sorted((tmp_path / "folders" / str(label)).iterdir())
        assert len(files) == 3
        last = own["images"][2, :, :, 0]
        np.testing.assert_array_equal(PIL.Image.open(files[2]), last)


def test_images_of_all_classes_are_no_more_than_others(
    saved_model, tmp_path, monkeypatch
):
    monkeypatch.setattr("tf_mmdgan.tools.sample.MOST_SAMPLES", 5)
    asked = {"saved_model": str(saved_model), "out": str(tmp_path / "x.npz")}
    with pytest.raises(errors.UsageError, match="classes make more than 5"):
        sample(SampleConfig(**asked, per_class=3))
    assert not list(tmp_path.iterdir())


def test_a_server_without_names_does_not_tell_its_classes(server, tmp_path):
    out = str(tmp_path / "x")
    config = SampleConfig(
        target=server.grpc_target, model_name="digits", per_class=2, out=out
    )
    with pytest.raises(errors.UsageError, match="--label draws one"):
        sample(config)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"per_class": 2, "label": 1}, "leave out --label"),
        ({"per_class": 0}, "--per_class=0"),
        ({"keep": 0.5}, "is for --run_dir"),
        ({"keep": 1.5}, "must be in"),
    ],
)
def test_choices_that_do_not_go_together(settings, words):
    with pytest.raises(errors.UsageError, match=words):
        SampleConfig(saved_model="served", **settings)


@pytest.mark.parametrize(
    "content, message",
    [(b"\xff", "cannot be read"), (b"two\nlines", "no token"), (b"", "no tok")],
)
def test_files_that_hold_no_token(tmp_path, content, message):
    file = tmp_path / "token"
    file.write_bytes(content)
    config = SampleConfig(
        target="127.0.0.1:1", token_file=str(file), token_in_clear=True
    )
    with pytest.raises(errors.DataError, match=message):
        sample(config)

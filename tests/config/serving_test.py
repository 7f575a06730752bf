"""Settings of export, sampling and the page that cannot be honoured."""

import pytest

from tf_mmdgan import config, errors

TARGET = {"target": "host:8500"}


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({}, "either --model, --run_dir, --saved_model or --target"),
        (
            {**TARGET, "run_dir": "r"},
            "either --model, --run_dir, --saved_model or",
        ),
        ({"target": "host"}, "--target=host: must be host:port"),
        ({"target": "http://host:1"}, "must be host:port"),
        ({"target": "host:99999"}, "the port 1 to 65535"),
        ({"target": "host:0"}, "the port 1 to 65535"),
        ({"run_dir": "r", "rest": True}, "--rest is for --target=host:port"),
        ({"run_dir": "r", "tls": True}, "--tls is for --target"),
        ({"saved_model": "m", "model_version": 2}, "--model_version is for"),
        ({**TARGET, "tls_ca": "ca.pem"}, "--tls_ca is for --tls only"),
        ({**TARGET, "token_file": "t"}, "--token_file needs --tls"),
        ({**TARGET, "model_name": "a/b"}, "--model_name=a/b: must be"),
        ({**TARGET, "timeout": 0.0}, "--timeout=0.0: must be > 0"),
        ({**TARGET, "retries": -1}, "--retries=-1: must be >= 0"),
        ({**TARGET, "batch_size": 0}, "--batch_size=0: must be > 0"),
        ({**TARGET, "num_samples": 0}, "--num_samples=0: must be > 0"),
        ({**TARGET, "scale": 100_000}, "--scale=100000: must be in"),
        ({**TARGET, "seed": 1.5}, "--seed=1.5"),
        ({**TARGET, "num_samples": -4}, "--num_samples=-4: must be > 0"),
        ({**TARGET, "num_samples": 10**9}, "must be <= 1000000"),
        ({**TARGET, "start": -1}, "--start=-1: must be >= 0"),
        ({**TARGET, "truncation": 0.0}, "--truncation=0.0: must be in (0, 1]"),
        ({**TARGET, "truncation": float("nan")}, "=nan: need a finite"),
        ({**TARGET, "steps": 1}, "--steps=1: must be >= 2"),
        ({**TARGET, "out": "x.jpg"}, "must end in .png, .npz or .gif"),
        ({**TARGET, "out": "x.gif"}, "--interpolate_to=SEED"),
        ({**TARGET, "seed": -1}, "--seed=-1"),
        ({**TARGET, "sampling_steps": 2}, "--sampling_steps is for --run_dir"),
        ({"run_dir": "r", "sampling_steps": 0}, "--sampling_steps=0: must be"),
    ],
)
def test_samples(wrong, words):
    with pytest.raises(errors.UsageError) as caught:
        config.SampleConfig(**wrong)
    assert words in str(caught.value)


def test_samples_that_can_be_drawn():
    for right in (
        {"run_dir": "r", "out": "folder"},
        {"saved_model": "m", "out": "x.npz"},
        {**TARGET, "interpolate_to": 3, "out": "x.gif"},
        {**TARGET, "tls": True, "tls_ca": "ca.pem", "token_file": "t"},
        {**TARGET, "token_file": "t", "token_in_clear": True},
    ):
        assert config.SampleConfig(**right).seed == 0


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({}, "either --saved_model or --target"),
        ({**TARGET, "saved_model": "m"}, "either --saved_model or --target"),
        ({**TARGET, "local": True}, "--local is for --saved_model"),
        ({**TARGET, "port": 70000}, "--port=70000: must be 0 to 65535"),
    ],
)
def test_pages(wrong, words):
    with pytest.raises(errors.UsageError) as caught:
        config.DemoConfig(**wrong)
    assert words in str(caught.value)


def test_exports():
    for wrong, words in (
        ({}, "--run_dir is missing"),
        ({"run_dir": "r", "max_samples": 0}, "--max_samples=0"),
        ({"run_dir": "r", "model_name": ""}, "--model_name="),
    ):
        with pytest.raises(errors.UsageError) as caught:
            config.ExportConfig(**wrong)
        assert words in str(caught.value)

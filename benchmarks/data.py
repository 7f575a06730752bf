"""How fast images come, and how much memory they take.

python benchmarks/data.py
python benchmarks/data.py --parts=memory --large=20000

cache: batches of 64 images of CIFAR-10's size, from memory and from a mapped
file, with and without augmentation, against a NumPy loop that does the same.
folder: a folder of JPEGs of CelebA's size, read for the first time, against a
plain loop of decode, crop and resize.
memory: many JPEGs at 160 pixels with a budget of 1 GiB; memory is sampled
while the cache is built and while batches are drawn.

Things that are compared take turns in one process; a ratio is the median over
the rounds.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import contextlib
import json
import pathlib
import statistics
import tempfile
import threading

import numpy as np
import PIL.Image
import rounds
from absl import app, flags

from tf_mmdgan import data
from tf_mmdgan.config import DataConfig

_PARTS = flags.DEFINE_list("parts", "cache,folder,memory", "What to measure.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of each.")
_BATCHES = flags.DEFINE_integer("batches", 1000, "Batches in a round.")
_JPEGS = flags.DEFINE_integer("jpegs", 2000, "Distinct JPEGs.")
_LARGE = flags.DEFINE_integer("large", 200_000, "JPEGs of the memory part.")
_FOLDER = flags.DEFINE_string("folder", None, "Where files are made.")

BATCH = 64
CELEB_A = (178, 218)


def compare(baseline, contenders, count):
    """Images/s of each, and ratios to the baseline, over rounds in turn."""
    seconds = {name: [] for name in ("baseline", *contenders)}
    for _ in range(_ROUNDS.value):
        for name, run in {"baseline": baseline, **contenders}.items():
            seconds[name].append(rounds.timed(run))
    result = {}
    for name, values in seconds.items():
        pairs = zip(seconds["baseline"], values, strict=True)
        ratios = sorted(base / value for base, value in pairs)
        result[name] = {
            "images_per_second": round(count / statistics.median(values)),
            "ratio": round(statistics.median(ratios), 2),
            "ratio_range": [round(ratios[0], 2), round(ratios[-1], 2)],
        }
    return result


def cache(folder):
    """Throughput of the pipeline at CIFAR-10's size."""
    pixels = np.random.default_rng(0).integers(
        0, 256, (50_000, 32, 32, 3), dtype=np.uint8
    )
    np.save(folder / "pixels.npy", pixels)
    mapped = np.load(folder / "pixels.npy", mmap_mode="c")
    count = BATCH * _BATCHES.value

    def loop():
        rng = np.random.default_rng(1)
        for _ in range(_BATCHES.value):
            chosen = rng.integers(0, len(pixels), BATCH)
            pixels[chosen].astype(np.float32) / 127.5 - 1.0

    def pipeline(images, names=""):
        chosen = data.Augmentation.parse(names)
        batches = data.batches(
            data.ImageSet(images), BATCH, seed=0, augmentation=chosen
        )
        iterator = iter(batches)
        next(iterator)

        def run():
            for _ in range(_BATCHES.value):
                next(iterator)

        return run

    contenders = {
        "memory": pipeline(pixels),
        "mapped": pipeline(mapped),
        "flip": pipeline(mapped, "flip"),
        "flip,crop": pipeline(mapped, "flip,crop"),
        "flip,crop,dequantize": pipeline(mapped, "flip,crop,dequantize"),
    }
    return compare(loop, contenders, count)


def make_jpegs(folder, count):
    """Smooth pictures with some grain, of CelebA's size: about 15 kB each."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        coarse = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
        picture = PIL.Image.fromarray(coarse).resize(CELEB_A, 3)
        grain = rng.normal(0, 8, (*CELEB_A[::-1], 3))
        pixels = np.clip(np.asarray(picture) + grain, 0, 255)
        path = folder / f"{number:06}.jpg"
        PIL.Image.fromarray(pixels.astype(np.uint8)).save(path, quality=90)


def load(jpegs, cache_dir, split, size, gigabytes=4):
    config = DataConfig(
        dataset="folder",
        image_size=size,
        data_dir=jpegs,
        cache_dir=cache_dir,
        memory_budget_gb=gigabytes,
    )
    return data.load(config, split)


def folder(folder):
    """First reading of a folder of JPEGs, at 64 pixels."""
    jpegs = folder / "jpegs"
    make_jpegs(jpegs, _JPEGS.value)
    paths = sorted(jpegs.iterdir())
    caches = iter(range(1000))

    def loop():
        images = np.empty((len(paths), 64, 64, 3), np.uint8)
        for index, path in enumerate(paths):
            with PIL.Image.open(path) as image:
                square = image.convert("RGB").crop((0, 20, 178, 198))
                images[index] = square.resize((64, 64), 3)

    def build():
        cache_dir = folder / f"cache{next(caches)}"
        for split in data.SPLITS:
            load(jpegs, cache_dir, split, 64)

    cache_dir = folder / f"cache{next(caches)}"

    def again():
        for split in data.SPLITS:
            load(jpegs, cache_dir, split, 64)

    again()
    return compare(loop, {"build": build, "again": again}, len(paths))


def resident():
    """Anonymous and file-backed memory of this process, in MiB."""
    values = {}
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("RssAnon", "RssFile")):
            name, kilobytes, _ = line.split()
            values[name[:-1]] = int(kilobytes) // 1024
    return values


@contextlib.contextmanager
def peak():
    """Samples the memory ten times a second; yields the growth at its peak."""
    before, growth, done = resident(), {}, threading.Event()

    def watch():
        while not done.wait(0.1):
            for name, value in resident().items():
                grown = value - before[name]
                growth[name] = max(growth.get(name, 0), grown)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield growth
    finally:
        done.set()
        thread.join()


def memory(folder):
    """Memory that many images take, some of them drawn in batches."""
    jpegs = folder / "many"
    make_jpegs(folder / "distinct", _JPEGS.value)
    for number in range(_LARGE.value):
        source = folder / "distinct" / f"{number % _JPEGS.value:06}.jpg"
        part = jpegs / f"{number // 10_000:03}"
        part.mkdir(parents=True, exist_ok=True)
        os.link(source, part / f"{number:06}.jpg")
    gigabytes = 1
    # What TensorFlow takes for itself is no part of the growth.
    digits = data.load(DataConfig(dataset="digits"), "test")
    next(iter(data.batches(digits, 1, seed=0)))
    result = {"images": _LARGE.value, "budget_mib": 1024 * gigabytes}
    with peak() as growth:
        seconds = rounds.timed(
            lambda: load(jpegs, folder, "train", 160, gigabytes)
        )
    result["build"] = {**growth, "seconds": round(seconds)}
    with peak() as growth:
        train = load(jpegs, folder, "train", 160, gigabytes)
        iterator = iter(data.batches(train, BATCH, seed=0))

        def draw():
            for _ in range(500):
                next(iterator)

        seconds = rounds.timed(draw)
    result["batches"] = {
        **growth,
        "pixels_mib": train.images.nbytes // 2**20,
        "images_per_second": round(500 * BATCH / seconds),
    }
    return result


PARTS = {"cache": cache, "folder": folder, "memory": memory}


def main(_):
    results = {}
    for name in _PARTS.value:
        with tempfile.TemporaryDirectory(dir=_FOLDER.value) as temporary:
            results[name] = PARTS[name](pathlib.Path(temporary))
        print(json.dumps({name: results[name]}), flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    app.run(main)

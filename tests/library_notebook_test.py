"""A notebook in which a researcher tries things, by mistake and by design.

Each cell is code and what its error says, or None where it works. All cells
share their names, and no error has more than two lines.
"""

import re

import pytest

CELLS = [
    # Imports, and what a name is.
    ("import numpy as np, tensorflow as tf, keras, tf_mmdgan as tm", None),
    ("tm.Guassian(2.0)", "Did you mean 'Gaussian'"),
    ("k = sum([tm.Gaussian(2.0), tm.Linear() / 2])", None),
    ("k(np.zeros((3, 4, 4, 1)), np.zeros((3, 4, 4, 1)))", "Flatten images"),
    ("tm.KERNELS['rbf_mixx']", "Did you mean 'rbf_mix'"),
    ("tm.METRICS['fidd']", "Did you mean 'fid'"),
    ("k([[1.0, 2.0]], [[0, 1]])", None),
    ("k(np.ones((2, 2)) + 1j, np.ones((2, 2)))", "need real numbers"),
    ("k(None, None)", "not an array of numbers"),
    (
        "import pickle\n"
        "assert pickle.loads(pickle.dumps(tm.FGAN('kl'))) == tm.FGAN('kl')",
        None,
    ),
    ("k(np.zeros((0, 2)), np.zeros((3, 2)))", "are empty"),
    # Data and networks.
    (
        "x = np.random.default_rng(0).uniform(-1, 1, (64, 4, 4, 1))\n"
        "x = x.astype('float32')\n"
        "def generator():\n"
        "    return keras.Sequential([keras.Input((3,)),\n"
        "        keras.layers.Dense(16, activation='tanh'),\n"
        "        keras.layers.Reshape((4, 4, 1))])\n"
        "def critic(outputs=2):\n"
        "    return keras.Sequential([keras.Input((4, 4, 1)),\n"
        "        keras.layers.Flatten(), keras.layers.Dense(outputs)])\n"
        "def made(objective, outputs=2, **options):\n"
        "    return tm.AdversarialModel(generator(), critic(outputs),\n"
        "        tm.Latents(3, 'normal'), objective, **options)",
        None,
    ),
    # Objectives.
    ("made('mmd')", "objective: need an Objective"),
    ("tm.Objective('mmd')", r"train\(objective="),
    ("tm.Objective(tm.Gaussian())", r"give MMDGAN\(Gaussian"),
    ("tm.MMDGAN('rbff')", "Did you mean 'rbf'"),
    ("tm.MMDGAN('rbf', 'unbiassed')", "Did you mean 'unbiased'"),
    ("tm.FGAN('kll')", "Did you mean 'kl'"),
    ("tm.Criterion()", "abstract methods critic_loss, generator_loss, witness"),
    ("tm.Metric()", "abstract method __call__"),
    ("tm.GradientPenalty(-1.0)", "weight=-1.0"),
    ("tm.GradientPenalty(1.0, function='critc')", "mean 'critic'"),
    ("made(tm.Objective(tm.WGAN()), 4)", "one output, not 4"),
    (
        "made(tm.Objective(tm.WGAN(), tm.FeaturePenalty(1.0)), 1)",
        "on hidden layers too",
    ),
    ("tm.ScaledMMD(tm.Distance())", "no Scaled MMD"),
    ("model = made(tm.Objective(tm.MMDGAN('rbf')), critic_steps=2)", None),
    # Training.
    ("model.fit(x, batch_size=8, verbose=0)", r"call `compile\(\)`"),
    ("model.compile('adm', 'adam')", "Unknown optimizer 'adm'"),
    (
        "adam = keras.optimizers.Adam()\nmodel.compile(adam, adam)",
        "a new one for each network",
    ),
    ("model.compile('adam', 'adam')", None),
    ("model.fit(x, batch_size=32, verbose=0)", "takes 3 batches.* have 2"),
    ("model.fit((x + 1) / 2, batch_size=8, verbose=0)", r"2 \* x - 1"),
    ("model.fit(x * np.nan, batch_size=8, verbose=0)", "hold NaN"),
    ("model.fit({'x': x})", "cannot train on a dict"),
    (
        "history = model.fit(x, batch_size=8, epochs=2, verbose=0,\n"
        "    callbacks=[tm.StopAtNaN(),\n"
        "        keras.callbacks.LearningRateScheduler(lambda e, r: r / 2)])\n"
        "assert len(history.history['critic/loss']) == 2\n"
        "assert int(model.step.numpy()) == 4",
        None,
    ),
    ("model.train_on_batch(x[:8])", "call train_step"),
    (
        "batches = iter(model.feed(x, batch_size=8))\n"
        "logs = [model.train_step(batches) for _ in range(3)]\n"
        "assert int(model.step.numpy()) == 7",
        None,
    ),
    # Scores.
    ("model.evaluate(x)", 'features="pixels"'),
    ("model.compile('adam', 'adam', features='pixel')", "mean 'pixels'"),
    (
        "model.compile('adam', 'adam', features='pixels')\n"
        "assert set(model.evaluate(x, return_dict=True)) == "
        "{'kid', 'kid_standard_error'}",
        None,
    ),
    ("tm.kid(x, x)", r"need numbers of shape \[samples, width\]"),
    ("tm.kid(x[:, 0, 0], x[:, 0, 0], kernel='rbff')", "mean 'rbf'"),
    ("tm.metrics.score(x, x, ['fid'])", "real: need an Extracted"),
    (
        "tm.metrics.score(*[tm.Extracted(x[:, 0, 0])] * 2,\n"
        "    [lambda real, fake, settings: 0.5])",
        "numbers by name",
    ),
    ("tm.train(run_dir='run', stepz=3)", "Did you mean 'steps'"),
    ("tm.train(run_dir='run', steps=0)", "^steps=0: must be > 0"),
    ("tm.TrainConfig(steps=3)", "^run_dir is missing"),
    ("tm.Sampler('x')", "predictor: need a LocalPredictor"),
    ("tm.data.load('digit', 'train')", "Did you mean 'digits'"),
    # Afterwards.
    ("model.save('model.keras')", r"save_weights\(path\)"),
    ("model.generate(0)", "count=0"),
    ("model.predict(np.zeros((4, 5)), verbose=0)", r"latents \[n, 3\], not"),
    ("model.critic_steps = 4", "critic_steps is set when"),
    ("tm.GeneratorOptions(8, batch_norm='no')", "need True or False"),
    ("tm.train(run_dir='run', learning_rate='1e-3')", "need a number"),
    (
        "layers = [keras.Input((3,)), keras.layers.Dense(2)]\n"
        "other = keras.Sequential(layers)\n"
        "other.compile('sgd', tm.MMDLoss())\n"
        "other.fit(np.eye(5, 3), np.eye(5, 2), batch_size=4, verbose=0)",
        None,
    ),
    ("model.generate(4, weights='emma')", "Did you mean 'ema'"),
    ("assert model.generate(4).shape == (4, 4, 4, 1)", None),
    (
        "import dataclasses\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class Wrong(tm.ScalarCriterion):\n"
        "    def critic_loss(self, seen): return no_such_name\n"
        "    def generator_loss(self, seen): return seen.y\n"
        "wrong = made(tm.Objective(Wrong()), 1)\n"
        "wrong.compile('adam', 'adam')\n"
        "wrong.fit(x, batch_size=8, verbose=0)",
        "name 'no_such_name' is not defined",
    ),
]


@pytest.mark.slow
def test_the_notebook(in_python):
    assert len(CELLS) >= 30
    names = {"__name__": "notebook"}
    for number, (code, message) in enumerate(CELLS, 1):
        try:
            exec(compile(code, f"cell {number}", "exec"), names)
            text = None
        except Exception as error:
            text = str(error)
        if message is None:
            assert text is None, f"cell {number}: {text}"
            continue
        assert text is not None, f"cell {number} works"
        assert re.search(message, text), f"cell {number}: {text}"
        assert len(text.splitlines()) <= 2 and len(text) < 320, text
        assert "in user code" not in text and "--" not in text, text

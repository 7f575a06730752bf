"""Methods by name: each a list of training flags, the same on all data."""

from collections.abc import Collection, Mapping, Sequence

from tf_mmdgan import f_divergences, objectives

# Objectives that are families: the flag that chooses, and the members.
FAMILIES: dict[str, tuple[str, Collection[str]]] = {
    "f_gan": ("divergence", f_divergences.DIVERGENCES),
}

# Beside the objectives, each for a claim.
EXTRA_METHODS: dict[str, list[str]] = {
    # Gaussian kernels do as well as rational quadratic ones, if mixed.
    "mmd_rbf_mix": ["--objective=mmd", "--kernel=rbf_mix"],
    "mmd_distance": ["--objective=mmd", "--kernel=distance"],
}


def catalogue(
    objectives: Collection[str],
    families: Mapping[str, tuple[str, Collection[str]]],
    extra: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """One method for each objective or member of a family, and the extra ones.

    Families whose objective there is not are left out.
    """
    methods: dict[str, list[str]] = {}
    for name in objectives:
        flag = f"--objective={name}"
        setting, members = families.get(name, ("", ()))
        for member in members:
            methods[f"{name}_{member}"] = [flag, f"--{setting}={member}"]
        if not members:
            methods[name] = [flag]
    return methods | {name: list(flags) for name, flags in extra.items()}


METHODS = catalogue(objectives.OBJECTIVES, FAMILIES, EXTRA_METHODS)

"""The settings of a training run in groups, as --help shows them."""

GROUPS: dict[str, tuple[str, ...]] = {
    "run": (
        "run_dir", "init_from", "steps", "seed", "deterministic",
        "checkpoint_every", "keep_checkpoints", "stop_after",
        "callbacks", "trust_run",
    ),
    "data": (
        "dataset", "data_dir", "label_column", "image_size", "resize", "fit",
        "channels", "value_range", "augment", "batch_size", "accumulate",
        "download", "cache", "cache_dir", "memory_budget_gb",
        "skip_unreadable", "follow_links",
    ),
    "networks": (
        "architecture", "generator_width", "critic_width", "critic_output",
        "latent_size", "latent_distribution", "conditioning",
        "classes_per_batch", "generator_batch_norm",
        "generator_spectral_norm", "critic_batch_norm", "published_weights",
        "minibatch_kernels", "minibatch_deviation", "mapping_layers",
        "style_mixing",
    ),
    "objective": (
        "objective", "as_published", "critic_steps", "burn_in_critic_steps",
        "burn_in_first", "burn_in_every",
    ),
    "regularisation": (
        "gradient_penalty", "penalized_function", "r1", "r2",
        "feature_penalty", "weight_clip", "regularize_every",
        "orthogonal_penalty", "path_length_penalty",
        "regularize_generator_every",
        "spectral_norm", "spectral_scale",
        "learnable_spectral_scale", "instance_noise", "noise_penalty",
        "noise_annealing_steps",
    ),
    "augmentation": ("diff_augment", "ada", "ada_target", "ada_images"),
    "kernel": ("kernel", "bandwidths", "median_bandwidth", "mmd_estimator"),
    "optimisation": (
        "optimizer", "learning_rate", "critic_learning_rate", "beta_1",
        "beta_2", "clip_norm", "ema_decay", "learning_rate_schedule",
        "learning_rate_decay_from", "learning_rate_decay_to", "warmup_steps",
        "schedule_every", "schedule_samples",
        "schedule_history", "schedule_patience", "schedule_threshold",
        "schedule_factor", "schedule_minimum", "schedule_floor",
    ),
    "scoring": (
        "features", "allow_matched_score", "evaluate_every",
        "evaluation_samples", "evaluation_weights", "max_block_size",
        "keep_evaluated",
    ),
    "devices": (
        "strategy", "gpus", "logical_cpus", "memory_growth", "mmd_scope",
        "dtype_policy", "jit", "steps_per_execution",
    ),
    "output": (
        "log_every", "sample_every", "spectra_every", "log_to", "export",
        "standing_batches",
    ),
    "f_gan": ("divergence",),
    "gan, gan_minimax, lsgan, cramer": ("generator_form",),
    "dfm": (
        "denoising_weight", "denoising_noise", "denoiser_layers",
        "denoiser_units",
    ),
    "smmd, sn_smmd, swgan, sn_swgan": (
        "scale_form", "scale_offset", "scale_measure", "scale_jacobian",
    ),
    "repulsive_mmd": ("real_weight",),
    "li_mmd": ("reconstruction_weight", "feasible_set_weight"),
    "sobolev, fisher": ("constraint_weight",),
    "drift, drift_ae": (
        "temperatures", "drift_normalization", "drift_divergence",
        "drift_scale", "drift_decay", "drift_guidance",
    ),
    "gmmn, gmmn_ae, t_mmd": (
        "discrepancy", "slices", "frequencies", "mmd_root",
    ),
    "gmmn_ae, drift_ae": (
        "autoencoder_steps", "refine_features", "code_steps",
        "refine_learning_rate", "refine_places",
    ),
    "energy_score, imm": (
        "sampling_steps", "data_deviation", "energy_draws", "energy_power",
        "energy_repulsion", "noise_times", "group_size", "time_gap",
    ),
    "gfmn": ("matched_features", "moving_average", "moving_average_rate"),
    "molm": (
        "moment_updates", "objective_steps", "moment_penalty",
        "activation_weight",
    ),
    "gram, gc_mmd": ("ridge", "ratio_positivity"),
}  # fmt: skip

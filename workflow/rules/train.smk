# A rule per sweep, because how many runs share a stack, and so a job and its files, differs.
for sweep in PLAN.params.sweeps:

    rule:
        name:
            guard.rule_name("train", sweep)
        input:
            job("train", f"{sweep}/{{labels}}", "inputs"),
        output:
            PLAN.trajectories(f"{sweep}/{{labels}}"),
        log:
            f"logs/train/{sweep}/{{labels}}.log",
        threads: 1
        params:
            arguments=arguments("train", f"{sweep}/{{labels}}"),
        shell:
            "python -m nominima.verbs.train @{params.arguments} > {log} 2>&1"

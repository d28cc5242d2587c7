# A rule per sweep, because how many runs share a stack, and so a job and its files, differs.
for stack, files in PLAN.patterns["train"].items():

    rule:
        name:
            guard.rule_name("train", stack)
        input:
            job("train", stack, "inputs"),
        output:
            files,
        log:
            f"logs/train/{stack}.log",
        threads: 1
        resources:
            mem_mb=request("train", stack, "mem_mb"),
            runtime=request("train", stack, "runtime"),
            gpu=cards(stack),
        params:
            arguments=arguments("train", stack),
        shell:
            "python -m nominima.verbs.train @{params.arguments} > {log} 2>&1"


# The same of networks that were trained elsewhere: no step is made, and the files are checkpoints from data/raw.
for stack, files in PLAN.patterns["adopt"].items():

    rule:
        name:
            guard.rule_name("train", stack)
        input:
            job("train", stack, "inputs"),
        output:
            files,
        log:
            f"logs/train/{stack}.log",
        threads: 1
        resources:
            mem_mb=request("train", stack, "mem_mb"),
            runtime=request("train", stack, "runtime"),
        params:
            arguments=arguments("train", stack),
        shell:
            "python -m nominima.verbs.adopt @{params.arguments} > {log} 2>&1"

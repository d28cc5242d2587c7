# A rule per kind of subject, because what is measured of it, and so its files, differ: theory, a data set, a sweep; and
# one per measure that is apart.
for subject, files in PLAN.patterns["measure"].items():

    rule:
        name:
            guard.rule_name("measure", subject)
        input:
            job("measure", subject, "inputs"),
        output:
            files,
        log:
            f"logs/measure/{subject}.log",
        threads: 1
        resources:
            mem_mb=request("measure", subject, "mem_mb"),
            runtime=request("measure", subject, "runtime"),
        params:
            arguments=arguments("measure", subject),
        shell:
            "python -m nominima.verbs.measure @{params.arguments} > {log} 2>&1"

# A rule per kind of subject, because what is measured of it, and so its files, differ: theory, a data set, a sweep; and
# one per measure that is apart.
for subject in PLAN.measured:

    rule:
        name:
            guard.rule_name("measure", subject)
        input:
            job("measure", subject, "inputs"),
        output:
            PLAN.tables(subject),
        log:
            f"logs/measure/{subject}.log",
        threads: 1
        params:
            arguments=arguments("measure", subject),
        shell:
            "python -m nominima.verbs.measure @{params.arguments} > {log} 2>&1"

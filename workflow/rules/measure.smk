# A rule per kind of subject, because what is measured of it, and so its files, differ: theory, a data set, a sweep.
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
            spec=job("measure", subject, "spec"),
            code=job("measure", subject, "code"),
        shell:
            "python -m nominima.verbs.measure --spec {params.spec:q} --code {params.code}"
            " --inputs {input} --outputs {output} > {log} 2>&1"

rule judge:
    input:
        inputs("judge", "{name}"),
    output:
        "reports/verdicts/{name}.json",
    log:
        "logs/judge/{name}.log",
    threads: 1
    params:
        spec=job("judge", "{name}", "spec"),
        code=job("judge", "{name}", "code"),
    shell:
        "python -m nominima.verbs.judge --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"

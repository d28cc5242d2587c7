rule figure:
    input:
        job("report", "{name}", "inputs"),
    output:
        "reports/figures/{name}.vl.json",
        report(
            "reports/figures/{name}.svg",
            caption="../report/figure.rst",
            category=chapter,
            labels=labels,
        ),
        "reports/figures/{name}.png",
    log:
        "logs/report/{name}.log",
    threads: 1
    resources:
        mem_mb=request("report", "{name}", "mem_mb"),
        runtime=request("report", "{name}", "runtime"),
    params:
        spec=job("report", "{name}", "spec"),
        code=job("report", "{name}", "code"),
    shell:
        "python -m nominima.verbs.report --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"


# The rest of what a claim has to show, beside its card; not among the pictures of `snakemake --report`.
rule detail:
    input:
        job("report", "{name}.detail", "inputs"),
    output:
        "reports/figures/{name}.detail.vl.json",
        "reports/figures/{name}.detail.svg",
        "reports/figures/{name}.detail.png",
    log:
        "logs/report/{name}.detail.log",
    threads: 1
    resources:
        mem_mb=request("report", "{name}.detail", "mem_mb"),
        runtime=request("report", "{name}.detail", "runtime"),
    params:
        spec=job("report", "{name}.detail", "spec"),
        code=job("report", "{name}.detail", "code"),
    shell:
        "python -m nominima.verbs.report --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"


rule page:
    input:
        job("report", "page", "inputs"),
    output:
        report("reports/index.html", caption="../report/page.rst", category="Report"),
    log:
        "logs/report/page.log",
    threads: 1
    params:
        spec=job("report", "page", "spec"),
        code=job("report", "page", "code"),
    shell:
        "python -m nominima.verbs.page --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"


# What `dvc metrics` and `dvc plots` show and compare.
rule metrics:
    input:
        job("report", "metrics", "inputs"),
    output:
        "reports/metrics.yaml",
        "reports/cells.yaml",
    log:
        "logs/report/metrics.log",
    threads: 1
    params:
        spec=job("report", "metrics", "spec"),
        code=job("report", "metrics", "code"),
    shell:
        "python -m nominima.verbs.metrics --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"

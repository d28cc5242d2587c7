rule prepare:
    input:
        job("prepare", "{name}", "inputs"),
    output:
        "data/datasets/{name}.safetensors",
    log:
        "logs/prepare/{name}.log",
    threads: 1
    resources:
        mem_mb=request("prepare", "{name}", "mem_mb"),
        runtime=request("prepare", "{name}", "runtime"),
    params:
        spec=job("prepare", "{name}", "spec"),
        code=job("prepare", "{name}", "code"),
    shell:
        "python -m nominima.verbs.prepare --spec {params.spec:q} --code {params.code}"
        " --inputs {input} --outputs {output} > {log} 2>&1"

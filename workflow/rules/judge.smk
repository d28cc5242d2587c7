# A claim's verdict with the numbers behind it and behind its trend; the scoreboard has none.
rule judge:
    input:
        job("judge", "{name}", "inputs"),
    output:
        "reports/verdicts/{name}.json",
        "reports/evidence/{name}.csv",
        "reports/evidence/{name}.trends.csv",
    log:
        "logs/judge/{name}.log",
    threads: 1
    resources:
        mem_mb=request("judge", "{name}", "mem_mb"),
        runtime=request("judge", "{name}", "runtime"),
    params:
        arguments=arguments("judge", "{name}"),
    shell:
        "python -m nominima.verbs.judge @{params.arguments} > {log} 2>&1"


rule scoreboard:
    input:
        job("judge", "scoreboard", "inputs"),
    output:
        "reports/verdicts/scoreboard.json",
    log:
        "logs/judge/scoreboard.log",
    threads: 1
    resources:
        mem_mb=request("judge", "scoreboard", "mem_mb"),
        runtime=request("judge", "scoreboard", "runtime"),
    params:
        arguments=arguments("judge", "scoreboard"),
    shell:
        "python -m nominima.verbs.judge @{params.arguments} > {log} 2>&1"


ruleorder: scoreboard > judge

# A seal checks all that a verb made, clears away what no job makes any more, and writes the verb's ledger.
rule seal:
    input:
        lambda w: settled(
            [
                *PLAN.outputs(w.verb),
                *map(ledger, VERBS[: VERBS.index(w.verb)][-1:]),
            ],
            [ledger(w.verb)],
        ),
    output:
        update("reports/ledger/{verb}.json"),
    log:
        "logs/seal/{verb}.log",
    wildcard_constraints:
        verb="|".join(VERBS),
    threads: 1
    params:
        plan=lambda w: guard.plan_snapshot(PLAN, w.verb),
    shell:
        "python -m nominima.verbs.seal --verb {wildcards.verb} --plan .snakemake/plans/{params.plan}.json > {log} 2>&1"


if workflow.is_main_process:
    digests.keep()

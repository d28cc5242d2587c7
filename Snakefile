# Contents page: params.yaml → data → trajectories → measurements → verdicts → figures → report.
from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# Seconds of reading and hashing: not worth a place in a cluster's queue.
localrules:
    seal,
    page,
    metrics,


rule all:
    input:
        lambda w: [file for verb in VERBS for file in PLAN.outputs(verb)],
        map(ledger, VERBS),


# What each DVC stage asks for: every file up to its verb, since a ledger alone would not bring back a missing one.
for verb in VERBS:

    rule:
        name:
            f"all_{verb}"
        input:
            lambda w, upto=VERBS[: VERBS.index(verb) + 1]: [
                file for each in upto for file in PLAN.outputs(each)
            ],
            ledger(verb),


include: "workflow/rules/prepare.smk"


include: "workflow/rules/train.smk"


include: "workflow/rules/measure.smk"


include: "workflow/rules/judge.smk"


include: "workflow/rules/report.smk"


include: "workflow/rules/seal.smk"

"""What is done: a verb is a Snakemake rule, a DVC stage and the module of its name here; what serves them stands by."""

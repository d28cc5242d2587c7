"""The verb `prepare`: make a data set of params.yaml and store its splits."""

from nominima.planning import shelf
from nominima.tracing.job import Work, main
from nominima.training.dataset import SPLITS, write_dataset


def prepare(job: Work) -> None:
    """Make the data set that the spec names: `{"dataset": name, "source": file, "options": its options}`."""
    dataset = shelf.load("datasets", job.spec["source"]).make(**job.spec["options"])
    write_dataset(job.outputs[0], dataset, job.trace)
    counts = ", ".join(f"{len(getattr(dataset, split).y)} {split}" for split in SPLITS)
    print(f"{job.spec['dataset']}: {counts} examples of {dataset.inputs} numbers in {dataset.classes} classes")


if __name__ == "__main__":
    main("prepare", prepare)

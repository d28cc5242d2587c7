"""The process that makes the start of a training again: `python -m nominima.auditing.start … FOLDER STEP`.

Before these two stand the arguments of the job; the folder has its recorded outputs below it.
"""

import sys
from functools import partial
from pathlib import Path

from nominima.tracing import job
from nominima.verbs.train import start_again

if __name__ == "__main__":
    recorded, until = sys.argv[-2:]
    del sys.argv[-2:]
    job.main("train", partial(start_again, recorded=Path(recorded), until=int(until)))

"""As in every job: one thread (many on few cores are slower by orders, and change bits), products by one way."""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "MKL_CBWR": "AUTO,STRICT"}

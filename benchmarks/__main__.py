"""`python -m benchmarks` measures everything and prints one table."""

import sys

from benchmarks.run import main

sys.exit(main())

"""What the command that measures a release loads: nothing heavy that it does not use."""

import subprocess
import sys

PROBE = """
import sys
import kaigo.risk, kaigo.deidentify
from kaigo.risk import judge_release, measure_release
print(sorted({'scipy', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules)))
"""


def test_the_room_loads_no_heavy_library_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

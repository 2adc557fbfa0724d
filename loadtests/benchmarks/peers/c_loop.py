"""The floor in C: c_loop.c, compiled where there is a compiler."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

program = f"{tempfile.mkdtemp()}/loop"
source = Path(__file__).with_name("c_loop.c")
if subprocess.run(["cc", "-O2", "-o", program, source], check=False).returncode:
    sys.exit("c_loop.c can’t be compiled here: it needs Linux")
os.execv(program, [program])

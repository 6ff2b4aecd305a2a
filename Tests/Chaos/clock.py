"""A wall clock that jumps, for one process: libfaketime reads how far from a file. The monotonic clock stays as it is."""

import glob
import os
import shutil
import subprocess

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
COMPILER = shutil.which("clang") or shutil.which("cc")
HERE = os.path.dirname(os.path.abspath(__file__))


class Clock:
    """The clock of a process that is started with `settings()`; right until it jumps."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "clock")

    def settings(self):
        """Variables of the environment."""
        waits = os.path.join(self.folder, "timedwait.so")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-o", waits, os.path.join(HERE, "timedwait.c")], check=True)
        self.jump(0)
        return {
            "LD_PRELOAD": f"{waits}:{LIBRARY}", "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Otherwise waits by the monotonic clock end at once (Debian's 0.9.10).
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def jump(self, seconds):
        """Sets how far it is from the right time; the process sees that within a second."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds:+d}\n")
        os.replace(self.path + ".new", self.path)

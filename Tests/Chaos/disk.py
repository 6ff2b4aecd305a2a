"""A small file system that can be filled to its last block, and freed again."""

import errno
import os
import subprocess


class Disk:
    """A folder on a file system of its own; the file that fills it lies in it."""

    def __init__(self, folder):
        self.folder = folder
        self.is_mounted = False
        self.filler = os.path.join(folder, "chaos-fills-this-disk")

    @classmethod
    def in_memory(cls, folder, megabytes):
        """A new one, in memory, over an empty folder.

        Raises OSError where mounting isn't allowed: it takes root, in containers the right SYS_ADMIN as well.
        """
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tickline-chaos", folder],
                              capture_output=True, text=True)
        if done.returncode:
            raise OSError(done.stderr.strip() or "mount failed")
        disk = cls(folder)
        disk.is_mounted = True
        return disk

    def fill(self):
        """Takes all space that is left."""
        with open(self.filler, "wb") as file:
            size, step = 0, 1 << 26
            while step >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2

    def free(self):
        try:
            os.remove(self.filler)
        except FileNotFoundError:
            pass

    def close(self):
        self.free()
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=False)

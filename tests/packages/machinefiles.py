# SPDX-License-Identifier: Apache-2.0
"""machinefiles: files of a machine, seen from outside of it."""
import os


class MachineFiles:
    """A machine says by path() where a file of it is."""

    def path(self, name):
        raise NotImplementedError

    def read(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def edit(self, name, *pairs):
        """Each old text, which must be there, becomes its new one."""
        text = self.read(name)
        for old, new in pairs:
            assert old in text, (name, old)
            text = text.replace(old, new)
        self.write(name, text)

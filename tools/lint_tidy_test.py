import tempfile
import unittest
from pathlib import Path

import lint_tidy


class Fingerprint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.src = Path(folder.name)
        (self.src / "base").mkdir()
        (self.src / "base/a.cpp").write_text('#include "base/a.h"\n#include <span>\n')
        (self.src / "base/a.h").write_text('#include "base/b.h"\n')
        (self.src / "base/b.h").write_text("#pragma once\n")
        (self.src / "base/c.h").write_text("#pragma once\n")

    def fingerprint(self, command="clang++ -O1", constants=("checks",)):
        return lint_tidy.fingerprint(self.src / "base/a.cpp", self.src, command, list(constants))

    def test_stays_while_nothing_that_counts_has_changed(self):
        first = self.fingerprint()
        (self.src / "base/c.h").write_text("struct Unrelated {};\n")
        self.assertEqual(self.fingerprint(), first)

    def test_changes_with_the_source_a_nested_header_the_command_and_the_checks(self):
        seen = {self.fingerprint(), self.fingerprint(command="clang++ -O2"), self.fingerprint(constants=("others",))}
        (self.src / "base/b.h").write_text("#pragma once\nstruct B {};\n")
        seen.add(self.fingerprint())
        (self.src / "base/a.cpp").write_text('#include "base/a.h"\nint x;\n')
        seen.add(self.fingerprint())
        self.assertEqual(len(seen), 5)


if __name__ == "__main__":
    unittest.main()

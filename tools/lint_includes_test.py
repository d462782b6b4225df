import tempfile
import unittest
from pathlib import Path

import lint_includes


class Fences(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.src = Path(folder.name)
        self.write("CMakeLists.txt", "foreach(part base net identity documents gateway)\nendforeach()\n")
        self.write("base/CMakeLists.txt", "concord_part(base LIBRARIES fmt::fmt)")
        self.write("net/CMakeLists.txt", "concord_part(net USES base LIBRARIES OpenSSL::SSL)  # USES gateway")
        self.write("identity/CMakeLists.txt", "concord_part(identity USES base TEST_USES net)")
        self.write("documents/CMakeLists.txt", "concord_part(documents\n  USES base identity)")
        self.write("gateway/CMakeLists.txt", "concord_part(gateway USES base net documents)")
        self.write("base/bytes.h", "#pragma once\n#include <span>\n")
        self.write("net/http.h", '#pragma once\n#include "base/bytes.h"\n#include <boost/asio/awaitable.hpp>\n')
        self.write("net/tls.cpp", '#include "net/http.h"\n#include <openssl/ssl.h>\n#include <boost/asio.hpp>\n')
        self.write("identity/identity.h", "#pragma once\n")
        self.write("identity/user.h", "#pragma once\n")

    def write(self, name: str, text: str):
        file = self.src / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def one_finding(self, *words: str):
        findings = lint_includes.lint(self.src)
        self.assertEqual(len(findings), 1, findings)
        for word in words:
            self.assertIn(word, findings[0])

    def test_sound_parts_have_no_finding(self):
        self.assertEqual(lint_includes.lint(self.src), [])

    def test_an_arrow_that_no_target_names_is_found(self):
        self.write("documents/live.cpp", '// why\n#include "net/http.h"\n')
        self.one_finding("src/documents/live.cpp:2:", '"net/http.h"', "documents does not name net in its USES")

    def test_an_upward_arrow_is_found_where_it_is_named(self):
        self.write("net/CMakeLists.txt", "concord_part(net USES base gateway LIBRARIES OpenSSL::SSL)")
        self.one_finding("src/net/CMakeLists.txt", "USES gateway", "points down only")

    def test_a_part_that_uses_itself_or_what_is_no_part_is_found(self):
        self.write("base/CMakeLists.txt", "concord_part(base USES base)")
        self.one_finding("USES base")
        self.write("base/CMakeLists.txt", "concord_part(base USES nowhere)")
        self.one_finding("USES nowhere, which is not a part")

    def test_a_part_outside_the_order_is_found(self):
        self.write("stray/CMakeLists.txt", "concord_part(stray USES base)")
        self.one_finding("stray does not stand in src/CMakeLists.txt")

    def test_a_circle_of_headers_is_found(self):
        self.write("base/a.h", '#include "base/b.h"\n')
        self.write("base/b.h", '#include "base/c.h"\n')
        self.write("base/c.h", '#include "base/a.h"\n')
        self.one_finding("base/a.h -> base/b.h -> base/c.h -> base/a.h")

    def test_test_doubles_are_for_tests_alone(self):
        self.write("base/clock_testing.h", "#pragma once\n")
        self.write("base/clock_test.cpp", '#include "base/clock_testing.h"\n')
        self.write("net/other_testing.h", '#include "base/clock_testing.h"\n')
        self.write("net/other_testing.cpp", '#include "net/other_testing.h"\n')
        self.assertEqual(lint_includes.lint(self.src), [])
        self.write("net/server.cpp", '#include "base/clock_testing.h"\n')
        self.one_finding("src/net/server.cpp:1:", "for tests alone")

    def test_what_only_tests_use_is_closed_to_sources(self):
        self.write("identity/routes_test.cpp", '#include "net/http.h"\n')
        self.assertEqual(lint_includes.lint(self.src), [])
        self.write("identity/routes.cpp", '#include "net/http.h"\n')
        self.one_finding("src/identity/routes.cpp:1:")

    def test_services_meet_only_at_their_public_header(self):
        self.write("documents/share.cpp", '#include "identity/identity.h"\n')
        self.assertEqual(lint_includes.lint(self.src), [])
        self.write("documents/share.cpp", '#include "identity/user.h"\n')
        self.one_finding('only "identity/identity.h"')

    def test_a_library_that_the_part_does_not_link_is_found(self):
        self.write("base/hash.cpp", "#include <openssl/evp.h>\n")
        self.one_finding("base does not name OpenSSL:: in its LIBRARIES")

    def test_heavy_libraries_in_headers_are_found(self):
        self.write("net/socket.h", "#include <boost/asio.hpp>\n")
        self.one_finding("<boost/asio.hpp> in a header")
        self.write("net/socket.h", "#include <openssl/ssl.h>\n")
        self.one_finding("<openssl/ssl.h> in a header")

    def test_files_that_are_not_there_or_named_without_their_part_are_found(self):
        self.write("net/x.cpp", '#include "net/gone.h"\n')
        self.one_finding('"net/gone.h" is no file')
        self.write("net/x.cpp", '#include "http.h"\n')
        self.one_finding('write "net/http.h"')

    def test_arrows_of_a_part_with_a_hand_written_target_count(self):
        self.write("net/CMakeLists.txt", "add_library(concord_net STATIC)\n"
                   "target_link_libraries(concord_net PUBLIC concord_flags concord_base OpenSSL::SSL)\n")
        self.assertEqual(lint_includes.lint(self.src), [])


if __name__ == "__main__":
    unittest.main()

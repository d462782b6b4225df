import unittest

import cpp_text
import lint_sizes


def body(lines: int) -> str:
    return "".join(f"  step({n});\n" for n in range(lines))


class Functions(unittest.TestCase):
    def names(self, text: str):
        return [(f.name, f.line, f.length) for f in cpp_text.functions(text)]

    def test_free_functions_members_and_constructors_are_found(self):
        text = """namespace a::b {
namespace {

int free(int x) { return x; }

}  // namespace

class Thing : public Base<int> {
 public:
  explicit Thing(int n) : n_{n}, m_(n) {
    go();
  }
  ~Thing() override { stop(); }
  int n() const noexcept { return n_; }

 private:
  int n_{0};
};

template <class T>
Result<T> Thing::get(std::string_view name) const {
  if (name.empty()) {
    return fail();
  }
  return {};
}

}  // namespace a::b
"""
        self.assertEqual(self.names(text), [("free", 4, 1), ("Thing", 10, 3), ("~Thing", 13, 1), ("n", 14, 1),
                                            ("Thing::get", 20, 7)])

    def test_a_test_is_named_by_its_fact(self):
        self.assertEqual(self.names("TEST_F(Suite, a_fact_holds) {\n}\n"), [("a_fact_holds", 1, 2)])

    def test_a_lambda_belongs_to_the_function_around_it(self):
        self.assertEqual(self.names("void f() {\n  g([](int x) { return x; });\n}\nvoid h() {\n}\n"),
                         [("f", 1, 3), ("h", 4, 2)])

    def test_braces_in_strings_comments_and_macros_do_not_count(self):
        text = 'void f() {\n  a("}{{");  // }\n  b(\'{\');\n  c(R"x({{{ )" )x");\n  /* } */\n  int n = 1\'000;\n}\n' \
               "#define M(x) \\\n  if (x) {\nvoid g() {\n}\n"
        self.assertEqual(self.names(text), [("f", 1, 7), ("g", 10, 2)])

    def test_tables_and_enums_are_not_functions(self):
        text = "enum class E : int { kA, kB };\nconst Row kRows[] = {\n    {1, f(2)},\n};\nstruct S {\n  int a = 0;\n};\nvoid f() {}\n"
        self.assertEqual(self.names(text), [("f", 8, 1)])


class Sizes(unittest.TestCase):
    def lint(self, path: str, text: str, exceptions: str = ""):
        return lint_sizes.lint(lint_sizes.measure(path, text), lint_sizes.read_exceptions(exceptions))

    def test_each_kind_of_file_has_its_bound(self):
        self.assertEqual(self.lint("src/a.h", "\n" * 150), [])
        self.assertEqual(self.lint("src/a.h", "\n" * 151), ["src/a.h: 151 lines, 150 at most"])
        self.assertEqual(self.lint("src/a_testing.h", "\n" * 500), [])
        self.assertEqual(self.lint("src/a.cpp", "\n" * 500), [])
        self.assertEqual(self.lint("src/a.cpp", "\n" * 501), ["src/a.cpp: 501 lines, 500 at most"])
        self.assertEqual(self.lint("web/src/a.tsx", "\n" * 501), ["web/src/a.tsx: 501 lines, 500 at most"])

    def test_a_function_has_its_bound(self):
        self.assertEqual(self.lint("src/a.cpp", "void f() {\n" + body(68) + "}\n"), [])
        self.assertEqual(self.lint("src/a.cpp", "void f() {\n" + body(69) + "}\n"), ["src/a.cpp:f: 71 lines, 70 at most"])

    def test_an_exception_holds_exactly(self):
        long = "void f() {\n" + body(78) + "}\n"
        self.assertEqual(self.lint("src/a.cpp", long, "src/a.cpp:f 80  # why\n"), [])
        self.assertEqual(self.lint("src/a.cpp", long, "src/a.cpp:f 79\n"), ["src/a.cpp:f: 80 lines, 79 at most"])

    def test_an_exception_only_shrinks(self):
        long = "void f() {\n" + body(78) + "}\n"
        self.assertEqual(self.lint("src/a.cpp", long, "src/a.cpp:f 81\n"),
                         ["src/a.cpp:f: 80 lines; lower its exception from 81"])
        self.assertEqual(self.lint("src/a.cpp", "void f() {\n}\n", "src/a.cpp:f 80\n"),
                         ["src/a.cpp:f: 2 lines are within 70; remove its exception"])
        self.assertEqual(self.lint("src/a.cpp", "", "src/b.cpp 600\n"),
                         ["src/b.cpp: its exception names nothing that exists"])

    def test_what_was_installed_or_built_and_large_files_are_not_tracked(self):
        tracked = {"bench/x/node_modules/a/index.js": 10, "web/dist/index.html": 10, "docs/build": 10, "a.png": (1 << 20) + 1}
        self.assertEqual(lint_sizes.lint_tracked(tracked), [
            "a.png: 1048577 bytes, 1048576 at most",
            "bench/x/node_modules/a/index.js: was installed or built, and is tracked",
            "web/dist/index.html: was installed or built, and is tracked",
        ])


if __name__ == "__main__":
    unittest.main()

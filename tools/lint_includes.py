#!/usr/bin/env python3
"""Holds every #include under src/ against the arrows that the parts' CMakeLists.txt name.

A part may include itself, and the parts that its USES names (its tests also what TEST_USES names). A part uses only
parts that stand before it in src/CMakeLists.txt, so no arrow points up and none closes a circle. An outside library is
included only by a part whose LIBRARIES name it. Among services only <service>/<service>.h crosses. Headers include of
Boost at most asio/awaitable.hpp, and of the engines' libraries nothing. *_testing.h is for tests alone.
"""

import re
import sys
from pathlib import Path

import cpp_text

SERVICES = {"identity", "documents", "chat", "files", "federation", "search", "connectors", "webhooks", "billing", "audit"}
# What a part must link for itself to include it. Header prefix -> target.
LIBRARIES = {
    "argon2.h": "PkgConfig::argon2",
    "etcd_api/": "concord_etcd_api",
    "google/protobuf/": "PkgConfig::grpc",
    "grpcpp/": "PkgConfig::grpc",
    "sodium.h": "PkgConfig::sodium",
    "boost/json": "Boost::json",
    "curl/": "CURL::libcurl",
    "libpq-fe.h": "PkgConfig::libpq",
    "md4c": "PkgConfig::md4c",
    "openssl/": "OpenSSL::",
    "pugi": "pugixml::",
    "sqlite3.h": "SQLite::SQLite3",
    "zlib.h": "ZLIB::ZLIB",
    "zstd.h": "PkgConfig::zstd",
}
BOOST_IN_HEADERS = {"boost/asio/awaitable.hpp"}


class Part:
    def __init__(self, name: str, uses: list[str], test_uses: list[str], libraries: list[str]):
        self.name, self.uses, self.test_uses, self.libraries = name, uses, test_uses, libraries


def read_order(src: Path) -> list[str]:
    found = re.search(r"foreach\(part\s+([^)]*)\)", (src / "CMakeLists.txt").read_text())
    return found.group(1).split() if found else []


def read_part(name: str, cmake: str) -> Part:
    cmake = re.sub(r"#[^\n]*", "", cmake)
    call = re.search(r"\bconcord_part\(([^)]*)\)", cmake)
    lists: dict[str, list[str]] = {"USES": [], "TEST_USES": [], "LIBRARIES": []}
    if call:
        current = None
        for word in call.group(1).split()[1:]:
            if word in lists:
                current = lists[word]
            elif current is not None:
                current.append(word)
    else:  # a part that is not made by concord_part names its arrows with target_link_libraries
        for linked in re.findall(r"target_link_libraries\(concord_\w+\s+\w+([^)]*)\)", cmake):
            lists["USES"] += [w.removeprefix("concord_") for w in linked.split() if w.startswith("concord_")]
        lists["USES"] = [w for w in lists["USES"] if w != "flags"]
        for linked in re.findall(r"target_link_libraries\(([^)]*)\)", cmake):
            lists["LIBRARIES"] += [w for w in linked.split() if "::" in w]
    return Part(name, lists["USES"], lists["TEST_USES"], lists["LIBRARIES"])


def is_test(path: Path) -> bool:
    return path.name.endswith(("_test.cpp", "_testing.cpp", "_testing.h"))


def check_arrows(parts: dict[str, Part], order: list[str]) -> list[str]:
    findings = []
    for part in parts.values():
        where = f"src/{part.name}/CMakeLists.txt"
        if part.name not in order:
            findings.append(f"{where}: the part {part.name} does not stand in src/CMakeLists.txt")
            continue
        for used in part.uses:
            if used not in parts:
                findings.append(f"{where}: USES {used}, which is not a part")
            elif used not in order or order.index(used) >= order.index(part.name):
                findings.append(f"{where}: USES {used}, which does not stand below {part.name}: an arrow points down only")
        for used in part.test_uses:
            if used not in parts:
                findings.append(f"{where}: TEST_USES {used}, which is not a part")
    return findings


def check_quoted(src: Path, file: Path, part: Part, include: cpp_text.Include) -> str | None:
    target = include.path.split("/")[0]
    if "/" not in include.path:
        return f'"{include.path}" does not name its part: write "{part.name}/{include.path}"'
    if not (src / include.path).is_file():
        return f'"{include.path}" is no file under src/'
    allowed = {part.name, *part.uses, *(part.test_uses if is_test(file) else [])}
    if target not in allowed:
        return f'"{include.path}": {part.name} does not name {target} in its USES'
    if include.path.endswith("_testing.h") and not is_test(file):
        return f'"{include.path}" is for tests alone'
    crossing = target in SERVICES and part.name in SERVICES and target != part.name
    if crossing and include.path != f"{target}/{target}.h" and not is_test(file):
        return f'"{include.path}": another service may include only "{target}/{target}.h"'
    return None


def check_angled(file: Path, part: Part, include: cpp_text.Include) -> str | None:
    header = file.suffix == ".h" and not is_test(file)
    if header and include.path.startswith("boost/") and include.path not in BOOST_IN_HEADERS:
        return f"<{include.path}> in a header: only sources include it"
    for prefix, library in LIBRARIES.items():
        if not include.path.startswith(prefix):
            continue
        if header:
            return f"<{include.path}> in a header: only sources include it"
        if not any(linked.startswith(library) for linked in part.libraries):
            return f"<{include.path}>: {part.name} does not name {library} in its LIBRARIES"
    return None


def find_circle(graph: dict[str, list[str]]) -> list[str] | None:
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str] | None:
        if node in path:
            return path[path.index(node) :] + [node]
        if node in done:
            return None
        for following in graph.get(node, []):
            circle = walk(following, path + [node])
            if circle:
                return circle
        done.add(node)
        return None

    for start in sorted(graph):
        circle = walk(start, [])
        if circle:
            return circle
    return None


def lint(src: Path) -> list[str]:
    order = read_order(src)
    parts = {d.name: read_part(d.name, (d / "CMakeLists.txt").read_text())
             for d in sorted(src.iterdir()) if (d / "CMakeLists.txt").is_file()}
    findings = check_arrows(parts, order)
    graph: dict[str, list[str]] = {}
    for part in parts.values():
        for file in sorted((src / part.name).rglob("*")):
            if file.suffix not in (".h", ".cpp"):
                continue
            name = file.relative_to(src).as_posix()
            found = cpp_text.includes(file.read_text(errors="replace"))
            graph[name] = [i.path for i in found if i.quoted]
            for include in found:
                finding = check_quoted(src, file, part, include) if include.quoted else check_angled(file, part, include)
                if finding:
                    findings.append(f"src/{name}:{include.line}: {finding}")
    circle = find_circle(graph)
    if circle:
        findings.append("a circle of includes: " + " -> ".join(circle))
    return findings


def main() -> int:
    findings = lint(Path(__file__).resolve().parent.parent / "src")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

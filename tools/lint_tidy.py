#!/usr/bin/env python3
"""Runs clang-tidy over the program's sources (not its tests), in parallel: lint_tidy.py [--all] BUILD_FOLDER [FILE...]

A source that passed is not looked at again until it, a header of ours that it includes, its compile command, the list of
checks or clang-tidy itself has changed: what passed is remembered by the hash of all of these, in ~/.cache/concord-tidy.
--all looks at everything.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import cpp_text

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "concord-tidy"


def closure(source: Path, src: Path) -> list[Path]:
    """The source and every header of ours that it includes, directly or not."""
    seen: set[Path] = set()
    waiting = [source]
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        waiting += [src / i.path for i in cpp_text.includes(file.read_text(errors="replace")) if i.quoted]
    return sorted(seen)


def fingerprint(source: Path, src: Path, command: str, constants: list[str]) -> str:
    digest = hashlib.sha256()
    for text in [*constants, command]:
        digest.update(text.encode() + b"\0")
    for file in closure(source, src):
        digest.update(file.relative_to(src).as_posix().encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def run_tidy(source: Path, build: Path) -> tuple[bool, str]:
    ran = subprocess.run([TIDY, "--quiet", "-p", str(build), str(source)], capture_output=True, text=True)
    text = ran.stdout + (ran.stderr if ran.returncode and not ran.stdout.strip() else "")
    return ran.returncode == 0, text.replace(f"{ROOT}/", "").strip()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("build", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()

    src = ROOT / "src"
    wanted = {file.resolve() for file in options.files}
    constants = [(ROOT / ".clang-tidy").read_text(), subprocess.run([TIDY, "--version"], capture_output=True, text=True).stdout]
    work: list[tuple[Path, Path]] = []
    total = 0
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        if not source.is_relative_to(src) or source.name.endswith(("_test.cpp", "_testing.cpp")) or (wanted and source not in wanted):
            continue
        total += 1
        flags = " ".join(word for word in entry["command"].split() if not word.startswith(str(ROOT)) and word != "-o")
        passed = CACHE / fingerprint(source, src, flags.replace(str(ROOT), ""), constants)
        if options.all or not passed.exists():
            work.append((source, passed))

    CACHE.mkdir(parents=True, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run_tidy, source, options.build): (source, passed) for source, passed in work}
        for done in concurrent.futures.as_completed(running):
            source, passed = running[done]
            clean, text = done.result()
            if clean:
                passed.touch()
            else:
                failed += 1
                print(f"{source.relative_to(ROOT)}:\n{text}\n", flush=True)
    print(f"clang-tidy: {total} sources, {len(work)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

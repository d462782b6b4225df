"""What the lints know of C++: enough to find includes and functions in formatted sources, by text alone."""

import re
from typing import Iterator, NamedTuple

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<delim>[^()\\ \n]{0,16})\(.*?\)(?P=delim)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
_DIGIT_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")
_ACCESS = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*)*")
_NAME = re.compile(r"([~\w:]+|operator\s*\S+)\s*$")


class Include(NamedTuple):
    line: int
    quoted: bool
    path: str


class Function(NamedTuple):
    name: str
    line: int
    length: int


def includes(text: str) -> list[Include]:
    return [
        Include(text.count("\n", 0, m.start()) + 1, m.group(1) == '"', m.group(2)) for m in _INCLUDE.finditer(text)
    ]


def blank(text: str) -> str:
    """The text with comments, strings and preprocessor lines blanked out; line numbers stay."""

    def hide(match: re.Match[str]) -> str:
        kept = re.sub(r"[^\n]", " ", match.group())
        return '""' + kept[2:] if match.group()[0] in "\"R" and len(kept) >= 2 else kept

    text = _DIGIT_SEPARATOR.sub(" ", text)
    text = _TOKEN.sub(hide, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.MULTILINE)


def _scope_kind(head: str) -> str:
    """What a brace opens, told by the text since the last statement ended."""
    head = re.sub(r"\[\[.*?\]\]", " ", head, flags=re.DOTALL)
    bare = re.sub(r"^\s*(?:template\s*<.*>\s*)?(?:(?:public|private|protected)\s*:\s*)*", "", head, flags=re.DOTALL)
    if re.match(r'(?:inline\s+)?namespace\b|extern\s*""', bare):
        return "scope"
    if re.match(r"(?:template\b.*?\b)?(?:class|struct|union|enum)\b[^()]*$", bare, re.DOTALL):
        return "scope"
    if re.match(r"(?:class|struct|union)\b", bare) and not re.search(r"\)\s*(?:const|noexcept|->|:|$)", bare):
        return "scope"
    return "function" if "(" in head and not re.search(r"=\s*$", head) else "other"


def _name(head: str) -> str:
    """`TEST(Suite, fact)` is named by its fact, every other function by what stands before its parameters."""
    test = re.search(r"\bTEST(?:_F|_P)?\s*\(\s*\w+\s*,\s*(\w+)", head)
    if test:
        return test.group(1)
    before = re.sub(r"\b(?:requires|noexcept|decltype)\s*\([^()]*\)", " ", head).split("(")[0]
    name = _NAME.search(before)
    return name.group(1) if name else "(unnamed)"


def functions(text: str) -> Iterator[Function]:
    """Functions with a body, by their first and last line. What is nested in a function belongs to it."""
    text = blank(text)
    stack: list[tuple[str, str, int]] = []  # kind, head, where the head begins
    start = 0
    for match in re.finditer(r"[{};]", text):
        char, at = match.group(), match.start()
        if char == "{":
            head = text[start:at]
            begin = start + _ACCESS.match(head).end()
            nested = bool(stack) and stack[-1][0] != "scope"
            stack.append(("nested" if nested else _scope_kind(head), head, begin))
        elif char == "}" and stack:
            kind, head, begin = stack.pop()
            if kind == "function":
                # A brace that initializes a member or a default argument is not the body.
                if re.match(r"\s*(?:,|\{|\))", text[at + 1 :]):
                    start = begin
                    continue
                first = text.count("\n", 0, begin) + 1
                yield Function(_name(head), first, text.count("\n", 0, at) + 1 - first + 1)
            elif kind == "other":
                start = begin
                continue
        if not stack or stack[-1][0] == "scope":
            start = at + 1

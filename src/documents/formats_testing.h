#pragma once
// Seeded makers of rich documents, for tests of the formats.

#include <random>
#include <string>
#include <vector>

#include "crdt/types.h"

namespace concord::documents::formats::testing {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

/// Text out of pieces that mean something in Markdown, letters of several scripts, and white space.
inline std::string random_text(Random& random, std::size_t most_pieces) {
  static const char* const kPieces[] = {
      "a",          "word",  "Z9",  " ",     "  ", "\t", "*",   "**", "_",        "__",           "~",      "~~",
      "`",          "``",    "```", "#",     "##", ">",  "-",   "+",  "1.",       "12)",          "\\",     "\\\\",
      "[",          "]",     "(",   ")",     "![", "](", "<",   "</", "<b>",      "<br>",         "<u>",    "&",
      "&amp;",      "&#35;", "!",   ":",     "|",  "=",  "---", "é",  "界",       "😀",           "—",      "“",
      "http://a.b", "[x]",   "[ ]", "x_y_z", "_a", "a_", "*a",  "a*", "\xc2\xa0", "\v",           "&copy",  "<!--",
      "-->",        "$x$",   "\"",  "'",     ".",  "{",  "}",   "ß",  "ﬁ",        "\xe2\x80\xa8", "[a]: b", "<a@b.c>",
      "\f",         "\x01",  "10.", "0",     "@"};
  std::string out;
  for (std::size_t n = 1 + below(random, most_pieces); n > 0; --n) out += kPieces[below(random, std::size(kPieces))];
  return out;
}

inline crdt::Attributes random_style(Random& random, bool with_code) {
  crdt::Attributes out;
  for (const char* name : {"bold", "italic", "strike", "underline"})
    if (below(random, 4) == 0) out.emplace_back(name, crdt::Any(true));
  if (below(random, 12) == 0) out.emplace_back("script", crdt::Any(below(random, 2) == 0 ? "sub" : "super"));
  if (below(random, 5) == 0) {
    static const char* const kLinks[] = {"https://example.org/a?b=c&d=e",
                                         "x_y*z*",
                                         "",
                                         "a b",
                                         "(",
                                         "<>",
                                         "a)b(c",
                                         "\\",
                                         "&copy;",
                                         "a\nb",
                                         "#",
                                         "_a_",
                                         "界",
                                         "`",
                                         "]",
                                         "!["};
    out.emplace_back("link", crdt::Any(kLinks[below(random, std::size(kLinks))]));
  }
  if (with_code && below(random, 6) == 0) out.emplace_back("code", crdt::Any(true));
  return out;
}

inline crdt::DeltaOp random_embed(Random& random) {
  crdt::Attributes style = random_style(random, false);
  if (below(random, 3) == 0)
    return crdt::DeltaOp::insert_embed(
        crdt::Any(crdt::AnyObject{{"formula", crdt::Any("a<b>&\"`*_" + random_text(random, 3))}}), style);
  if (below(random, 2) == 0)
    style.emplace_back("alt", crdt::Any(random_text(random, 4) + (below(random, 4) == 0 ? "\n\n" : "")));
  return crdt::DeltaOp::insert_embed(
      crdt::Any(crdt::AnyObject{{"image", crdt::Any("https://example.org/" + random_text(random, 3))}}), style);
}

inline crdt::Attributes random_line(Random& random) {
  crdt::Attributes out;
  const auto number = [&](std::size_t least, std::size_t count) {
    return crdt::Any(static_cast<double>(least + below(random, count)));
  };
  switch (below(random, 6)) {
    case 0:
      out.emplace_back("header", number(1, 6));
      break;
    case 1:
    case 2: {
      static const char* const kLists[] = {"bullet", "ordered", "checked", "unchecked"};
      out.emplace_back("list", crdt::Any(kLists[below(random, 4)]));
      if (below(random, 2) == 0) out.emplace_back("indent", number(1, 8));
      break;
    }
    case 3:
      out.emplace_back("blockquote", crdt::Any(true));
      break;
    case 4:
      out.emplace_back("code-block", below(random, 2) == 0 ? crdt::Any(true) : crdt::Any("c++"));
      break;
    default:
      break;
  }
  return out;
}

/// A document whose every format Markdown can say. Its lines of code are not of tabs alone (see formats.h).
inline std::vector<crdt::DeltaOp> random_rich_document(Random& random) {
  std::vector<crdt::DeltaOp> out;
  for (std::size_t lines = 1 + below(random, 8); lines > 0; --lines) {
    const crdt::Attributes line = random_line(random);
    const bool code = !line.empty() && line.front().first == "code-block";
    if (code && below(random, 4) > 0) {
      out.push_back(crdt::DeltaOp::insert((below(random, 3) == 0 ? "\t" : "") + random_text(random, 5) + "x"));
    }
    for (std::size_t n = code ? 0 : below(random, 5); n > 0; --n) {
      if (below(random, 6) == 0) {
        out.push_back(random_embed(random));
      } else {
        out.push_back(crdt::DeltaOp::insert(random_text(random, 5), random_style(random, true)));
      }
    }
    out.push_back(crdt::DeltaOp::insert("\n", line));
  }
  return out;
}

}  // namespace concord::documents::formats::testing

#pragma once
// Inputs that are made here, not recorded: many authors at once, one very large document, many small ones. Each is
// measured on our engine and written to a file, so that the peers can be measured on the same bytes.

#include <string>

namespace concord::bench {

/// Deep histories: four rounds in which each of `authors` starts from what all had at the round's beginning and makes
/// seventy-five edits; the updates of a round come mixed, as if nobody had heard of the others meanwhile. Measures what
/// one update costs, and each byte of it, in the first tenth of the history and in the last. Writes the 300 updates of
/// each author to `file`, each with its length as 4 little-endian bytes before it.
void many_authors(std::size_t authors, const std::string& file);

/// Ten million characters in ten thousand pieces, each inserted at a random place; writes the encoding.
void large_document(const std::string& file);

/// Ten thousand documents of a few sentences, loaded from one encoding, which is written.
void small_documents(const std::string& file);

}  // namespace concord::bench

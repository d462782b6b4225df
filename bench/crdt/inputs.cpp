#include "inputs.h"

#include <fstream>
#include <random>
#include <vector>

#include "common/measure.h"
#include "crdt/doc.h"

namespace concord::bench {
namespace {

using crdt::ClientId;
using crdt::Doc;
using crdt::Text;

constexpr std::size_t kRounds = 4;
constexpr std::size_t kEdits = 75;  // of one author in one round

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

void write_file(const std::string& file, const Bytes& bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) die("cannot write " + file);
}

std::string sentence(Random& random) {
  std::string out;
  for (std::size_t words = 1 + below(random, 6); words > 0; --words) {
    for (std::size_t letters = 2 + below(random, 8); letters > 0; --letters)
      out.push_back(static_cast<char>('a' + below(random, 26)));
    out.push_back(' ');
  }
  return out;
}

/// A few edits near each other, as a person makes them.
void session(Doc& doc, Random& random, std::vector<Bytes>& updates) {
  Text text = doc.text("text");
  std::size_t at = below(random, text.length() + 1);
  for (std::size_t i = 0; i < kEdits; ++i) {
    const bool erase = below(random, 4) == 0 && at + 3 < text.length();
    const std::string typed = sentence(random);
    updates.push_back(
        doc.transact([&] { (void)(erase ? text.erase(at, 1 + below(random, 3)) : text.insert(at, typed)); }));
    if (!erase) at += typed.size();
    if (below(random, 5) == 0) at = below(random, text.length() + 1);
  }
}

/// All updates, in an order in which they may have come.
std::vector<Bytes> write_history(std::size_t authors) {
  Random random(static_cast<std::uint32_t>(authors));
  Doc all;
  std::vector<Bytes> history;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Bytes begin = all.encode_state_as_update();
    std::vector<std::vector<Bytes>> written(authors);
    std::vector<std::size_t> turns;
    for (std::size_t author = 0; author < authors; ++author) {
      Doc doc({.client = ClientId{1000 + author * 7919}});
      if (!doc.apply_update(begin)) die("a state was refused");
      session(doc, random, written[author]);
      turns.insert(turns.end(), kEdits, author);
    }
    std::ranges::shuffle(turns, random);
    std::vector<std::size_t> next(authors);
    for (const std::size_t author : turns) {
      history.push_back(written[author][next[author]++]);
      if (!all.apply_update(history.back())) die("an update was refused");
    }
  }
  return history;
}

}  // namespace

void many_authors(std::size_t authors, const std::string& file) {
  const std::vector<Bytes> history = write_history(authors);
  Bytes packed;
  for (const Bytes& update : history) {
    put_le(packed, static_cast<std::uint32_t>(update.size()));
    packed.insert(packed.end(), update.begin(), update.end());
  }
  write_file(file, packed);

  Doc doc;
  const std::size_t tenth = history.size() / 10;
  const auto apply = [&](const char* name, std::size_t from, std::size_t to) {
    std::size_t bytes = 0;
    const double begin = cpu_ms();
    for (std::size_t i = from; i < to; ++i) {
      if (!doc.apply_update(history[i])) die("an update was refused");
      bytes += history[i].size();
    }
    const double us = (cpu_ms() - begin) * 1e3;
    if (name == nullptr) return;
    print((std::string(name) + "_us").c_str(), us / static_cast<double>(to - from));
    print((std::string(name) + "_ns_byte").c_str(), us * 1e3 / static_cast<double>(bytes));
    print((std::string(name) + "_document_bytes").c_str(), static_cast<double>(doc.encode_state_as_update().size()));
  };
  print("updates", static_cast<double>(history.size()));
  apply("first", 0, tenth);
  apply(nullptr, tenth, history.size() - tenth);
  apply("last", history.size() - tenth, history.size());
}

void large_document(const std::string& file) {
  constexpr std::size_t kPieces = 10000;
  constexpr std::size_t kPiece = 1000;
  constexpr std::size_t kMiddle = kPieces * kPiece / 2;
  Random random(1);
  Doc written({.client = ClientId{1}});
  Text text = written.text("text");
  for (std::size_t i = 0; i < kPieces; ++i) {
    std::string piece;
    while (piece.size() < kPiece) piece += sentence(random);
    piece.resize(kPiece);
    (void)written.transact([&] { (void)text.insert(below(random, text.length() + 1), piece); });
  }
  const Bytes encoded = written.encode_state_as_update();
  write_file(file, encoded);
  print("encoded_bytes", static_cast<double>(encoded.size()));
  print("load_ms", least_of(3, [&] {
          Doc doc;
          if (!doc.apply_update(encoded)) die("the document was refused");
        }));
  const std::size_t before = heap_bytes();
  Doc doc({.client = ClientId{2}});
  if (!doc.apply_update(encoded)) die("the document was refused");
  print("heap_bytes", static_cast<double>(heap_bytes() - before));
  Text loaded = doc.text("text");
  constexpr std::size_t kTyped = 1000;
  Bytes update;
  const double begin = cpu_ms();
  for (std::size_t i = 0; i < kTyped; ++i)
    doc.transact_into(update, [&] { (void)loaded.insert(kMiddle + (i % 2 == 0 ? 0 : 500 * i), "x"); });
  print("edit_us", (cpu_ms() - begin) * 1e3 / kTyped);
}

void small_documents(const std::string& file) {
  constexpr std::size_t kDocuments = 10000;
  Random random(1);
  Doc written({.client = ClientId{1}});
  std::vector<Bytes> updates;
  session(written, random, updates);
  const Bytes encoded = written.encode_state_as_update();
  write_file(file, encoded);
  print("encoded_bytes", static_cast<double>(encoded.size()));
  std::vector<Doc> documents;
  documents.reserve(kDocuments);
  const std::size_t before = heap_bytes();
  const double begin = cpu_ms();
  for (std::size_t i = 0; i < kDocuments; ++i) {
    Doc& doc = documents.emplace_back(crdt::DocOptions{.client = ClientId{i + 2}});
    if (!doc.apply_update(encoded)) die("a document was refused");
  }
  print("load_us", (cpu_ms() - begin) * 1e3 / kDocuments);
  print("heap_bytes", static_cast<double>(heap_bytes() - before) / kDocuments);
}

}  // namespace concord::bench

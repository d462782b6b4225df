#include "documents/mentions.h"

#include <algorithm>

#include "crdt/element.h"
#include "ot/utf16.h"

namespace concord::documents {

namespace {

/// Who has made an element; null: none of them.
const Written* writer_of(crdt::ElementId element, std::span<const Written> written) {
  const auto made = [element](const Written& one) {
    return std::ranges::any_of(one.clients, [element](const crdt::UpdateInfo::Client& client) {
      return client.client == element.client && client.from <= element.clock && element.clock < client.to;
    });
  };
  const auto found = std::ranges::find_if(written, made);
  return found == written.end() ? nullptr : &*found;
}

std::string first_line(std::string_view body) {
  std::string_view line = body.substr(0, body.find_first_of("\r\n"));
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xc0U) != 0x80U;
    if (begins && ++characters > kMaxMentionLine) return std::string(line.substr(0, at)) + "…";
  }
  return std::string(line);
}

void add_mentions(const Reply& said, const Written& by, std::vector<Mention>& out) {
  for (const std::string& user : said.mentions) {
    const bool told =
        std::ranges::any_of(out, [&](const Mention& one) { return one.user == user && one.by == by.principal; });
    if (told || user == by.principal || out.size() >= kMaxMentionsTold) continue;
    out.push_back({user, by.principal, first_line(said.body)});
  }
}

}  // namespace

bool may_mention(ByteView update) { return as_text(update).find("mentions") != std::string_view::npos; }

std::vector<Mention> mentions_in(crdt::Doc& doc, std::span<const Written> written) {
  std::vector<Mention> out;
  each_said(doc, [&](crdt::ElementId element, const auto& read) {
    const Written* by = out.size() < kMaxMentionsTold ? writer_of(element, written) : nullptr;
    if (by == nullptr) return;
    if (const std::optional<Reply> said = read()) add_mentions(*said, *by, out);
  });
  return out;
}

}  // namespace concord::documents

#include "crdt/contents.h"

#include "base/bytes.h"

namespace concord::crdt {

std::uint32_t NameTable::intern(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.push_back(&numbers_.emplace(name, number).first->first);
  text_bytes_ += name.size();
  return number;
}

std::uint32_t NameTable::add(std::string_view text) {
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.push_back(&added_.emplace(number, text).first->second);
  text_bytes_ += text.size();
  return number;
}

std::uint32_t NameTable::find(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? kNone : found->second;
}

void NameTable::truncate(std::size_t size) {
  while (names_.size() > size) {
    text_bytes_ -= names_.back()->size();
    const auto number = static_cast<std::uint32_t>(names_.size() - 1);
    if (!added_.contains(number)) numbers_.erase(numbers_.find(std::string_view(*names_.back())));
    names_.pop_back();
    added_.erase(number);
  }
}

std::size_t NameTable::heap_bytes() const {
  constexpr std::size_t kNode = 64;  // a node of the table: string, number, hash, link
  return names_.capacity() * sizeof(void*) + names_.size() * kNode + text_bytes_ +
         numbers_.bucket_count() * sizeof(void*);
}

std::uint32_t Contents::intern_format(std::uint32_t key, std::uint32_t value) {
  const std::uint64_t pair = static_cast<std::uint64_t>(key) << 32U | value;
  const auto [found, fresh] = format_numbers_.try_emplace(pair, static_cast<std::uint32_t>(formats_.size()));
  if (fresh) formats_.push_back({key, value});
  return found->second;
}

void Contents::truncate_formats(std::size_t size) {
  for (; formats_.size() > size; formats_.pop_back())
    format_numbers_.erase(static_cast<std::uint64_t>(formats_.back().key) << 32U | formats_.back().value);
}

std::uint32_t Contents::append_copy(Span span) {
  const auto offset = arena_size();
  arena_.extend(span.bytes);
  std::memcpy(arena_.data() + offset, arena_.data() + span.offset, span.bytes);
  return offset;
}

std::uint32_t Contents::new_span(Span span) {
  if (free_span_ != kNone) {
    const std::uint32_t number = free_span_;
    free_span_ = spans_[number].offset;
    spans_[number] = span;
    return number;
  }
  spans_.push_back(span);
  return static_cast<std::uint32_t>(spans_.size() - 1);
}

void Contents::free_span(std::uint32_t number) {
  spans_[number] = {free_span_, 0};
  free_span_ = number;
}

std::size_t Contents::heap_bytes() const {
  return arena_.heap_bytes() + spans_.heap_bytes() + formats_.heap_bytes() + names.heap_bytes() + values.heap_bytes() +
         format_numbers_.size() * 32 + format_numbers_.bucket_count() * sizeof(void*);
}

void Contents::shrink_to_fit() {
  arena_.shrink_to_fit();
  spans_.shrink_to_fit();
}

}  // namespace concord::crdt

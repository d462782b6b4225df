// The decoders every other decoder stands on. The first byte picks one; the rest is its input. What a decoder accepts
// is held against the encoder.
#include <cstdlib>

#include "base/id.h"
#include "base/varint.h"

namespace {

using namespace concord;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_numbers(ByteView input) {
  VarReader reader(input);
  while (!reader.at_end()) {
    const std::size_t before = reader.position();
    const Result<std::uint64_t> value = reader.uint();
    if (!value) {
      require(reader.position() == before);
      return;
    }
    Bytes shortest;
    write_varuint(shortest, *value);
    require(shortest.size() <= reader.position() - before);
    require(VarReader(shortest).uint().value() == *value);
  }
}

void read_runs(ByteView input) {
  VarReader reader(input);
  std::size_t total = 0;
  while (!reader.at_end()) {
    const std::size_t before = reader.position();
    const Result<std::string_view> text = reader.var_string();
    if (text) require(is_valid_utf8(*text));
    const Result<ByteView> run = text ? Result<ByteView>(as_bytes(*text)) : reader.var_bytes();
    if (!run) {
      require(reader.position() == before);
      return;
    }
    total += run->size();
    require(total <= input.size());
  }
}

void read_identifier(ByteView input) {
  const std::string_view text = as_text(input);
  if (const auto id = DocumentId::parse(text)) require(id->str() == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      read_numbers(input);
      break;
    case 1:
      read_runs(input);
      break;
    case 2:
      read_identifier(input);
      break;
    default:
      is_valid_utf8(as_text(input));
  }
  return 0;
}

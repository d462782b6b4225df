// What identity reads from strangers besides access tokens: bodies, e-mail addresses, refresh tokens, client addresses,
// one-time and recovery codes.
// The first byte picks one; the rest is its input.
#include <cstdlib>

#include "base/bytes.h"
#include "crypto/one_time_code.h"
#include "guard/address.h"
#include "identity/email.h"
#include "identity/refresh_token.h"
#include "identity/second_factor_store.h"
#include "json/object.h"
#include "json/writer.h"

namespace {

using namespace concord;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_email(std::string_view text) {
  const auto email = identity::Email::parse(text);
  if (!email) {
    require(email.error().code == Code::kInvalidArgument);
    return;
  }
  require(email->text == text && email->key.size() == text.size() && text.size() <= identity::kMaxEmailBytes);
  require(identity::Email::parse(email->key).value().key == email->key);
}

void read_refresh_token(std::string_view text) {
  if (const auto token = identity::RefreshToken::parse(text)) require(token->str() == text);
}

void read_body(std::string_view text) {
  const auto body = json::Object::parse(text, {.max_bytes = 4096, .max_values = 64, .max_depth = 4});
  if (!body) return;
  const auto name = body->text("name", {.most = 64, .any_character = true});
  if (name) {
    json::Writer out;
    out.begin_object().field("name", *name).end();
    const auto again = json::Object::parse(std::move(out).take());
    require(again->text("name", {.most = 64, .any_character = true}).value() == *name);
  }
  const auto count = body->optional_integer("count", -5, 5);
  if (count && *count) require(**count >= -5 && **count <= 5);
}

void read_code(std::string_view text) {
  const std::string plain = identity::plain_recovery_code(text);
  require(plain.size() <= text.size() && identity::plain_recovery_code(plain) == plain);
  const Bytes secret(crypto::kCodeSecretBytes, 7);
  constexpr std::int64_t kNowMs = 1'800'000'000'000;
  const auto step = crypto::match_code(secret, text, kNowMs, 0);
  if (step) require(crypto::hotp(secret, static_cast<std::uint64_t>(*step)) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = concord::as_text(concord::ByteView(data + 1, size - 1));
  switch (data[0] % 5) {
    case 0:
      read_email(text);
      break;
    case 1:
      read_refresh_token(text);
      break;
    case 2:
      read_body(text);
      break;
    case 3:
      guard::address_key(text);
      break;
    default:
      read_code(text);
      break;
  }
  return 0;
}

#include "vault/user_keys.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "crypto/random.h"

namespace concord::vault {

namespace {

constexpr std::string_view kAll = "keys/";
constexpr std::string_view kMasters = "masters/";
constexpr std::string_view kMagic = "CKEY";
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kNonceAt = kMagic.size() + 1;
constexpr std::size_t kSealedAt = kNonceAt + sizeof(crypto::AeadNonce);
constexpr std::size_t kObjectBytes = kSealedAt + sizeof(crypto::AeadKey) + crypto::kAeadTagBytes;
constexpr std::size_t kGenerationDigits = 10;
constexpr std::size_t kMaxObjects = 1000;  // of one user; generations, and each twice while it is wrapped anew
constexpr std::size_t kMaxKnownUsers = 16'384;
constexpr std::size_t kScanPage = 10'000;  // each page reads the names of all users

std::string prefix_of(UserId user) { return std::string(kAll) + user.str() + "/"; }
std::string destroyed_key(UserId user) { return prefix_of(user) + "destroyed"; }
bool is_destroyed_mark(std::string_view key) { return key.ends_with("/destroyed"); }
std::string object_key(UserId user, std::uint32_t generation, std::string_view master) {
  std::string digits = std::to_string(generation);
  digits.insert(0, kGenerationDigits - digits.size(), '0');
  return prefix_of(user) + digits + "-" + std::string(master);
}

std::unexpected<Error> destroyed(UserId user) {
  return fail(Error{Code::kNotFound, "the keys of this user have been destroyed", {{"user", user.str()}}});
}

}  // namespace

struct UserKeys::Object {
  std::string key;
  std::uint32_t generation = 0;
  std::string master;
};

namespace {

/// Of "keys/<user>/<generation>-<master>".
template <class Object>
Result<Object> parse_name(const std::string& key) {
  const std::string_view name = std::string_view(key).substr(key.rfind('/') + 1);
  Object object{.key = key};
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), object.generation);
  const bool valid = error == std::errc() && end == name.data() + kGenerationDigits && object.generation > 0 &&
                     name.size() == kGenerationDigits + 1 + 16 && name[kGenerationDigits] == '-';
  if (!valid) return fail(Error{Code::kCorrupt, "an object among the keys has a foreign name", {{"object", key}}});
  object.master = name.substr(kGenerationDigits + 1);
  return object;
}

}  // namespace

bool UserKeys::any(std::span<const std::string> objects) {
  return std::ranges::any_of(objects,
                             [](std::string_view key) { return key.starts_with(kAll) && !is_destroyed_mark(key); });
}

Result<> UserKeys::check(std::span<const std::string> objects, const MasterKeys& masters) {
  std::map<std::string, std::string> missing;  // user and generation -> the master key that wraps it, as far as seen
  std::set<std::string> opened;
  for (const std::string& key : objects) {
    if (!key.starts_with(kAll) || is_destroyed_mark(key)) continue;
    TRY(const Object object, parse_name<Object>(key));
    const std::string generation = key.substr(0, key.rfind('-'));
    if (masters.find(object.master) != nullptr) {
      opened.insert(generation);
      missing.erase(generation);
    } else if (!opened.contains(generation)) {
      missing.emplace(generation, object.master);
    }
  }
  if (missing.empty()) return {};
  return fail(Error{Code::kInvalidArgument,
                    "MASTER_KEY: stored keys are wrapped by the master key " + missing.begin()->second +
                        ", which is neither MASTER_KEY nor among MASTER_KEYS_PREVIOUS",
                    {{"field", "MASTER_KEY"}}});
}

std::optional<UserKeys::Known> UserKeys::cached(UserId user) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(user);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t UserKeys::destructions() {
  const std::lock_guard lock(mutex_);
  return destructions_;
}

void UserKeys::remember(UserId user, Known known, std::uint64_t destructions) {
  const std::lock_guard lock(mutex_);
  if (destructions != destructions_) return;
  if (known_.size() >= kMaxKnownUsers) known_.clear();
  known_.insert_or_assign(user, std::move(known));
}

Task<std::vector<UserKeys::Object>> UserKeys::list(UserId user) {
  CO_TRY(const auto infos, co_await blobs_.list(prefix_of(user), "", kMaxObjects));
  std::vector<Object> objects;
  for (const engines::BlobInfo& info : infos) {
    if (info.key == destroyed_key(user)) co_return destroyed(user);
    CO_TRY(Object object, parse_name<Object>(info.key));
    objects.push_back(std::move(object));
  }
  co_return objects;
}

Task<UserKey> UserKeys::unwrap(std::string name, Object object) {
  const MasterKey* master = masters_.find(object.master);
  if (master == nullptr) {
    co_return fail(Error{Code::kInvalidArgument,
                         "the object " + name + " is wrapped by the master key " + object.master +
                             ", which is neither MASTER_KEY nor among MASTER_KEYS_PREVIOUS",
                         {{"field", "MASTER_KEY"}}});
  }
  CO_TRY(const Bytes content, co_await blobs_.get(name, kObjectBytes));
  if (content.size() != kObjectBytes || as_text(content).substr(0, kMagic.size()) != kMagic ||
      content[kMagic.size()] != kFormat)
    co_return fail(Error{Code::kCorrupt, "an object among the keys is no wrapped key", {{"object", name}}});
  crypto::AeadNonce nonce;
  std::copy_n(content.begin() + kNonceAt, nonce.size(), nonce.begin());
  const auto plain = crypto::Aead(master->key).open(nonce, {as_bytes(name)}, ByteView(content).subspan(kSealedAt));
  if (!plain) co_return fail(Error{Code::kCorrupt, "a wrapped key was changed", {{"object", name}}});
  UserKey key{.generation = object.generation, .key = {}};
  std::ranges::copy(*plain, key.key.begin());
  co_return key;
}

Task<> UserKeys::mark(std::string master) {
  auto put = co_await blobs_.put(std::string(kMasters) + master, std::make_shared<const Bytes>());
  if (!put && put.error().code != Code::kConflict) co_return fail(std::move(put).error());
  co_return Result<>{};
}

Task<UserKeys::Masters> UserKeys::marked_masters() {
  Masters out;
  CO_TRY(const auto infos, co_await blobs_.list(std::string(kMasters), "", kMaxObjects));
  for (const engines::BlobInfo& info : infos) {
    const std::string id = info.key.substr(kMasters.size());
    out.known = out.known && masters_.find(id) != nullptr;
    out.marked.insert(id);
  }
  co_return out;
}

Task<> UserKeys::wrap(UserId user, UserKey key) {
  if (!marked_) CO_TRY_VOID(co_await mark(masters_.current.id));
  marked_ = true;
  const std::string name = object_key(user, key.generation, masters_.current.id);
  const auto nonce = crypto::random_array<12>();
  Bytes content = to_bytes(kMagic);
  content.push_back(kFormat);
  append(content, nonce);
  content.resize(kObjectBytes);
  crypto::Aead(masters_.current.key).seal(nonce, {as_bytes(name)}, key.key, content.data() + kSealedAt);
  co_return co_await blobs_.put(name, std::make_shared<const Bytes>(std::move(content)));
}

Task<UserKeys::Known> UserKeys::load(UserId user) {
  if (auto known = cached(user)) co_return std::move(*known);
  const std::uint64_t before = destructions();
  CO_TRY(auto objects, co_await list(user));
  Known known;
  for (const Object& object : objects) {
    // The same generation stands there twice while it is wrapped anew: either will do whose master key is known.
    if (!known.keys.empty() && known.keys.back().generation == object.generation) continue;
    const auto usable = std::ranges::find_if(objects, [&](const Object& one) {
      return one.generation == object.generation && masters_.find(one.master) != nullptr;
    });
    const Object& chosen = usable == objects.end() ? object : *usable;
    auto key = co_await unwrap(chosen.key, chosen);
    if (!key && key.error().code == Code::kNotFound) continue;  // removed since, as it was wrapped anew
    if (!key) co_return fail(key.error());
    known.keys.push_back(*key);
  }
  if (!known.keys.empty()) remember(user, known, before);
  co_return known;
}

Task<UserKey> UserKeys::make(UserId user, std::uint32_t generation) {
  const UserKey key{.generation = generation, .key = crypto::random_array<32>()};
  const auto made = co_await wrap(user, key);
  if (!made && made.error().code != Code::kConflict) co_return fail(made.error());
  {
    const std::lock_guard lock(mutex_);
    known_.erase(user);
  }
  // What is there now counts: another node may have made one first, or have destroyed them.
  const auto known = co_await load(user);
  if (!known) {
    // Where they were destroyed meanwhile, and only there: someone else may have sealed with it already.
    const bool was_destroyed = known.error().code == Code::kNotFound;
    if (made && was_destroyed) (void)co_await blobs_.remove(object_key(user, generation, masters_.current.id));
    co_return fail(known.error());
  }
  if (known->keys.empty()) co_return fail(Code::kUnavailable, "a key that was just made is not there");
  co_return known->keys.back();
}

Task<UserKey> UserKeys::current(UserId user) {
  CO_TRY(const Known known, co_await load(user));
  if (known.keys.empty()) co_return co_await make(user, 1);
  co_return known.keys.back();
}

Task<UserKey> UserKeys::find(UserId user, std::uint32_t generation) {
  CO_TRY(Known known, co_await load(user));
  auto found = std::ranges::find(known.keys, generation, &UserKey::generation);
  if (found == known.keys.end()) {  // made elsewhere since
    {
      const std::lock_guard lock(mutex_);
      known_.erase(user);
    }
    CO_TRY(known, co_await load(user));
    found = std::ranges::find(known.keys, generation, &UserKey::generation);
  }
  if (found == known.keys.end()) {
    co_return fail(Error{Code::kCorrupt,
                         "there is no key of generation " + std::to_string(generation) + " of " + user.str() +
                             ": the key is lost, or the bytes that name it were changed",
                         {{"user", user.str()}}});
  }
  co_return *found;
}

Task<UserKey> UserKeys::rotate(UserId user) {
  CO_TRY(const UserKey newest, co_await current(user));
  co_return co_await make(user, newest.generation + 1);
}

Task<> UserKeys::destroy(UserId user) {
  auto marked = co_await blobs_.put(destroyed_key(user), std::make_shared<const Bytes>());
  if (!marked && marked.error().code != Code::kConflict) co_return fail(marked.error());
  {
    const std::lock_guard lock(mutex_);
    ++destructions_;
    known_.erase(user);
  }
  for (;;) {
    CO_TRY(const auto infos, co_await blobs_.list(prefix_of(user), "", kMaxObjects));
    bool removed = false;
    for (const engines::BlobInfo& info : infos) {
      if (info.key == destroyed_key(user)) continue;
      CO_TRY_VOID(co_await blobs_.remove(info.key));
      removed = true;
    }
    if (!removed) co_return Result<>{};
  }
}

void UserKeys::forget(std::optional<UserId> user) {
  const std::lock_guard lock(mutex_);
  ++destructions_;
  if (user)
    known_.erase(*user);
  else
    known_.clear();
}

Task<std::size_t> UserKeys::rewrap() {
  CO_TRY(const Masters before, co_await marked_masters());
  if (before.marked == std::set{masters_.current.id}) co_return std::size_t{0};
  std::size_t wrapped = 0;
  std::string after;
  for (;;) {
    CO_TRY(const auto infos, co_await blobs_.list(std::string(kAll), after, kScanPage));
    for (const engines::BlobInfo& info : infos) {
      if (is_destroyed_mark(info.key)) continue;
      CO_TRY(const Object object, parse_name<Object>(info.key));
      if (object.master == masters_.current.id) continue;
      const std::size_t slash = kAll.size();
      const auto user = UserId::parse(std::string_view(info.key).substr(slash, info.key.rfind('/') - slash));
      if (!user)
        co_return fail(Error{Code::kCorrupt, "an object among the keys has a foreign name", {{"object", info.key}}});
      CO_TRY(const UserKey key, co_await unwrap(info.key, object));
      const auto made = co_await wrap(*user, key);
      if (!made && made.error().code != Code::kConflict) co_return fail(made.error());
      CO_TRY_VOID(co_await blobs_.remove(info.key));
      ++wrapped;
    }
    if (infos.size() < kScanPage) break;
    after = infos.back().key;
  }
  for (const std::string& master : before.marked) {
    if (master != masters_.current.id) CO_TRY_VOID(co_await blobs_.remove(std::string(kMasters) + master));
  }
  co_return wrapped;
}

Task<> UserKeys::check() {
  CO_TRY(const Masters masters, co_await marked_masters());
  if (!masters.marked.empty() && masters.known) co_return Result<>{};
  std::set<std::string> used;
  std::string after;
  for (;;) {
    CO_TRY(const auto infos, co_await blobs_.list(std::string(kAll), after, kScanPage));
    std::vector<std::string> objects;
    for (const engines::BlobInfo& info : infos) {
      objects.push_back(info.key);
      if (is_destroyed_mark(info.key)) continue;
      CO_TRY(const Object object, parse_name<Object>(info.key));
      used.insert(object.master);
      if (masters_.find(object.master) == nullptr) co_return check({&objects.back(), 1}, masters_);
    }
    if (infos.size() < kScanPage) break;
    after = infos.back().key;
  }
  for (const std::string& master : used) CO_TRY_VOID(co_await mark(master));
  for (const std::string& master : masters.marked) {
    if (!used.contains(master) && masters_.find(master) == nullptr)
      CO_TRY_VOID(co_await blobs_.remove(std::string(kMasters) + master));
  }
  co_return Result<>{};
}

}  // namespace concord::vault

#include "vault/vault.h"

#include <sys/stat.h>

#include <fstream>

#include "base/async.h"
#include "engines/directory_blobs.h"
#include "engines/embedded_testing.h"

namespace concord::vault {
namespace {

MasterKey master(std::uint8_t first) {
  std::string text = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";  // of 32 bytes
  text[0] = static_cast<char>('A' + first);
  return *parse_master_key("MASTER_KEY", text);
}

/// The machine's files, with a directory's sync and the removal of files as the test says.
class FaultyFiles final : public engines::FileSystem {
 public:
  std::function<Result<>(const std::string&)> on_sync_directory;
  bool refuses_removal = false;

  Result<std::unique_ptr<engines::File>> open(const std::string& path, engines::OpenMode mode) override {
    return files_->open(path, mode);
  }
  Result<> rename(const std::string& from, const std::string& to, engines::Replace replace) override {
    return files_->rename(from, to, replace);
  }
  Result<> remove(const std::string& path) override {
    return refuses_removal ? fail(Code::kUnavailable, "remove " + path) : files_->remove(path);
  }
  Result<> make_directory(const std::string& path) override { return files_->make_directory(path); }
  Result<> remove_directory(const std::string& path) override { return files_->remove_directory(path); }
  Result<> sync_directory(const std::string& path) override {
    if (on_sync_directory) TRY_VOID(on_sync_directory(path));
    return files_->sync_directory(path);
  }
  Result<> sync_tree(const std::string& path) override { return files_->sync_tree(path); }
  Result<std::vector<engines::DirectoryEntry>> list(const std::string& path) override { return files_->list(path); }

 private:
  const std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
};

class VaultTest : public testing::EngineTest {
 protected:
  VaultTest() { configure({.current = master(1), .previous = {}}); }

  void configure(MasterKeys masters) { vault_ = std::make_unique<Vault>(*engines_.blobs, std::move(masters), true); }
  static Result<Bytes> sealed(Result<std::optional<Sealer>> sealer, std::string_view plain) {
    if (!sealer) return fail(sealer.error());
    return seal_with(*sealer, "here", to_bytes(plain));
  }
  Result<Bytes> seal_for(UserId user, std::string_view plain) { return sealed(run(vault_->sealer(user)), plain); }
  Bytes seal(std::string_view plain) { return *seal_for(user_, plain); }
  Result<std::string> open(Bytes sealed, std::string place = "here") {
    Opener opener;
    auto plain = run(vault_->open(opener, std::move(place), std::move(sealed)));
    if (!plain) return fail(plain.error());
    return std::string(as_text(*plain));
  }
  std::vector<std::string> objects() {
    std::vector<std::string> keys;
    for (const auto& info : *run(engines_.blobs->list("keys/", "", 1000))) keys.push_back(info.key);
    return keys;
  }

  const UserId user_ = UserId::make(ids_, Slot{1});
  std::unique_ptr<Vault> vault_;
};

TEST_F(VaultTest, each_user_has_a_key_which_a_restart_finds_again) {
  const Bytes sealed = seal("words");
  EXPECT_EQ(as_text(sealed).find("words"), std::string_view::npos);
  EXPECT_EQ(objects().size(), 1U);
  configure({.current = master(1), .previous = {}});
  EXPECT_EQ(*open(sealed), "words");
  EXPECT_EQ(open(sealed, "there").error().code, Code::kCorrupt);
  EXPECT_EQ(*open(to_bytes("never sealed")), "never sealed");
  (void)seal_for(UserId::make(ids_, Slot{1}), "");
  EXPECT_EQ(objects().size(), 2U);
}

TEST_F(VaultTest, a_rotated_key_seals_from_then_on_and_the_old_one_still_opens) {
  const Bytes before = seal("before");
  ASSERT_EQ(run(vault_->keys().rotate(user_))->generation, 2U);
  const Bytes after = seal("after");
  EXPECT_EQ(read_sealed_header(before)->generation, 1U);
  EXPECT_EQ(read_sealed_header(after)->generation, 2U);
  configure({.current = master(1), .previous = {}});
  EXPECT_EQ(*open(before), "before");
  EXPECT_EQ(*open(after), "after");
}

TEST_F(VaultTest, a_second_node_finds_generations_that_the_first_has_made) {
  Vault other(*engines_.blobs, {.current = master(1), .previous = {}}, true);
  const Bytes first = *sealed(run(other.sealer(user_)), "one");
  EXPECT_EQ(*open(first), "one");
  ASSERT_TRUE(run(other.keys().rotate(user_)).has_value());
  EXPECT_EQ(*open(*sealed(run(other.sealer(user_)), "two")), "two");
  ASSERT_EQ(run(vault_->keys().rotate(user_))->generation, 3U);
}

TEST_F(VaultTest, a_key_that_is_lost_is_told_apart_from_one_that_was_destroyed) {
  const Bytes sealed = seal("words");
  ASSERT_TRUE(run(engines_.blobs->remove(objects().front())).has_value());
  configure({.current = master(1), .previous = {}});
  EXPECT_EQ(open(sealed).error().code, Code::kCorrupt);
}

TEST_F(VaultTest, nobody_reads_a_key_before_its_name_is_durable) {
  for (const bool refuses_removal : {false, true}) {
    FaultyFiles files;
    const std::string place = directory() + (refuses_removal ? "/stays" : "/goes");
    const auto blobs = engines::DirectoryBlobs::open(files, {.directory = place}, Logger(), metrics_).value();
    UserKeys maker(*blobs, {.current = master(1), .previous = {}});
    UserKeys reader(*blobs, {.current = master(1), .previous = {}});
    int looked = 0;
    files.on_sync_directory = [&](const std::string& path) -> Result<> {
      if (!path.ends_with(user_.str())) return {};
      ++looked;  // the key's name has been made
      EXPECT_FALSE(run(reader.find(user_, 1))) << "what is sealed with it could be lost";
      EXPECT_TRUE(run(blobs->list("keys/", "", 10))->empty());
      files.refuses_removal = refuses_removal;
      return fail(Code::kUnavailable, "sync " + path);
    };
    EXPECT_FALSE(run(maker.current(user_)));
    EXPECT_EQ(looked, 1);
    EXPECT_FALSE(run(reader.find(user_, 1)));

    files.on_sync_directory = {};
    files.refuses_removal = false;
    const auto made = run(maker.current(user_));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(run(reader.find(user_, 1))->key, made->key);
    EXPECT_EQ(run(UserKeys(*blobs, {.current = master(1), .previous = {}}).current(user_))->key, made->key);
  }
}

TEST_F(VaultTest, keys_that_are_destroyed_open_nothing_and_are_never_made_again) {
  const Bytes sealed = seal("words");
  ASSERT_TRUE(run(vault_->keys().rotate(user_)).has_value());
  ASSERT_TRUE(run(vault_->keys().destroy(user_)).has_value());
  EXPECT_EQ(objects(), std::vector<std::string>{"keys/" + user_.str() + "/destroyed"});
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(open(sealed).error().code, Code::kNotFound);
    EXPECT_EQ(seal_for(user_, "").error().code, Code::kNotFound);
    configure({.current = master(1), .previous = {}});
  }
  EXPECT_TRUE(run(vault_->keys().destroy(user_)).has_value());
}

TEST_F(VaultTest, a_new_master_key_takes_over_while_the_old_one_is_still_known) {
  const Bytes sealed = seal("words");
  ASSERT_TRUE(run(vault_->keys().rotate(user_)).has_value());
  configure({.current = master(2), .previous = {}});
  const auto refused = run(vault_->keys().check());
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_NE(refused.error().message.find(master(1).id), std::string::npos);
  EXPECT_EQ(open(sealed).error().code, Code::kInvalidArgument);

  configure({.current = master(2), .previous = {master(1)}});
  EXPECT_TRUE(run(vault_->keys().check()).has_value());
  EXPECT_EQ(*open(sealed), "words");
  EXPECT_EQ(*run(vault_->keys().rewrap()), 2U);
  EXPECT_EQ(*run(vault_->keys().rewrap()), 0U);
  configure({.current = master(2), .previous = {}});
  EXPECT_TRUE(run(vault_->keys().check()).has_value());
  EXPECT_EQ(*open(sealed), "words");
}

TEST_F(VaultTest, a_start_learns_which_master_keys_it_needs_from_their_marks) {
  const auto marks = [this] {
    std::vector<std::string> keys;
    for (const auto& info : *run(engines_.blobs->list("masters/", "", 1000))) keys.push_back(info.key.substr(8));
    return keys;
  };
  const auto check = [this](MasterKeys masters) { return run(UserKeys(*engines_.blobs, std::move(masters)).check()); };
  ASSERT_TRUE(check({.current = master(1), .previous = {}}));
  EXPECT_TRUE(marks().empty());
  (void)seal("words");
  EXPECT_EQ(marks(), std::vector{master(1).id});
  EXPECT_FALSE(check({.current = master(2), .previous = {}}));
  // A mark that is missing is made again by looking at all keys.
  ASSERT_TRUE(run(engines_.blobs->remove("masters/" + master(1).id)));
  EXPECT_FALSE(check({.current = master(2), .previous = {}}));
  EXPECT_TRUE(marks().empty());
  ASSERT_TRUE(check({.current = master(1), .previous = {}}));
  EXPECT_EQ(marks(), std::vector{master(1).id});
  // One that is left over, of a master key that is gone, is found to be needless and goes.
  ASSERT_TRUE(run(engines_.blobs->put("masters/" + master(3).id, std::make_shared<const Bytes>())));
  EXPECT_TRUE(check({.current = master(1), .previous = {}}));
  EXPECT_EQ(marks(), std::vector{master(1).id});

  UserKeys anew(*engines_.blobs, {.current = master(2), .previous = {master(1)}});
  ASSERT_TRUE(run(anew.check()));
  EXPECT_EQ(*run(anew.rewrap()), 1U);
  EXPECT_EQ(marks(), std::vector{master(2).id});
}

TEST_F(VaultTest, a_key_that_is_wrapped_twice_needs_one_of_both_master_keys) {
  const Bytes sealed = seal("words");
  const std::string old = objects().front();
  const auto content = std::make_shared<const Bytes>(*run(engines_.blobs->get(old, 1000)));
  ASSERT_EQ(*run(UserKeys(*engines_.blobs, {.current = master(2), .previous = {master(1)}}).rewrap()), 1U);
  ASSERT_TRUE(run(engines_.blobs->put(old, content)));  // as a crash in the midst of it leaves it
  ASSERT_EQ(objects().size(), 2U);
  for (std::uint8_t one = 1; one <= 2; ++one) {
    configure({.current = master(one), .previous = {}});
    EXPECT_EQ(*open(sealed), "words") << int{one};
    EXPECT_TRUE(UserKeys::check(objects(), {.current = master(one), .previous = {}}));
  }
  configure({.current = master(3), .previous = {}});
  EXPECT_EQ(open(sealed).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(UserKeys::check(objects(), {.current = master(3), .previous = {}}));
}

TEST_F(VaultTest, a_changed_key_or_one_under_another_name_is_found) {
  const Bytes sealed = seal("words");
  const std::string key = objects().front();
  Bytes content = *run(engines_.blobs->get(key, 1000));
  ASSERT_TRUE(run(engines_.blobs->remove(key)).has_value());
  content.back() ^= 1;
  ASSERT_TRUE(run(engines_.blobs->put(key, std::make_shared<const Bytes>(content))).has_value());
  configure({.current = master(1), .previous = {}});
  EXPECT_EQ(open(sealed).error().code, Code::kCorrupt);

  content.back() ^= 1;
  const UserId other = UserId::make(ids_, Slot{1});
  std::string moved = key;
  moved.replace(5, user_.str().size(), other.str());
  ASSERT_TRUE(run(engines_.blobs->put(moved, std::make_shared<const Bytes>(content))).has_value());
  EXPECT_EQ(seal_for(other, "").error().code, Code::kCorrupt);
}

TEST_F(VaultTest, without_sealing_bytes_stay_as_they_are) {
  const Bytes sealed = seal("words");
  vault_ = std::make_unique<Vault>(*engines_.blobs, MasterKeys{.current = master(1), .previous = {}}, false);
  EXPECT_EQ(seal("plain"), to_bytes("plain"));
  EXPECT_EQ(*open(sealed), "words");
}

TEST_F(VaultTest, the_master_key_is_configured_or_made_once_in_a_file_of_its_owner) {
  const auto files = engines::make_posix_file_system();
  const std::string path = directory() + "/master.key";
  bool may_make = false;
  const auto load = [&](std::string_view configured, std::string_view previous = {}) {
    return load_master_keys(configured, previous, {.path = path, .may_make = may_make}, *files, Logger());
  };
  EXPECT_EQ(load("").error().code, Code::kNotFound);
  may_make = true;
  const std::string made = load("")->current.id;
  EXPECT_EQ(load("")->current.id, made);
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  const auto configured = load("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
                               "QkFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE, "
                               "Q0FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=");
  ASSERT_TRUE(configured.has_value());
  EXPECT_NE(configured->current.id, made);
  EXPECT_EQ(configured->previous.size(), 2U);
  EXPECT_NE(configured->find(configured->previous[1].id), nullptr);

  EXPECT_NE(load("QUFB").error().message.find("MASTER_KEY must be 32 bytes"), std::string::npos);
  EXPECT_EQ(load("QUFB").error().message.find("QUFB"), std::string::npos);  // secrets are not repeated
  EXPECT_EQ(load("", "?").error().code, Code::kInvalidArgument);
  std::ofstream(path) << "not a key";
  EXPECT_NE(load("").error().message.find(path), std::string::npos);
}

}  // namespace
}  // namespace concord::vault

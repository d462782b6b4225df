#include "access/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "engines/file_system.h"
#include "engines/tables_opener_testing.h"

namespace concord::access {
namespace {

using concord::testing::for_each_seed;
using concord::testing::Random;
using identity::GroupId;
using identity::Role;

UserId user(unsigned number) {
  Uuid uuid{};
  uuid[15] = static_cast<std::uint8_t>(number);
  return UserId(uuid);
}
GroupId group(unsigned number) {
  Uuid uuid{};
  uuid[15] = static_cast<std::uint8_t>(number);
  return GroupId(uuid);
}

constexpr std::int64_t kNow = 1000;
constexpr std::int64_t kPast = 1000;  // a grant ends at its time
constexpr std::int64_t kFuture = 1001;

struct Case {
  const char* what;
  Subject who;
  std::vector<Holding> chain;
  Level level;
  std::int64_t until_ms = 0;
};

/// User 1 asks; user 9 owns the thing, user 8 its folder, where nothing else is said.
std::vector<Case> cases() {
  const Subject member{user(1), Role::kMember, {group(1)}};
  const Subject guest{user(1), Role::kGuest, {group(1)}};
  const std::string me = user(1).str();
  const std::string mine = group(1).str();
  using identity::Permission;
  const auto agent_of = [](UserId owner, std::vector<identity::Scope> scopes) {
    auto agent = std::make_shared<const identity::Agent>(identity::Agent{{}, "agent", std::move(scopes)});
    return Subject{owner, Role::kMember, {}, std::move(agent)};
  };
  const std::string all(identity::kEverything);
  const auto thing = [](std::vector<Grant> grants) {
    return std::vector<Holding>{{"thing", user(9), std::move(grants)}};
  };
  const auto in_folder = [](std::vector<Grant> grants) {
    return std::vector<Holding>{{"thing", user(9), {}}, {"folder", user(8), std::move(grants)}};
  };
  return {
      {"there is no such thing", member, {}, Level::kNone},
      {"nothing was granted", member, thing({}), Level::kNone},
      {"the hub's owner is nobody here", {user(1), Role::kOwner, {}}, thing({}), Level::kNone},
      {"an admin is nobody here", {user(1), Role::kAdmin, {}}, thing({}), Level::kNone},
      {"its owner", {user(9), Role::kMember, {}}, thing({}), Level::kOwner},
      {"its owner, a guest by now", {user(9), Role::kGuest, {}}, thing({}), Level::kOwner},
      {"the owner of its folder", {user(8), Role::kMember, {}}, in_folder({}), Level::kShare},
      {"the owner of its folder, a guest by now", {user(8), Role::kGuest, {}}, in_folder({}), Level::kWrite},
      {"to the user", member, thing({{me, Level::kComment}}), Level::kComment},
      {"to another user", member, thing({{user(2).str(), Level::kWrite}}), Level::kNone},
      {"to their group", member, thing({{mine, Level::kShare}}), Level::kShare},
      {"to another group", member, thing({{group(2).str(), Level::kShare}}), Level::kNone},
      {"to everybody", member, thing({{std::string(kEverybody), Level::kRead}}), Level::kRead},
      {"everybody is no guest", guest, thing({{std::string(kEverybody), Level::kRead}}), Level::kNone},
      {"to a guest", guest, thing({{me, Level::kRead}}), Level::kRead},
      {"to a guest's group", guest, thing({{mine, Level::kWrite}}), Level::kWrite},
      {"a guest shares nothing", guest, thing({{me, Level::kShare}}), Level::kWrite},
      {"the most of several", member, thing({{me, Level::kRead}, {mine, Level::kWrite}}), Level::kWrite},
      {"on the folder", member, in_folder({{me, Level::kWrite}}), Level::kWrite},
      {"less on the thing than on the folder",
       member,
       {{"thing", user(9), {{me, Level::kRead}}}, {"folder", user(8), {{me, Level::kWrite}}}},
       Level::kWrite},
      {"far above",
       member,
       {{"thing", user(9), {}}, {"folder", user(8), {}}, {"above", user(7), {{mine, Level::kRead}}}},
       Level::kRead},
      {"it has expired", member, thing({{me, Level::kWrite, kPast}}), Level::kNone},
      {"it will expire", member, thing({{me, Level::kWrite, kFuture}}), Level::kWrite, kFuture},
      {"one of two has expired", member, thing({{me, Level::kWrite, kPast}, {mine, Level::kRead}}), Level::kRead},
      {"an agent without scopes", agent_of(user(9), {}), thing({}), Level::kNone},
      {"an owner's agent for everything", agent_of(user(9), {{all, Permission::kWrite}}), thing({}), Level::kWrite},
      {"an owner's agent for the thing", agent_of(user(9), {{"thing", Permission::kSuggest}}), thing({}),
       Level::kSuggest},
      {"an agent for another thing", agent_of(user(9), {{"other", Permission::kWrite}}), thing({}), Level::kNone},
      {"an agent for the folder", agent_of(user(9), {{"folder", Permission::kComment}}), in_folder({}),
       Level::kComment},
      {"an agent has no more than its owner", agent_of(user(1), {{all, Permission::kWrite}}),
       thing({{me, Level::kRead}}), Level::kRead},
      {"an agent of one who may nothing", agent_of(user(1), {{all, Permission::kWrite}}), thing({}), Level::kNone},
      {"a grant to the agent's owner that expires", agent_of(user(1), {{all, Permission::kRead}}),
       thing({{me, Level::kWrite, kFuture}}), Level::kRead, kFuture},
      {"the first of two to expire counts", member,
       thing({{me, Level::kRead, kFuture + 5}, {mine, Level::kWrite, kFuture}}), Level::kWrite, kFuture},
  };
}

TEST(Decide, is_held_by_its_table_of_cases) {
  for (const Case& one : cases()) {
    const Decision decision = decide(one.who, one.chain, kNow);
    EXPECT_EQ(to_string(decision.level), to_string(one.level)) << one.what;
    EXPECT_EQ(decision.until_ms, one.until_ms) << one.what;
  }
}

TEST(Decide, a_further_grant_never_takes_away) {
  for_each_seed(500, [](Random& random) {
    const auto some_grant = [&random] {
      const std::string to[] = {user(1 + random() % 3).str(), group(1 + random() % 3).str(), std::string(kEverybody)};
      return Grant{to[random() % 3], static_cast<Level>(1 + random() % 5), random() % 2 == 0 ? 0 : kFuture};
    };
    const Subject who{user(1), static_cast<Role>(random() % 4), {group(1 + random() % 2)}};
    std::vector<Holding> chain(1 + random() % 3, {"thing", user(9), {}});
    for (int i = 0; i < 6; ++i) {
      const Level before = decide(who, chain, kNow).level;
      chain[random() % chain.size()].grants.push_back(some_grant());
      EXPECT_GE(decide(who, chain, kNow).level, before);
    }
  });
}

TEST(DecisionCache, knows_nothing_that_was_decided_before_a_change_or_has_expired) {
  DecisionCache cache(128);
  Uuid thing{};
  cache.put(user(1).uuid(), thing, {Level::kRead, 50}, cache.generation());
  EXPECT_EQ(cache.find(user(1).uuid(), thing, 49)->level, Level::kRead);
  EXPECT_FALSE(cache.find(user(2).uuid(), thing, 49).has_value());
  EXPECT_FALSE(cache.find(user(1).uuid(), thing, 50).has_value());
  const std::uint64_t before = cache.generation();
  cache.changed();
  cache.put(user(1).uuid(), thing, {Level::kRead}, before);  // its facts were read before the change
  EXPECT_FALSE(cache.find(user(1).uuid(), thing, 0).has_value());
}

/// Access on real tables, with three accounts and a group that the first two are in.
class AccessService : public ::testing::Test {
 protected:
  AccessService() {
    std::string pattern = (std::filesystem::temp_directory_path() / "access-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    tables_ = testing::open_tables(folder_, clock_, metrics_);
    audit_ = std::make_unique<audit::Audit>(
        audit::Options{}, audit::Audit::Dependencies{*tables_, *files_, pool_, clock_, metrics_, Logger()});
    run(audit_->start(reactors_.at(0))).value();
    identity_ = std::make_unique<identity::Identity>(
        identity::Options{}, identity::Dependencies{*tables_, pool_, clock_, ids_, metrics_, Logger(), *audit_});
    run(identity_->start()).value();
    access_ = std::make_unique<Access>(Access::Dependencies{*tables_, *identity_, *audit_, clock_, metrics_});
    run(access_->start()).value();
    for (unsigned i = 1; i <= 3; ++i)
      sql("INSERT INTO identity_users (id, email, email_key, name, role, password_hash, created_ms) VALUES ($1, $1, "
          "$1, "
          "'', $2, '', 0)",
          {user(i).str(), std::string(i == 3 ? "guest" : "member")});
    sql("INSERT INTO identity_groups (id, name, created_ms) VALUES ($1, 'g', 0)", {group(1).str()});
    for (unsigned i = 1; i <= 2; ++i)
      sql("INSERT INTO identity_group_members (group_id, user_id) VALUES ($1, $2)", {group(1).str(), user(i).str()});
  }
  ~AccessService() override {
    access_.reset();
    identity_.reset();
    run([](audit::Audit& audit) -> Task<> {
      co_await audit.stop();
      co_return Result<>{};
    }(*audit_))
        .value();
    pool_.stop();
    audit_.reset();
    tables_.reset();
    std::filesystem::remove_all(folder_);
  }
  template <class T>
  T run(asio::awaitable<T> task) {
    return concord::testing::run_on(reactors_.at(0), std::move(task));
  }
  void sql(std::string statement, std::vector<engines::Value> arguments) {
    run(tables_->query({std::move(statement), std::move(arguments)})).value();
  }
  Result<> transact(std::function<Task<>(engines::Transaction&)> body) {
    return run(tables_->transaction(std::move(body)));
  }
  Result<> add(std::string id, UserId owner, std::string folder = "") {
    return transact([thing = Thing{std::move(id), owner, std::move(folder)}](engines::Transaction& transaction) {
      return AccessStore::add(transaction, thing);
    });
  }
  Result<> move(std::string id, std::string folder) {
    return transact([id = std::move(id), folder = std::move(folder)](engines::Transaction& transaction) {
      return AccessStore::move(transaction, id, folder);
    });
  }
  Level level(UserId who, std::string thing) { return run(access_->decide(who, std::move(thing))).value().level; }
  Result<> grant(std::string thing, std::string to, Level what) {
    return run(access_->grant(std::move(thing), {std::move(to), what}, {user(1), "192.0.2.1", "req"}));
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  concord::testing::RunningReactors reactors_{2};
  BlockingPool pool_{1};
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<audit::Audit> audit_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<Access> access_;
};

TEST_F(AccessService, grants_hold_at_once_are_inherited_and_recorded) {
  ASSERT_TRUE(add("outer", user(1)));
  ASSERT_TRUE(add("inner", user(1), "outer"));
  ASSERT_TRUE(add("thing", user(2), "inner"));
  EXPECT_EQ(level(user(1), "thing"), Level::kShare);
  EXPECT_EQ(level(user(2), "thing"), Level::kOwner);
  EXPECT_EQ(level(user(3), "thing"), Level::kNone);
  std::vector<std::string> told;
  access_->on_change([&told](const std::optional<std::string>& thing) { told.push_back(thing.value_or("any")); });
  ASSERT_TRUE(grant("outer", user(3).str(), Level::kRead));
  EXPECT_EQ(level(user(3), "thing"), Level::kRead);
  ASSERT_TRUE(grant("thing", user(3).str(), Level::kWrite));
  EXPECT_EQ(level(user(3), "thing"), Level::kWrite);
  ASSERT_TRUE(run(access_->revoke("thing", user(3).str(), {user(1), "", ""})));
  EXPECT_EQ(level(user(3), "thing"), Level::kRead);
  EXPECT_EQ(run(access_->revoke("thing", user(3).str(), {user(1), "", ""})).error().code, Code::kNotFound);
  EXPECT_EQ(told, (std::vector<std::string>{"outer", "thing", "thing"}));
  const auto recorded = run(tables_->query({"SELECT action, target FROM audit_lines ORDER BY seq", {}})).value();
  ASSERT_EQ(recorded.rows.size(), 3U);
  EXPECT_EQ(engines::as_string(recorded.rows[0][0]), "access.granted");
  EXPECT_EQ(engines::as_string(recorded.rows[2][0]), "access.taken");
  EXPECT_EQ(engines::as_string(recorded.rows[2][1]), "thing");
}

TEST_F(AccessService, many_at_once_are_decided_as_one_by_one) {
  ASSERT_TRUE(add("a", user(1)));
  ASSERT_TRUE(add("b", user(2)));
  ASSERT_TRUE(add("c", user(2)));
  ASSERT_TRUE(grant("c", std::string(kEverybody), Level::kComment));
  const auto all = run(access_->decide(user(1), std::vector<std::string>{"c", "nothing", "a", "b", "c"})).value();
  std::vector<Level> levels;
  for (const Decision& one : all) levels.push_back(one.level);
  EXPECT_EQ(levels, (std::vector{Level::kComment, Level::kNone, Level::kOwner, Level::kNone, Level::kComment}));
  EXPECT_EQ(level(user(3), "c"), Level::kNone);
}

TEST_F(AccessService, a_group_counts_for_its_members) {
  ASSERT_TRUE(add("a", user(3)));
  ASSERT_TRUE(grant("a", group(1).str(), Level::kWrite));
  EXPECT_EQ(level(user(1), "a"), Level::kWrite);
  EXPECT_EQ(run(access_->subjects_of(user(3))).value(), std::vector<std::string>{user(3).str()});
  EXPECT_EQ(run(access_->subjects_of(user(1))).value(),
            (std::vector<std::string>{user(1).str(), "everybody", group(1).str()}));
}

TEST_F(AccessService, folders_lie_in_each_other_without_circles_and_not_too_deep) {
  ASSERT_TRUE(add("f0", user(1)));
  for (int i = 1; i <= 32; ++i) ASSERT_TRUE(add("f" + std::to_string(i), user(1), "f" + std::to_string(i - 1))) << i;
  EXPECT_EQ(add("f33", user(1), "f32").error().code, Code::kTooLarge);
  EXPECT_EQ(add("x", user(1), "nowhere").error().code, Code::kNotFound);
  EXPECT_EQ(add("f0", user(1)).error().code, Code::kConflict);
  EXPECT_EQ(move("f1", "f5").error().code, Code::kConflict);
  EXPECT_EQ(move("f1", "f1").error().code, Code::kConflict);
  ASSERT_TRUE(add("top", user(1)));
  EXPECT_EQ(move("f0", "top").error().code, Code::kTooLarge);
  EXPECT_TRUE(move("f30", "top"));
  EXPECT_TRUE(move("f0", "f30"));
  EXPECT_EQ(
      transact([](engines::Transaction& transaction) { return AccessStore::remove(transaction, "top"); }).error().code,
      Code::kConflict);
}

TEST_F(AccessService, grants_on_one_thing_are_bounded) {
  ASSERT_TRUE(add("a", user(1)));
  sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO access_grants "
      "(thing, "
      "principal, access_level, expires_ms) SELECT 'a', 'x' || i, 1, 0 FROM n",
      {});
  EXPECT_EQ(grant("a", user(2).str(), Level::kRead).error().code, Code::kTooLarge);
  EXPECT_EQ(grant("nothing", user(2).str(), Level::kRead).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace concord::access

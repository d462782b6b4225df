#include "access/access.h"

#include "crypto/hash.h"

namespace concord::access {

namespace {

Counter& decisions(Metrics& metrics, std::string how) {
  return metrics.counter("concord_access_decisions_total", "Decisions on what a principal may do.",
                         {{"how", std::move(how)}});
}

/// Identifiers of all kinds, as keys of the cache.
Uuid key_of(std::string_view thing) {
  Uuid key;
  const crypto::Sha256 digest = crypto::sha256(as_bytes(thing));
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

const Uuid& uuid_of(const identity::Actor& who) { return who.agent ? who.agent->id.uuid() : who.user.uuid(); }

/// Whom grants are made to that count for `who`.
std::vector<std::string> names_of(const Subject& who) {
  std::vector<std::string> out{who.user.str()};
  if (who.role != identity::Role::kGuest) out.emplace_back(kEverybody);
  for (const identity::GroupId group : who.groups) out.push_back(group.str());
  return out;
}

constexpr const char* kTopic = "access";  // of what nodes tell each other: the thing, or nothing where it may be any

Task<Decision> ready(Decision decision) { co_return decision; }

}  // namespace

Access::Access(Dependencies dependencies, std::size_t cached_decisions)
    : on_(dependencies),
      store_(on_.tables, on_.events),
      cache_(cached_decisions),
      cached_(decisions(on_.metrics, "cached")),
      cold_(decisions(on_.metrics, "cold")) {}

Task<> Access::start() {
  CO_TRY_VOID(co_await on_.tables.migrate(AccessStore::migrations()));
  on_.identity.on_membership_changed([this] { heard(std::nullopt); });  // of which each node hears by itself
  if (on_.changes != nullptr)
    on_.changes->listen(kTopic, [this](std::optional<std::string> what) { return hear(std::move(what)); });
  on_.identity.on_account_removed([this](UserId user) { return store_.forget(user.str()); });
  co_return Result<>{};
}

void Access::on_change(std::function<void(std::optional<std::string>)> listener) {
  listeners_.push_back(std::move(listener));
}

void Access::changed(const std::optional<std::string>& thing) {
  heard(thing);
  if (on_.changes != nullptr) on_.changes->tell(kTopic, thing.value_or(""));
}

Task<> Access::hear(std::optional<std::string> what) {
  if (what && what->empty()) what.reset();
  heard(what);
  co_return Result<>();
}

void Access::heard(const std::optional<std::string>& thing) {
  cache_.changed();
  for (const auto& listener : listeners_) listener(thing);
}

/// Asked of the tables: a token that was checked before may know an older role or older scopes.
Task<Subject> Access::subject_of(identity::Actor who) {
  CO_TRY(auto membership, co_await on_.identity.membership(who.user));
  Subject subject{who.user, membership.role, std::move(membership.groups)};
  if (who.agent) {
    CO_TRY(subject.agent, co_await on_.identity.living_agent(who.agent->id));
    if (!subject.agent) subject.agent = std::make_shared<const identity::Agent>();  // gone: no scopes
  }
  // Until a second step is set up nothing is theirs; a link is not who made it.
  const bool by_link = who.agent && who.agent->link;
  if (membership.must_set_up && !by_link) subject.agent = std::make_shared<const identity::Agent>();
  co_return subject;
}

Task<std::vector<std::string>> Access::subjects_of(UserId user) {
  CO_TRY(const Subject subject, co_await subject_of(user));
  co_return names_of(subject);
}

Task<Decision> Access::decide(identity::Actor who, std::string thing) {
  if (const auto known = cache_.find(uuid_of(who), key_of(thing), on_.clock.wall_ms())) {
    cached_.add();
    return ready(*known);
  }
  return [](Access& self, identity::Actor asking, std::string one) -> Task<Decision> {
    std::vector<std::string> things;
    things.push_back(std::move(one));
    CO_TRY(const auto decisions, co_await self.decide(std::move(asking), std::move(things)));
    co_return decisions.front();
  }(*this, std::move(who), std::move(thing));
}

Task<std::vector<Decision>> Access::decide(identity::Actor who, std::vector<std::string> things) {
  const std::int64_t now_ms = on_.clock.wall_ms();
  const std::uint64_t generation = cache_.generation();  // before the facts are read
  std::vector<Decision> out(things.size());
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < things.size(); ++i) {
    if (const auto known = cache_.find(uuid_of(who), key_of(things[i]), now_ms)) {
      cached_.add();
      out[i] = *known;
    } else {
      wanted.push_back(things[i]);
    }
  }
  if (wanted.empty()) co_return out;
  CO_TRY(const Subject subject, co_await subject_of(who));
  CO_TRY(const auto chains, co_await store_.chains(wanted, names_of(subject)));
  std::size_t next = 0;
  for (std::size_t i = 0; i < things.size() && next < wanted.size(); ++i) {
    if (things[i] != wanted[next]) continue;
    ++next;
    const auto chain = chains.find(things[i]);
    if (chain == chains.end()) continue;
    out[i] = access::decide(subject, chain->second, now_ms);
    cold_.add();
    cache_.put(uuid_of(who), key_of(things[i]), out[i], generation);
  }
  co_return out;
}

Task<> Access::record(std::string action, std::string thing, std::string to, Level level, By by) {
  audit::Event event{.action = std::move(action),
                     .actor = by.user.str(),
                     .target = std::move(thing),
                     .address = std::move(by.address),
                     .request_id = std::move(by.request_id)};
  event.detail.emplace_back("to", std::move(to));
  event.detail.emplace_back("level", to_string(level));
  co_return co_await on_.audit.record(std::move(event));
}

Task<> Access::grant(std::string thing, Grant grant, By by) {
  CO_TRY_VOID(co_await store_.grant(thing, grant, by.user.str()));
  changed(thing);
  co_return co_await record("access.granted", std::move(thing), std::move(grant.to), grant.level, std::move(by));
}

Task<> Access::revoke(std::string thing, std::string to, By by) {
  CO_TRY(const bool was, co_await store_.revoke(thing, to, by.user.str()));
  if (!was) co_return fail(Code::kNotFound, "it is not shared with that principal");
  changed(thing);
  co_return co_await record("access.taken", std::move(thing), std::move(to), Level::kNone, std::move(by));
}

}  // namespace concord::access

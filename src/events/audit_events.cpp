#include "events/audit_events.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/clock.h"
#include "json/object.h"
#include "json/writer.h"

namespace concord::events {

namespace {

/// Whose event it is.
enum class Of : std::uint8_t { kTarget, kActor, kUserInDetail };

struct Rule {
  std::string_view action;
  Of key = Of::kTarget;
  std::array<std::string_view, 3> details{};  // that are told
  std::string_view target{};                  // what the line's target is told as, where it is not the key
};

constexpr std::array kUserRules = {
    Rule{"account.registered", Of::kTarget, {"role", "provider", "invited_by"}},
    Rule{"account.renamed"},
    Rule{"account.confirmed"},
    Rule{"account.password_changed"},
    Rule{"account.password_reset"},
    Rule{"account.deactivated"},
    Rule{"account.reactivated"},
    Rule{"account.role_changed", Of::kTarget, {"role"}},
    Rule{"account.provider_connected", Of::kActor, {"provider"}},
    Rule{"account.provider_disconnected", Of::kActor, {"provider"}},
    Rule{"account.second_factor_enabled"},
    Rule{"account.second_factor_disabled"},
    Rule{"account.second_factor_reset"},
    Rule{"account.passkey_added", Of::kActor},
    Rule{"account.passkey_removed", Of::kActor},
    Rule{"account.removal_begun"},
    Rule{"account.removed"},
    Rule{"session.opened", Of::kActor, {"provider", "second_step"}},
    Rule{"session.ended", Of::kActor},
    Rule{"group.created", Of::kTarget, {"name"}},
    Rule{"group.renamed", Of::kTarget, {"name"}},
    Rule{"group.removed", Of::kTarget},
    Rule{"group.joined", Of::kUserInDetail, {}, "group"},
    Rule{"group.left", Of::kUserInDetail, {}, "group"},
    Rule{"agent.created", Of::kActor, {"name"}, "agent"},
    Rule{"agent.changed", Of::kActor, {"name"}, "agent"},
    Rule{"agent.removed", Of::kActor, {"name"}, "agent"},
};

constexpr std::array kLinkRules = {
    Rule{"link.made", Of::kTarget, {"link", "level", "password"}},
    Rule{"link.removed", Of::kTarget, {"link", "level"}},
};

const Rule* rule_for(std::span<const Rule> rules, std::string_view action) {
  const auto found = std::ranges::find(rules, action, &Rule::action);
  return found == rules.end() ? nullptr : &*found;
}

constexpr json::TextRule kAny{.least = 0, .most = 1024, .secret = false, .any_character = true};

struct Line {
  std::int64_t time_ms = 0;
  std::string action, outcome, actor, target;
  json::Object detail;
};

Result<Line> parse(std::string_view text) {
  TRY(const json::Object object, json::Object::parse(text));
  TRY(const std::string time, object.text("time", kAny));
  const auto time_ms = parse_time(time);
  if (!time_ms) return fail(json::field_error("time", "is no time", time));
  TRY(std::string action, object.text("action", kAny));
  TRY(std::string outcome, object.text("outcome", kAny));
  TRY(std::string actor, object.text("actor", kAny));
  TRY(std::string target, object.text("target", kAny));
  TRY(json::Object detail, object.object("detail"));
  return Line{*time_ms, std::move(action), std::move(outcome), std::move(actor), std::move(target), std::move(detail)};
}

Result<std::string> data_of(const Rule& rule, const Line& line) {
  json::Writer out;
  out.begin_object();
  if (!rule.target.empty()) out.field(rule.target, line.target);
  for (const std::string_view name : rule.details) {
    if (name.empty()) continue;
    TRY(const auto value, line.detail.optional_text(name, kAny));
    if (value) out.field(name, *value);
  }
  out.end();
  return std::move(out).take();
}

Result<std::string> key_of(const Rule& rule, const Line& line) {
  switch (rule.key) {
    case Of::kTarget:
      return line.target;
    case Of::kActor:
      return line.actor;
    case Of::kUserInDetail:
      return line.detail.text("user", kAny);
  }
  return line.target;
}

Result<std::optional<Event>> event_of(const Line& line) {
  if (line.outcome != "done") return std::nullopt;
  const Rule* rule = rule_for(kUserRules, line.action);
  const Rule* link = rule_for(kLinkRules, line.action);
  if (rule == nullptr && link == nullptr) return std::nullopt;
  Event event{.topic = link != nullptr ? Topic::kDocuments : Topic::kUsers,
              .type = line.action,
              .actor = line.actor,
              .time_ms = line.time_ms};
  const Rule& as = link != nullptr ? *link : *rule;
  TRY(event.key, key_of(as, line));
  TRY(event.data, data_of(as, line));
  if (link != nullptr) {  // "document.link_made"
    event.type = std::string(event.key.starts_with("fld_") ? "folder" : "document") + "." + line.action;
    event.type[event.type.rfind('.')] = '_';
  }
  if (event.key.empty()) return fail(Code::kCorrupt, "the line names nobody whom it is about");
  return event;
}

}  // namespace

Result<std::optional<Event>> event_of(std::string_view audit_line) {
  auto line = parse(audit_line);
  if (!line) return fail(Code::kCorrupt, "a line of the audit record cannot be read: " + line.error().message);
  return event_of(*line);
}

}  // namespace concord::events

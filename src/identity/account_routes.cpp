#include "identity/account_routes.h"

#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t kMaxInvitationDays = 90;
constexpr std::int64_t kInvitationDays = 7;
constexpr std::int64_t kResetAnswerMs = 400;

void write_invitation(json::Writer& out, const Invitation& invitation, std::string_view invited_by) {
  out.field("id", invitation.id.str()).key("email");
  if (invitation.email.empty()) {
    out.null();
  } else {
    out.text(invitation.email);
  }
  out.field("role", to_string(invitation.role)).field("invited_by", invitation.invited_by.str());
  out.field("invited_by_name", invited_by);
  out.field("created_at", format_time(invitation.created_ms)).field("expires_at", format_time(invitation.expires_ms));
}

/// What an admin asks for; the rest is filled in by who makes it.
Result<Invitation> wanted_invitation(const json::Object& body, std::int64_t now_ms) {
  Invitation invitation;
  if (body.has("email")) {
    TRY(Email email, email_of(body));
    invitation.email = std::move(email.text);
  }
  TRY(const auto word, body.optional_text("role", {.least = 1, .most = 16}));
  if (word) {
    const auto role = parse_role(*word);
    if (!role || *role == Role::kOwner) return fail(json::field_error("role", "must be admin, member or guest", *word));
    invitation.role = *role;
  }
  TRY(const auto days, body.optional_integer("expires_in_days", 1, kMaxInvitationDays));
  invitation.created_ms = now_ms;
  invitation.expires_ms = now_ms + days.value_or(kInvitationDays) * kDayMs;
  return invitation;
}

net::Response user_response(const Account& account) {
  json::Writer out;
  write_user(out, account);
  return json_response(200, std::move(out).take());
}

}  // namespace

void AccountRoutes::add_to(net::Router& router) {
  add_route(router, "PATCH", "/auth/me", this, &AccountRoutes::rename);
  add_route(router, "POST", "/auth/password", this, &AccountRoutes::change_password);
  add_route(router, "POST", "/auth/password/reset", this, &AccountRoutes::reset_password, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/password/reset-request", this, &AccountRoutes::request_reset, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/email/confirm", this, &AccountRoutes::confirm_by_link, net::Rate::kSignIn);
  add_route(router, "POST", "/auth/email/confirm-request", this, &AccountRoutes::request_confirmation);
  add_route(router, "POST", "/users/{user}/confirm", this, &AccountRoutes::confirm);
  add_route(router, "POST", "/users/{user}/reset-link", this, &AccountRoutes::make_reset_link);
  add_route(router, "POST", "/users/{user}/deactivate", this, &AccountRoutes::deactivate);
  add_route(router, "POST", "/users/{user}/reactivate", this, &AccountRoutes::reactivate);
  add_route(router, "POST", "/invitations", this, &AccountRoutes::invite);
  add_route(router, "GET", "/invitations", this, &AccountRoutes::list_invitations);
  add_route(router, "DELETE", "/invitations/{invitation}", this, &AccountRoutes::revoke_invitation);
}

Task<Acting> AccountRoutes::acting(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  co_return Acting{std::move(who), caller_of(request)};
}

Task<Acting> AccountRoutes::admin(const net::Request& request) {
  CO_TRY(Acting by, co_await acting(request));
  if (!administers(by.who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
  co_return by;
}

Task<net::Response> AccountRoutes::rename(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(const std::string name, body.text("name", {.least = 1, .most = kMaxNameBytes}));
  CO_TRY(const Email email, Email::parse(by.who.principal.email));
  CO_TRY(const Account account, co_await changes_.rename(std::move(by), display_name(name, email)));
  co_return user_response(account);
}

Task<net::Response> AccountRoutes::change_password(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(auto old_password, body.optional_text("old_password", password_rule(options_)));
  CO_TRY(std::string new_password, body.text("new_password", new_password_rule(options_)));
  CO_TRY_VOID(co_await changes_.change_password(std::move(by), std::move(old_password), std::move(new_password)));
  co_return net::Response{.status = 204};
}

Task<net::Response> AccountRoutes::reset_password(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string token, body.text("token", kTokenRule));
  CO_TRY(std::string password, body.text("password", new_password_rule(options_)));
  CO_TRY_VOID(co_await changes_.reset_password(std::move(token), std::move(password), caller_of(request)));
  co_return net::Response{.status = 204};
}

/// Answered after the same time whether there is such an account or not, with time to spare for the work.
Task<net::Response> AccountRoutes::request_reset(net::Request request) {
  const std::int64_t until_ns = on_.clock.monotonic_ns() + kResetAnswerMs * 1'000'000;
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(Email email, email_of(body));
  CO_TRY_VOID(co_await changes_.request_reset(std::move(email), caller_of(request)));
  const std::int64_t left_ms = (until_ns - on_.clock.monotonic_ns()) / 1'000'000;
  if (left_ms > 0) CO_TRY_VOID(co_await sleep_ms(left_ms));
  co_return net::Response{.status = 202};
}

Task<net::Response> AccountRoutes::confirm_by_link(net::Request request) {
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string token, body.text("token", kTokenRule));
  CO_TRY_VOID(co_await changes_.confirm_by_link(std::move(token), caller_of(request)));
  co_return net::Response{.status = 204};
}

Task<net::Response> AccountRoutes::request_confirmation(net::Request request) {
  CO_TRY(Acting by, co_await acting(request));
  CO_TRY_VOID(co_await changes_.request_confirmation(std::move(by)));
  co_return net::Response{.status = 202};
}

Task<net::Response> AccountRoutes::change(net::Request request, Task<Account> (AccountChanges::*how)(Acting, UserId)) {
  CO_TRY(Acting by, co_await admin(request));
  CO_TRY(const UserId user, user_of(request));
  CO_TRY(const Account account, co_await (changes_.*how)(std::move(by), user));
  co_return user_response(account);
}

Task<net::Response> AccountRoutes::confirm(net::Request request) {
  return change(std::move(request), &AccountChanges::confirm);
}

Task<net::Response> AccountRoutes::deactivate(net::Request request) {
  return change(std::move(request), &AccountChanges::deactivate);
}

Task<net::Response> AccountRoutes::reactivate(net::Request request) {
  return change(std::move(request), &AccountChanges::reactivate);
}

Task<net::Response> AccountRoutes::make_reset_link(net::Request request) {
  CO_TRY(Acting by, co_await admin(request));
  CO_TRY(const UserId user, user_of(request));
  CO_TRY(const AccountChanges::ResetLink made, co_await changes_.make_reset_link(std::move(by), user));
  json::Writer out;
  out.begin_object().field("link", mails_.link("reset", made.secret)).field("token", made.secret);
  out.field("expires_at", format_time(made.expires_ms)).end();
  co_return json_response(201, std::move(out).take());
}

Task<net::Response> AccountRoutes::invite(net::Request request) {
  CO_TRY(const Acting by, co_await admin(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(Invitation invitation, wanted_invitation(body, on_.clock.wall_ms()));
  if (options_.registration == Registration::kClosed)
    co_return fail(Code::kPermissionDenied, "registration is closed on this hub");
  if (invitation.role == Role::kAdmin && by.who.principal.role != Role::kOwner)
    co_return fail(Code::kPermissionDenied, "only the owner makes admins");
  invitation.id = InvitationId::make(on_.ids, by.who.principal.id.slot());
  invitation.invited_by = by.who.principal.id;
  CO_TRY(const std::string secret, co_await invitations_.make(invitation));
  audit::Event event = audit_event("invitation.made", invitation.invited_by, by.caller);
  event.target = invitation.id.str();
  event.detail.emplace_back("role", to_string(invitation.role));
  if (!invitation.email.empty()) event.detail.emplace_back("email", invitation.email);
  CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  json::Writer out;
  out.begin_object();
  write_invitation(out, invitation, by.who.principal.name);
  out.field("link", mails_.link("register", secret)).field("token", secret);
  const bool mailed =
      !invitation.email.empty() && mails_.on() && mails_.invite(invitation, secret, by.who.principal.name).has_value();
  out.field("mailed", mailed).end();
  co_return json_response(201, std::move(out).take());
}

Task<net::Response> AccountRoutes::list_invitations(net::Request request) {
  CO_TRY_VOID(co_await admin(request));
  CO_TRY(const std::vector<Invitation> invitations, co_await invitations_.list());
  std::vector<std::string> makers;
  makers.reserve(invitations.size());
  for (const Invitation& invitation : invitations) makers.push_back(invitation.invited_by.str());
  CO_TRY(auto names, co_await identity_.names_of(std::move(makers)));
  json::Writer out;
  out.begin_object().key("invitations").begin_array();
  for (const Invitation& invitation : invitations) {
    out.begin_object();
    write_invitation(out, invitation, names[invitation.invited_by.str()]);
    out.end();
  }
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> AccountRoutes::revoke_invitation(net::Request request) {
  CO_TRY(const Acting by, co_await admin(request));
  const auto id = InvitationId::parse(request.parameter("invitation"));
  if (!id) co_return fail(Code::kNotFound, "there is no such invitation");
  CO_TRY(const bool was, co_await invitations_.revoke(*id));
  if (!was) co_return fail(Code::kNotFound, "there is no such invitation");
  audit::Event event = audit_event("invitation.revoked", by.who.principal.id, by.caller);
  event.target = id->str();
  CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  co_return net::Response{.status = 204};
}

}  // namespace concord::identity

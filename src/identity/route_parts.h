#pragma once
// What the routes of identity share: reading a request, and answering it.

#include <string>
#include <string_view>

#include "identity/accounts.h"
#include "identity/sign_in.h"
#include "json/object.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::identity {

constexpr std::size_t kMaxBodyBytes = 16u << 10u;
constexpr std::size_t kMaxNameBytes = 200;

/// The JSON object of a request's body. kPermissionDenied where a page of another origin may have made a browser send
/// it.
Result<json::Object> body_of(const net::Request& request);
/// Field "email".
Result<Email> email_of(const json::Object& body);
/// Outer blanks do not count; what remains is the name, or what stands before the '@' where nothing does.
std::string display_name(std::string_view name, const Email& email);
constexpr json::TextRule kTokenRule{.least = 1, .most = 256, .secret = true};
/// Of a password that is shown, and of one that is set.
json::TextRule password_rule(const Options& options);
json::TextRule new_password_rule(const Options& options);
/// Field "password": what proves who asks, where the account has one.
Result<std::optional<std::string>> password_of(const json::Object& body, const Options& options);
/// kNotFound where the path's {user} is no identifier.
Result<UserId> user_of(const net::Request& request);
/// Never kept by a cache: what these routes answer is for one caller, once.
net::Response json_response(int status, std::string body);
Caller caller_of(const net::Request& request);
/// The account as its holder and admins see it; the caller ends the object.
void write_user_fields(json::Writer& out, const Account& account);
void write_user(json::Writer& out, const Account& account);

net::Response grant_response(int status, const Grant& grant);

/// One of the user's sign-ins as they see it; `current` is the one that asks.
void write_session(json::Writer& out, const SessionRow& session, SessionId current);

/// Adds a route that calls a member function.
template <class Routes>
void add_route(net::Router& router, std::string_view method, std::string_view pattern, Routes* routes,
               Task<net::Response> (Routes::*handler)(net::Request), net::Rate rate = net::Rate::kCaller) {
  router.add({.method = std::string(method),
              .pattern = std::string(pattern),
              .handler = [routes, handler](net::Request request) { return (routes->*handler)(std::move(request)); },
              .body_limit_bytes = kMaxBodyBytes,
              .rate = rate});
}

}  // namespace concord::identity

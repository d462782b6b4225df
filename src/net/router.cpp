#include <algorithm>
#include <cassert>
#include <deque>
#include <map>

#include "net/http.h"

namespace concord::net {
namespace {

/// One segment of a pattern, in a tree: literal children by name, one child for {name}, and what ends here.
struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> capture;
  std::map<std::string, const Route*, std::less<>> here;  // by method
  std::map<std::string, const Route*, std::less<>> rest;  // {name...} from here on
};

using Segments = std::vector<std::string_view>;

Segments split(std::string_view path) {
  Segments segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_capture(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool is_rest(std::string_view segment) { return is_capture(segment) && segment.ends_with("...}"); }

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> allowed;
};

const Route* pick(const std::map<std::string, const Route*, std::less<>>& methods, std::string_view method) {
  auto at = methods.find(method);
  if (at == methods.end() && method == "HEAD") at = methods.find("GET");
  return at == methods.end() ? nullptr : at->second;
}

void allow(Found& found, const std::map<std::string, const Route*, std::less<>>& methods) {
  for (const auto& [name, route] : methods) {
    found.allowed.push_back(name);
    if (name == "GET") found.allowed.emplace_back("HEAD");
  }
}

/// Literal before {name} before {name...}; the first branch that has the method wins.
void search(const Node& node, const Segments& segments, std::size_t at, std::string_view method, Found& found) {
  if (at == segments.size()) {
    found.route = pick(node.here, method);
    if (found.route == nullptr) allow(found, node.here);
    return;
  }
  if (const auto next = node.literals.find(segments[at]); next != node.literals.end())
    search(*next->second, segments, at + 1, method, found);
  if (found.route == nullptr && node.capture && !segments[at].empty())
    search(*node.capture, segments, at + 1, method, found);
  if (found.route == nullptr) {
    found.route = pick(node.rest, method);
    if (found.route == nullptr) allow(found, node.rest);
  }
}

std::vector<std::pair<std::string, std::string>> capture(const Route& route, std::string_view path) {
  std::vector<std::pair<std::string, std::string>> parameters;
  const Segments pattern = split(route.pattern);
  const Segments segments = split(path);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_rest(pattern[i])) {
      const auto begin = static_cast<std::size_t>(segments[i].data() - path.data());
      parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 5), path.substr(begin));
    } else if (is_capture(pattern[i])) {
      parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
    }
  }
  return parameters;
}

}  // namespace

struct Router::State {
  std::deque<Route> kept;     // addresses stay
  std::vector<Route> listed;  // what routes() shows
  Node root;
};

Router::Router() : state_(std::make_unique<State>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(Route route) {
  assert(route.pattern.starts_with('/'));
  state_->listed.push_back(route);
  const Route& kept = state_->kept.emplace_back(std::move(route));
  Node* node = &state_->root;
  const Segments segments = split(kept.pattern);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_rest(segments[i])) {
      assert(i + 1 == segments.size());
      [[maybe_unused]] const bool fresh = node->rest.emplace(kept.method, &kept).second;
      assert(fresh);
      return;
    }
    auto& next = is_capture(segments[i]) ? node->capture : node->literals[std::string(segments[i])];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  [[maybe_unused]] const bool fresh = node->here.emplace(kept.method, &kept).second;
  assert(fresh);
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Found found;
  search(state_->root, split(path), 0, method, found);
  Match result;
  result.route = found.route;
  if (found.route != nullptr) {
    result.parameters = capture(*found.route, path);
    return result;
  }
  std::ranges::sort(found.allowed);
  const auto repeated = std::ranges::unique(found.allowed);
  found.allowed.erase(repeated.begin(), repeated.end());
  result.allowed = std::move(found.allowed);
  return result;
}

const std::vector<Route>& Router::routes() const { return state_->listed; }

}  // namespace concord::net

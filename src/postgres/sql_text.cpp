#include "postgres/sql_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace concord::postgres {
namespace {

constexpr std::array kAllowed = {"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"};
constexpr std::size_t kMaxPlaceholder = 65'535;  // the protocol counts them in 16 bits

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         (static_cast<unsigned>(c) & 0x80U);
}
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Goes over SQL piece by piece.
class Scanner {
 public:
  enum class Kind : std::uint8_t { kEnd, kSemicolon, kPlaceholder, kWord, kOther };
  struct Piece {
    Kind kind = Kind::kEnd;
    std::string_view text;
    std::size_t begin = 0;  // of the piece in the whole
  };

  explicit Scanner(std::string_view sql) : sql_(sql) {}

  Piece next() {
    skip_blank();
    const std::size_t begin = at_;
    const Kind kind = advance();
    return {kind, sql_.substr(begin, at_ - begin), begin};
  }

 private:
  bool has(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

  void skip_blank() {
    for (;;) {
      if (at_ < sql_.size() && is_space(sql_[at_])) {
        ++at_;
      } else if (has("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (has("/*")) {
        skip_comment();
      } else {
        return;
      }
    }
  }

  void skip_comment() {
    std::size_t depth = 0;  // they nest
    do {
      if (has("/*")) {
        ++depth;
        at_ += 2;
      } else if (has("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < sql_.size());
  }

  Kind advance() {
    if (at_ >= sql_.size()) return Kind::kEnd;
    const char c = sql_[at_];
    if (c == ';') {
      ++at_;
      return Kind::kSemicolon;
    }
    if (c == '\'' || c == '"') return quoted(c, false);
    if ((c == 'e' || c == 'E') && at_ + 1 < sql_.size() && sql_[at_ + 1] == '\'') {
      ++at_;
      return quoted('\'', true);
    }
    if (c == '$') return dollar();
    if (!is_word(c)) {
      ++at_;
      return Kind::kOther;
    }
    while (at_ < sql_.size() && (is_word(sql_[at_]) || sql_[at_] == '$')) ++at_;
    return Kind::kWord;
  }

  Kind quoted(char quote, bool escapes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (escapes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        if (at_ + 1 < sql_.size() && sql_[at_ + 1] == quote) {
          ++at_;
          continue;
        }
        ++at_;
        return Kind::kOther;
      }
    }
    at_ = sql_.size();
    return Kind::kOther;
  }

  Kind dollar() {
    std::size_t end = at_ + 1;
    if (end < sql_.size() && is_digit(sql_[end])) {
      while (end < sql_.size() && is_digit(sql_[end])) ++end;
      at_ = end;
      return Kind::kPlaceholder;
    }
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
      return Kind::kOther;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const std::size_t close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    return Kind::kOther;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

std::unexpected<Error> bad(std::string message) { return fail(Code::kInvalidArgument, std::move(message)); }

Result<> check_kind(const Scanner::Piece& first) {
  std::string word(first.text);
  std::ranges::transform(word, word.begin(), upper);
  if (std::ranges::find(kAllowed, word) != kAllowed.end()) return {};
  return bad("transactions and what holds for the connection are the driver's, not a statement's: " + word);
}

Result<> check_placeholders(std::vector<std::size_t> numbers, std::size_t arguments) {
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  if (!numbers.empty() && (numbers.front() != 1 || numbers.back() != numbers.size()))
    return bad("placeholders are $1, $2, ... without a gap");
  if (numbers.size() == arguments) return {};
  return fail(
      Error{Code::kInvalidArgument,
            "the statement does not fit its arguments",
            {{"field", "arguments"}, {"limit", std::to_string(numbers.size())}, {"value", std::to_string(arguments)}}});
}

}  // namespace

Result<> check_statement(std::string_view sql, std::size_t arguments) {
  Scanner scanner(sql);
  std::vector<std::size_t> numbers;
  bool begun = false;
  bool ended = false;
  for (;;) {
    const Scanner::Piece piece = scanner.next();
    if (piece.kind == Scanner::Kind::kEnd) break;
    if (piece.kind == Scanner::Kind::kSemicolon) {
      ended = begun;
      continue;
    }
    if (ended) return bad("more than one statement");
    if (!begun && piece.text != "(") {
      TRY_VOID(check_kind(piece));
      begun = true;
    }
    if (piece.kind != Scanner::Kind::kPlaceholder) continue;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(piece.text.data() + 1, piece.text.data() + piece.text.size(), number);
    if (error != std::errc() || number > kMaxPlaceholder) return bad("placeholders are $1, $2, ... without a gap");
    numbers.push_back(number);
  }
  if (!begun) return bad("the statement is empty");
  return check_placeholders(std::move(numbers), arguments);
}

std::vector<std::string> split_script(std::string_view sql) {
  std::vector<std::string> statements;
  Scanner scanner(sql);
  std::optional<std::size_t> begin;
  for (;;) {
    const Scanner::Piece piece = scanner.next();
    const bool end = piece.kind == Scanner::Kind::kEnd;
    if (end || piece.kind == Scanner::Kind::kSemicolon) {
      if (begin) statements.emplace_back(sql.substr(*begin, (end ? sql.size() : piece.begin) - *begin));
      begin.reset();
    } else if (!begin) {
      begin = piece.begin;
    }
    if (end) return statements;
  }
}

}  // namespace concord::postgres

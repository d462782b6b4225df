#include "app/crdt_command.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>
#include <vector>

#include "app/crdt_inspect.h"
#include "app/crdt_json.h"
#include "crdt/doc.h"
#include "crdt/update.h"

namespace concord::app {

namespace {

using crdt::UpdateFormat;

constexpr std::string_view kHelp = R"(concord crdt COMMAND [--v2] [--output FILE] FILE…

Looks into Yjs updates and works with them; `-` is standard input. Updates are in format V1, with --v2 in format V2.
Results are binary and go to standard output, or to the file that --output names.

  inspect UPDATE              a line for each struct and each deleted range
  to-json UPDATE              the document that has seen only this update, as JSON. What each root type is, is guessed
                              from its content unless --text NAME, --map NAME, --array NAME, --xml NAME say so
  apply UPDATES               applies a sequence of updates (each with its length as 4 little-endian bytes before it)
                              to an empty document and writes the document as one update
  merge UPDATE…               the one update with the effect of all, without a document
  diff UPDATE STATE_VECTOR    the update without what a state vector has seen
  state-vector UPDATE         the state vector of a document that has seen only this update
  convert UPDATE              into another format: --from v1|v2 --to v1|v2

Exit status: 0 done, 1 it failed (the error names the file and the byte), 2 the words were wrong.
)";

constexpr std::size_t kMaxInputBytes = std::size_t{256} << 20U;

struct Words {
  std::vector<std::string> files;
  UpdateFormat format = UpdateFormat::kV1;
  std::optional<UpdateFormat> from;
  std::optional<UpdateFormat> to;
  std::optional<std::string> output;
  std::vector<NamedRoot> roots;
};

Result<UpdateFormat> format_of(const std::string& flag, const std::string& word) {
  if (word == "v1") return UpdateFormat::kV1;
  if (word == "v2") return UpdateFormat::kV2;
  return fail(Code::kInvalidArgument, flag + " wants v1 or v2, not \"" + word + "\"");
}

Result<> take_flag(Words& out, const std::string& flag, const std::string& value) {
  if (flag == "--from") {
    TRY(out.from, format_of(flag, value));
  } else if (flag == "--to") {
    TRY(out.to, format_of(flag, value));
  } else if (flag == "--output") {
    out.output = value;
  } else if (flag == "--text") {
    out.roots.push_back({value, RootKind::kText});
  } else if (flag == "--map") {
    out.roots.push_back({value, RootKind::kMap});
  } else if (flag == "--array") {
    out.roots.push_back({value, RootKind::kArray});
  } else if (flag == "--xml") {
    out.roots.push_back({value, RootKind::kXml});
  } else {
    return fail(Code::kInvalidArgument, "there is no flag " + flag);
  }
  return {};
}

Result<Words> parse(std::span<const std::string> words) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--v2") {
      out.format = UpdateFormat::kV2;
    } else if (!word.starts_with("--")) {
      out.files.push_back(word);
    } else {
      if (i + 1 == words.size()) return fail(Code::kInvalidArgument, word + " wants a value");
      TRY_VOID(take_flag(out, word, words[i + 1]));
      ++i;
    }
  }
  return out;
}

Result<Bytes> read_all(std::istream& in, const std::string& name) {
  Bytes all;
  char buffer[1 << 16];
  while (in.read(buffer, sizeof(buffer)) || in.gcount() > 0) {
    const auto count = static_cast<std::size_t>(in.gcount());
    if (all.size() + count > kMaxInputBytes)
      return fail(Error{Code::kTooLarge, "it is larger than 256 MiB", {}}.with("file", name));
    all.insert(all.end(), buffer, buffer + count);
  }
  if (in.bad()) return fail(Error{Code::kUnavailable, "it cannot be read", {}}.with("file", name));
  return all;
}

Result<Bytes> read_file(const std::string& name) {
  if (name == "-") return read_all(std::cin, name);
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(Error{Code::kNotFound, "it cannot be opened", {}}.with("file", name));
  return read_all(file, name);
}

/// The result, or the error with the file it is about.
template <class T>
Result<T> about(const std::string& file, Result<T> result) {
  if (!result) return fail(std::move(result.error()).with("file", file));
  return result;
}

/// Writes a binary result to where it is wanted.
Result<> write(const Words& words, std::ostream& out, ByteView bytes) {
  const auto* data = reinterpret_cast<const char*>(bytes.data());
  if (!words.output) {
    out.write(data, static_cast<std::streamsize>(bytes.size())).flush();
    return out ? Result<>() : fail(Code::kUnavailable, "standard output cannot be written");
  }
  std::ofstream file(*words.output, std::ios::binary | std::ios::trunc);
  file.write(data, static_cast<std::streamsize>(bytes.size())).flush();
  if (!file) return fail(Error{Code::kUnavailable, "it cannot be written", {}}.with("file", *words.output));
  return {};
}

Result<> inspect(const Words& words, std::ostream& out, std::ostream&) {
  TRY(const Bytes update, read_file(words.files[0]));
  return about(words.files[0], inspect_update(update, words.format, out));
}

Result<> print_json(const Words& words, std::ostream& out, std::ostream& errors) {
  TRY(const Bytes update, read_file(words.files[0]));
  crdt::Doc doc({.max_pending_bytes = 2 * kMaxInputBytes});
  TRY(const crdt::Applied applied, about(words.files[0], doc.apply_update(update, words.format)));
  if (applied.pending) errors << "concord: " << words.files[0] << ": it wants updates that are not in it\n";
  TRY(const std::string json, document_json(doc, words.roots));
  out << json << "\n";
  return {};
}

Result<> apply(const Words& words, std::ostream& out, std::ostream& errors) {
  const std::string& name = words.files[0];
  TRY(const Bytes input, read_file(name));
  crdt::Doc doc({.max_pending_bytes = 2 * kMaxInputBytes});
  std::size_t number = 0;
  for (std::size_t at = 0; at < input.size(); ++number) {
    const auto where = [&](Error error) {
      error.message = "update " + std::to_string(number) + " (at byte " + std::to_string(at) + "): " + error.message;
      return fail(std::move(error).with("file", name));
    };
    const std::size_t left = input.size() - at;
    const std::size_t length = left < 4 ? left : get_le<std::uint32_t>(&input[at]);
    if (left < 4 || length > left - 4) return where({Code::kInvalidArgument, "its length points beyond the end", {}});
    if (auto applied = doc.apply_update(ByteView(input).subspan(at + 4, length), words.format); !applied)
      return where(std::move(applied.error()));
    at += 4 + length;
  }
  if (doc.has_pending()) errors << "concord: " << name << ": some of it waits for updates that are not in it\n";
  return write(words, out, doc.encode_state_as_update({}, words.to.value_or(words.format)));
}

Result<> merge(const Words& words, std::ostream& out, std::ostream&) {
  std::vector<Bytes> updates;
  for (const std::string& name : words.files) {
    TRY(updates.emplace_back(), read_file(name));
    TRY_VOID(about(name, crdt::check_update(updates.back(), words.format)));
  }
  const std::vector<ByteView> views(updates.begin(), updates.end());
  TRY(const Bytes merged, crdt::merge_updates(views, words.format));
  return write(words, out, merged);
}

Result<> diff(const Words& words, std::ostream& out, std::ostream&) {
  TRY(const Bytes update, read_file(words.files[0]));
  TRY(const Bytes encoded, read_file(words.files[1]));
  TRY(const crdt::StateVector since, about(words.files[1], crdt::decode_state_vector(encoded)));
  TRY_VOID(about(words.files[0], crdt::check_update(update, words.format)));
  TRY(const Bytes rest, crdt::diff_update(update, since, words.format));
  return write(words, out, rest);
}

Result<> state_vector(const Words& words, std::ostream& out, std::ostream&) {
  TRY(const Bytes update, read_file(words.files[0]));
  TRY(const Bytes vector, about(words.files[0], crdt::state_vector_of_update(update, words.format)));
  return write(words, out, vector);
}

Result<> convert(const Words& words, std::ostream& out, std::ostream&) {
  TRY(const Bytes update, read_file(words.files[0]));
  TRY(const Bytes converted, about(words.files[0], crdt::convert_update(update, *words.from, *words.to)));
  return write(words, out, converted);
}

struct Command {
  std::string_view name;
  std::size_t least_files;
  std::size_t most_files;
  Result<> (*run)(const Words& words, std::ostream& out, std::ostream& errors);
};
constexpr Command kCommands[] = {{"inspect", 1, 1, inspect}, {"to-json", 1, 1, print_json},
                                 {"apply", 1, 1, apply},     {"merge", 1, 100000, merge},
                                 {"diff", 2, 2, diff},       {"state-vector", 1, 1, state_vector},
                                 {"convert", 1, 1, convert}};

int usage_error(std::ostream& errors, std::string_view what) {
  errors << "concord crdt: " << what << "\nTry `concord crdt --help`.\n";
  return 2;
}

}  // namespace

int run_crdt_command(std::span<const std::string> words, std::ostream& out, std::ostream& errors) {
  if (words.empty()) return usage_error(errors, "a command is missing");
  if (std::ranges::any_of(words, [](const std::string& word) { return word == "--help" || word == "-h"; })) {
    out << kHelp;
    return 0;
  }
  const auto* command = std::ranges::find(kCommands, words.front(), &Command::name);
  if (command == std::end(kCommands)) return usage_error(errors, "there is no command \"" + words.front() + "\"");
  const auto parsed = parse(words.subspan(1));
  if (!parsed) return usage_error(errors, parsed.error().message);
  if (parsed->files.size() < command->least_files || parsed->files.size() > command->most_files)
    return usage_error(errors, std::string(command->name) + " wants another number of files");
  if (std::ranges::count(parsed->files, "-") > 1) return usage_error(errors, "standard input can be read once");
  if (command->name == "convert" && (!parsed->from || !parsed->to))
    return usage_error(errors, "convert wants --from and --to");
  const auto done = command->run(*parsed, out, errors);
  if (done) return 0;
  errors << "concord: ";
  for (const auto& [name, value] : done.error().context)
    if (name == "file") errors << value << ": ";
  errors << done.error().message << "\n";
  return 1;
}

}  // namespace concord::app

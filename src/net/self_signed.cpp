#include "net/self_signed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <optional>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/owned.h"
#include "net/x509.h"

namespace concord::net {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::size_t kMaxFileBytes = 64u << 10u;
constexpr std::size_t kMaxNames = 64;

bool is_address(const std::string& name) {
  std::array<std::uint8_t, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

std::optional<std::int64_t> expiry_ms(const X509* certificate) {
  tm broken_down{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken_down) != 1) return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&broken_down)) * 1000;
}

bool names_all(X509* certificate, const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [certificate](const std::string& name) {
    if (is_address(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
    return X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
  });
}

/// Empty where there is no such file.
Result<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::string();
  if (fd < 0) return file_failure("read", path);
  std::string text(kMaxFileBytes, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  const int reason = errno;
  ::close(fd);
  errno = reason;
  if (size < 0) return file_failure("read", path);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names)
    list.append(list.empty() ? "" : ",").append(is_address(name) ? "IP:" : "DNS:").append(name);
  return list;
}

/// Null where OpenSSL fails.
Certificate make_certificate(EVP_PKEY* key, const std::vector<std::string>& names, std::int64_t now_ms) {
  Certificate certificate = blank_certificate(key, {.common_name = "Concord on " + names.front().substr(0, 48),
                                                    // A clock that is a day behind takes it too.
                                                    .from_ms = now_ms - kDayMs,
                                                    .until_ms = now_ms + kSelfSignedDays * kDayMs});
  X509* made = certificate.get();
  if (made == nullptr) return nullptr;
  X509_set_issuer_name(made, X509_get_subject_name(made));
  const bool sound = add_extension(made, made, NID_basic_constraints, "critical,CA:FALSE") &&
                     add_extension(made, made, NID_key_usage, "critical,digitalSignature") &&
                     add_extension(made, made, NID_ext_key_usage, "serverAuth") &&
                     add_extension(made, made, NID_subject_alt_name, alternative_names(names)) &&
                     X509_sign(made, key, EVP_sha256()) != 0 && names_all(made, names);
  if (!sound) return nullptr;
  return certificate;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  const std::string text = name.data();
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  return plain ? text : std::string();
}

}  // namespace

std::vector<std::string> names_of_this_machine() {
  std::vector<std::string> names;
  const std::string own = host_name();
  if (!own.empty()) names.push_back(own);
  if (!own.empty() && own.find('.') == std::string::npos) names.push_back(own + ".local");
  names.emplace_back("localhost");
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) != 0) return names;
  for (const ifaddrs* one = interfaces; one != nullptr && names.size() < kMaxNames; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (one->ifa_addr->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (one->ifa_addr->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (bytes == nullptr || ::inet_ntop(one->ifa_addr->sa_family, bytes, text.data(), text.size()) == nullptr) continue;
    if (std::ranges::find(names, text.data()) == names.end()) names.emplace_back(text.data());
  }
  ::freeifaddrs(interfaces);
  return names;
}

Result<SelfSigned> keep_self_signed(const std::string& path, const std::vector<std::string>& names,
                                    std::int64_t now_ms) {
  TRY(const std::string there, read_file(path));
  if (!there.empty()) {
    const Owned<BIO, BIO_free_all> memory(BIO_new_mem_buf(there.data(), static_cast<int>(there.size())));
    const Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (!certificate)
      return fail(Code::kInvalidArgument, path + " holds no certificate; move it away to have one made");
    const auto expires = expiry_ms(certificate.get());
    if (expires && *expires - now_ms > kRenewDays * kDayMs && names_all(certificate.get(), names))
      return SelfSigned{.fingerprint = fingerprint_of(certificate.get()), .expires_ms = *expires};
  }
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? make_certificate(key.get(), names, now_ms) : nullptr;
  if (!certificate) return fail(Code::kInternal, "a certificate could not be made");
  TRY_VOID(replace_file(path, pem_of(key.get()) + pem_of(certificate.get()), S_IRUSR | S_IWUSR));
  return SelfSigned{
      .fingerprint = fingerprint_of(certificate.get()), .expires_ms = now_ms + kSelfSignedDays * kDayMs, .made = true};
}

}  // namespace concord::net

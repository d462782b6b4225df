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
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace concord::net {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::size_t kMaxFileBytes = 64u << 10u;
constexpr std::size_t kMaxNames = 64;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

std::unexpected<Error> cannot(std::string_view what, const std::string& path) {
  return fail(Code::kUnavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno));
}

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

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(std::size_t{size} * 3);
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += kDigits[digest[i] >> 4U];
    text += kDigits[digest[i] & 15U];
  }
  return text;
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
  if (fd < 0) return cannot("read", path);
  std::string text(kMaxFileBytes, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  const int reason = errno;
  ::close(fd);
  errno = reason;
  if (size < 0) return cannot("read", path);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return cannot("write", path);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return cannot("write", path);
  return {};
}

/// Readers find the old file or the new one, whole.
Result<> replace_file(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return cannot("make", beside);
  auto written = write_all(fd, text, beside);
  ::close(fd);
  if (!written) return written;
  if (::rename(beside.c_str(), path.c_str()) != 0) return cannot("replace", path);
  return {};
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names)
    list.append(list.empty() ? "" : ",").append(is_address(name) ? "IP:" : "DNS:").append(name);
  return list;
}

/// Null where OpenSSL fails.
Certificate make_certificate(EVP_PKEY* key, const std::vector<std::string>& names, std::int64_t now_ms) {
  Certificate certificate(X509_new());
  X509* made = certificate.get();
  std::array<unsigned char, 16> serial{};
  if (made == nullptr || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U);  // positive, and of this length
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made));
  BN_free(number);
  X509_set_version(made, X509_VERSION_3);
  // A clock that is a little behind takes it too.
  ASN1_TIME_set(X509_getm_notBefore(made), (now_ms - kDayMs) / 1000);
  ASN1_TIME_set(X509_getm_notAfter(made), (now_ms + kSelfSignedDays * kDayMs) / 1000);
  X509_set_pubkey(made, key);
  X509_NAME* subject = X509_get_subject_name(made);
  const std::string common = "Concord on " + names.front().substr(0, 48);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
  X509_set_issuer_name(made, subject);
  add_extension(made, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made, NID_key_usage, "critical,digitalSignature");
  add_extension(made, NID_ext_key_usage, "serverAuth");
  add_extension(made, NID_subject_alt_name, alternative_names(names));
  if (X509_sign(made, key, EVP_sha256()) == 0 || !names_all(made, names)) return nullptr;
  return certificate;
}

std::string pem_of(EVP_PKEY* key, X509* certificate) {
  const Bio memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(memory.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
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
    const Bio memory(BIO_new_mem_buf(there.data(), static_cast<int>(there.size())));
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
  TRY_VOID(replace_file(path, pem_of(key.get(), certificate.get())));
  return SelfSigned{
      .fingerprint = fingerprint_of(certificate.get()), .expires_ms = now_ms + kSelfSignedDays * kDayMs, .made = true};
}

}  // namespace concord::net

#include "app/node_certificate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "link/tls.h"

namespace concord::app {
namespace {

using ::testing::HasSubstr;

class NodeCertificateCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "concord-node-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  int run(const std::vector<std::string>& words) {
    out.str("");
    errors.str("");
    return run_node_certificate_command(words, SystemClock().wall_ms(), out, errors);
  }
  std::string file(const std::string& name) const { return root + "/pki/" + name; }

  std::string root;
  std::ostringstream out;
  std::ostringstream errors;
};

TEST_F(NodeCertificateCommand, what_it_makes_is_what_a_node_loads) {
  ASSERT_EQ(run({"--ca", root + "/pki", "--node", "east-1"}), 0) << errors.str();
  EXPECT_THAT(out.str(), HasSubstr("Made an authority"));
  EXPECT_THAT(out.str(), HasSubstr("NODE_CERTIFICATE=" + file("east-1.pem")));
  ASSERT_EQ(run({"--ca", root + "/pki", "--node", "west 2", "--days", "7"}), 0) << errors.str();
  EXPECT_THAT(out.str(), ::testing::Not(HasSubstr("Made an authority")));
  EXPECT_TRUE(link::TlsIdentity::load(file("ca.pem"), file("east-1.pem"), file("east-1.key"), "east-1"));
  EXPECT_TRUE(link::TlsIdentity::load(file("ca.pem"), file("west 2.pem"), file("west 2.key"), "west 2"));
  const auto other = link::TlsIdentity::load(file("ca.pem"), file("east-1.pem"), file("east-1.key"), "west 2");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("names \"east-1\", and this one is \"west 2\""));
}

TEST_F(NodeCertificateCommand, keys_are_their_owners_alone) {
  ASSERT_EQ(run({"--ca", root + "/pki", "--node", "n"}), 0);
  for (const char* name : {"ca.key", "n.key"}) {
    struct stat seen{};
    ASSERT_EQ(::stat(file(name).c_str(), &seen), 0) << name;
    EXPECT_EQ(seen.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(NodeCertificateCommand, a_wrong_line_says_what_is_wrong) {
  EXPECT_EQ(run({"--node", "n"}), 2);
  EXPECT_THAT(errors.str(), HasSubstr("--ca DIR is missing"));
  EXPECT_EQ(run({"--ca", root}), 2);
  EXPECT_THAT(errors.str(), HasSubstr("--node NAME is missing"));
  EXPECT_EQ(run({"--ca", root, "--node", "n", "--days", "0"}), 2);
  EXPECT_THAT(errors.str(), HasSubstr("1 to 3650, not 0"));
  EXPECT_EQ(run({"--ca", root, "--node", "n", "--days", "ten"}), 2);
  EXPECT_EQ(run({"--ca", root, "--node", "../n"}), 2);
  EXPECT_THAT(errors.str(), HasSubstr("this is \"../n\""));
  EXPECT_EQ(run({"--ca", root, "--node", "ca"}), 2);
  EXPECT_EQ(run({"--force"}), 2);
  EXPECT_EQ(run({"--ca", "/proc/none", "--node", "n"}), 1);
}

}  // namespace
}  // namespace concord::app

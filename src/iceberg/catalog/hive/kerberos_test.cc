// SPDX-License-Identifier: Apache-2.0
//
// What needs no KDC. Logins to a real metastore: tests/interop/test_hive_kerberos.py.
#include "iceberg/catalog/hive/kerberos.h"

#include <gmock/gmock.h>
#include <gssapi/gssapi.h>
#include <gtest/gtest.h>
#include <krb5.h>

#include <cstdlib>
#include <fstream>

#include "iceberg/catalog/hive/kerberos_error.h"

namespace k2i::iceberg {
namespace {

using testing::HasSubstr;

TEST(KerberosTest, TheHostTakesItsPlace) {
  EXPECT_EQ(ServicePrincipal("hive/_HOST@A.B", "Metastore-1.Example.com"), "hive/metastore-1.example.com@A.B");
  EXPECT_EQ(ServicePrincipal("hive/_HOST", "m"), "hive/m");
  EXPECT_EQ(ServicePrincipal("hive/other@A.B", "m"), "hive/other@A.B");
}

/// Settings of Kerberos for this process: a realm whose KDC nobody is, and no ticket.
class KerberosLoginTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string config = testing::TempDir() + "k2i_krb5.conf";
    std::ofstream(config) << "[libdefaults]\ndefault_realm = A.B\ndns_lookup_kdc = false\nudp_preference_limit = 1\n"
                             "[realms]\nA.B = { kdc = 127.0.0.1:1 }\n";
    setenv("KRB5_CONFIG", config.c_str(), 1);
    setenv("KRB5CCNAME", ("FILE:" + testing::TempDir() + "no_such_tickets").c_str(), 1);
    setenv("KRB5_CLIENT_KTNAME", (testing::TempDir() + "no_such_keytab").c_str(), 1);
  }
  static Error Refusal(const KerberosOptions& options) {
    KerberosLogin login(options);
    auto session = login.Begin("localhost");
    if (!session.has_value()) return session.error();
    const auto first = (*session)->Step("");
    EXPECT_FALSE(first.has_value());
    return first.has_value() ? Error{} : first.error();
  }
};

TEST_F(KerberosLoginTest, WithoutATicketSaysHowToGetOne) {
  const Error error = Refusal({.service = "hive/_HOST@A.B"});
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied) << error.message;
  EXPECT_EQ(error.component, Component::kCatalog);
  EXPECT_THAT(error.message, HasSubstr("no_such_tickets"));
  EXPECT_THAT(error.message, HasSubstr("run kinit, or set iceberg.hive.kerberos_keytab"));
}

TEST_F(KerberosLoginTest, NamesTheKeytabThatCannotBeRead) {
  const Error error = Refusal({.service = "hive/_HOST@A.B", .keytab = "/nowhere/k2i.keytab"});
  EXPECT_EQ(error.code, ErrorCode::kInvalidConfig) << error.message;
  EXPECT_THAT(error.message, HasSubstr("/nowhere/k2i.keytab: No such file"));

  const std::string empty = testing::TempDir() + "empty.keytab";
  std::ofstream(empty) << "";
  const Error none = Refusal({.service = "hive/_HOST@A.B", .keytab = empty});
  EXPECT_EQ(none.code, ErrorCode::kPermissionDenied) << none.message;
  EXPECT_THAT(none.message, HasSubstr("keytab " + empty));
  EXPECT_THAT(none.message, HasSubstr("klist -k shows it"));
}

TEST(KerberosErrorTest, SaysWhatToDo) {
  struct Case {
    int64_t minor;
    ErrorCode code;
    const char* said;
  };
  for (const Case& each :
       {Case{KRB5KRB_AP_ERR_SKEW, ErrorCode::kPermissionDenied, "the clocks of this host"},
        Case{KRB5KRB_AP_ERR_TKT_EXPIRED, ErrorCode::kPermissionDenied, "run kinit"},
        Case{KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, ErrorCode::kPermissionDenied, "iceberg.hive.kerberos_principal must be"},
        Case{KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ErrorCode::kPermissionDenied, "iceberg.hive.kerberos_keytab must be"},
        Case{KRB5_PREAUTH_FAILED, ErrorCode::kPermissionDenied, "another key than the keytab"},
        Case{KRB5_KDC_UNREACH, ErrorCode::kUnavailable, "krb5.conf"}}) {
    const Error error = KerberosError("login", GSS_S_FAILURE, static_cast<uint32_t>(each.minor), false);
    EXPECT_EQ(error.code, each.code) << error.message;
    EXPECT_THAT(error.message, HasSubstr(each.said));
  }
  EXPECT_THAT(KerberosError("login", GSS_S_NO_CRED, 0, false).message, HasSubstr("run kinit"));
  EXPECT_THAT(KerberosError("login", GSS_S_NO_CRED, 0, true).message, HasSubstr("must be a keytab"));
}

}  // namespace
}  // namespace k2i::iceberg

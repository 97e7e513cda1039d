// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "iceberg/catalog/hive/sasl.h"

namespace k2i::iceberg {

struct KerberosOptions {
  std::string service;  // principal of the metastore, "hive/_HOST@REALM"; empty: it asks for no Kerberos
  std::string keytab;   // file with our key; empty: the ticket cache (KRB5CCNAME)
  std::string client;   // principal that we are; empty: the first of the keytab, or that of the cache
};

/// "hive/_HOST@REALM" for `host`, as Hadoop reads it: in lower case.
std::string ServicePrincipal(std::string_view service, std::string_view host);

/// SASL's mechanism GSSAPI (RFC 4752) over MIT Kerberos, whose settings (krb5.conf, KRB5_CONFIG) hold. For one thread
/// at a time.
class KerberosLogin {
 public:
  explicit KerberosLogin(KerberosOptions options);

  /// A login on one connection to the metastore on `host`. From a keytab, tickets are got as they are needed and
  /// renewed in the second half of their life; they lie in memory.
  ///
  /// Here and from the steps: PermissionDenied where there is no ticket or one that does not hold, InvalidConfig for
  /// names and keytabs, Unavailable for a KDC that is not reached; each says what to do.
  Result<std::unique_ptr<SaslClient>> Begin(const std::string& host);

 private:
  const KerberosOptions options_;
  const std::string cache_;  // of tickets got from the keytab
};

}  // namespace k2i::iceberg

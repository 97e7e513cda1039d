// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/kerberos_error.h"

#include <gssapi/gssapi_krb5.h>
#include <krb5.h>

#include <algorithm>
#include <string>

namespace k2i::iceberg {
namespace {

constexpr const char* kNewTicket =
    "run kinit, or set iceberg.hive.kerberos_keytab, from which tickets are got and renewed";
constexpr const char* kService =
    "iceberg.hive.kerberos_principal must be the metastore's own (its hive.metastore.kerberos.principal), and _HOST in "
    "it stands for the host as iceberg.hive_metastore_uri names it";
constexpr const char* kKeytab =
    "iceberg.hive.kerberos_keytab must be a keytab that we may read, with the key of "
    "iceberg.hive.kerberos_client_principal (klist -k shows it)";
constexpr const char* kStaleKey = "the KDC has another key than the keytab: write a new one (kadmin: ktadd)";
constexpr const char* kClocks = "the clocks of this host, the KDC and the metastore are apart: have them set (NTP)";
constexpr const char* kKdc = "see to the realm in krb5.conf (KRB5_CONFIG) and that its KDC is reached";

struct Known {
  krb5_error_code minor;
  ErrorCode code;
  const char* advice;
};
using enum ErrorCode;
constexpr Known kKnown[] = {
    {KRB5KRB_AP_ERR_TKT_EXPIRED, kPermissionDenied, kNewTicket},
    {KRB5_FCC_NOFILE, kPermissionDenied, kNewTicket},
    {KRB5_CC_NOTFOUND, kPermissionDenied, kNewTicket},
    {KRB5_CC_END, kPermissionDenied, kNewTicket},
    {KRB5KDC_ERR_NAME_EXP, kPermissionDenied, "the principal that we are has expired: ask the realm's administrator"},
    {KRB5KDC_ERR_CLIENT_REVOKED, kPermissionDenied,
     "the principal that we are is locked: ask the realm's administrator"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, kPermissionDenied, kService},
    {KRB5_PRINC_NOMATCH, kInvalidConfig, kService},
    {KRB5_PARSE_MALFORMED, kInvalidConfig, kService},
    {KRB5KRB_AP_ERR_MODIFIED, kPermissionDenied, kService},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, kPermissionDenied, kKeytab},
    {KRB5_KT_NOTFOUND, kInvalidConfig, kKeytab},
    {KRB5_KEYTAB_BADVNO, kInvalidConfig, kKeytab},
    {KRB5KDC_ERR_PREAUTH_FAILED, kPermissionDenied, kStaleKey},
    {KRB5_PREAUTH_FAILED, kPermissionDenied, kStaleKey},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, kPermissionDenied, kStaleKey},
    {KRB5KRB_AP_ERR_SKEW, kPermissionDenied, kClocks},
    {KRB5_KDCREP_SKEW, kPermissionDenied, kClocks},
    {KRB5KRB_AP_ERR_TKT_NYV, kPermissionDenied, kClocks},
    {KRB5_KDC_UNREACH, kUnavailable, kKdc},
    {KRB5_REALM_CANT_RESOLVE, kUnavailable, kKdc},
    {KRB5_REALM_UNKNOWN, kInvalidConfig, kKdc},
    {KRB5_CONFIG_BADFORMAT, kInvalidConfig, kKdc},
    {KRB5_CONFIG_CANTOPEN, kInvalidConfig, kKdc},
    {KRB5_CONFIG_NODEFREALM, kInvalidConfig, kKdc},
};

/// By the mechanism's code first, which says more.
Known Find(OM_uint32 major, OM_uint32 minor) {
  const auto* found =
      std::ranges::find(kKnown, minor, [](const Known& each) { return static_cast<OM_uint32>(each.minor); });
  if (found != std::end(kKnown)) return *found;
  switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_NO_CRED:
    case GSS_S_CREDENTIALS_EXPIRED:
    case GSS_S_DEFECTIVE_CREDENTIAL:
      return {0, kPermissionDenied, kNewTicket};
    case GSS_S_BAD_NAME:
    case GSS_S_BAD_NAMETYPE:
      return {0, kInvalidConfig, kService};
    default:
      return {0, kPermissionDenied, nullptr};
  }
}

std::string Text(OM_uint32 status, int kind) {
  std::string text;
  OM_uint32 context = 0;
  do {
    OM_uint32 minor = 0;
    gss_buffer_desc line = GSS_C_EMPTY_BUFFER;
    if (gss_display_status(&minor, status, kind, gss_mech_krb5, &context, &line) != GSS_S_COMPLETE) break;
    if (!text.empty()) text += "; ";
    text.append(static_cast<const char*>(line.value), line.length);
    gss_release_buffer(&minor, &line);
  } while (context != 0);
  return text;
}

}  // namespace

Error KerberosError(std::string_view what, uint32_t major, uint32_t minor, bool from_keytab) {
  const Known known = Find(major, minor);
  const char* advice = from_keytab && known.advice == kNewTicket ? kKeytab : known.advice;
  // The mechanism's text is the one that names files, principals and realms.
  std::string text = minor != 0 ? Text(minor, GSS_C_MECH_CODE) : "";
  if (text.empty()) text = Text(major, GSS_C_GSS_CODE);
  std::string message = "Kerberos: " + std::string(what) + ": " + text;
  if (advice != nullptr) message += std::string(". ") + advice;
  return {known.code, std::move(message), Component::kCatalog};
}

}  // namespace k2i::iceberg

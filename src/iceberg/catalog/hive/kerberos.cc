// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/kerberos.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "iceberg/catalog/hive/kerberos_error.h"

namespace k2i::iceberg {
namespace {

std::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, "Kerberos: " + std::move(message), Component::kCatalog);
}

struct Release {
  void operator()(gss_name_t name) const {
    OM_uint32 minor = 0;
    gss_release_name(&minor, &name);
  }
  void operator()(gss_cred_id_t credential) const {
    OM_uint32 minor = 0;
    gss_release_cred(&minor, &credential);
  }
};
using Name = std::unique_ptr<gss_name_struct, Release>;
using Credential = std::unique_ptr<gss_cred_id_struct, Release>;

/// For input alone: GSSAPI writes to none.
gss_buffer_desc View(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }
  gss_buffer_t get() { return &buffer_; }
  std::string text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }

 private:
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

Result<Name> ParsePrincipal(const std::string& principal) {
  OM_uint32 minor = 0;
  gss_name_t name = GSS_C_NO_NAME;
  gss_buffer_desc text = View(principal);
  const OM_uint32 major = gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &name);
  if (GSS_ERROR(major)) return std::unexpected(KerberosError("principal " + principal, major, minor, false));
  return Name(name);
}

/// From the keytab by way of a cache in memory, where a ticket that is still young is found again.
Result<Credential> Acquire(const KerberosOptions& options, const std::string& cache) {
  Name client;
  if (!options.client.empty()) {
    K2I_ASSIGN_OR_RETURN(client, ParsePrincipal(options.client));
  }
  gss_key_value_element_desc elements[] = {{"client_keytab", options.keytab.c_str()}, {"ccache", cache.c_str()}};
  const gss_key_value_set_desc store{2, elements};
  gss_OID_set_desc mechanisms{1, gss_mech_krb5};
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_acquire_cred_from(&minor, client.get(), GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                            options.keytab.empty() ? nullptr : &store, &credential, nullptr, nullptr);
  if (GSS_ERROR(major)) {
    const bool keyed = !options.keytab.empty();
    const std::string from = keyed ? "keytab " + options.keytab : "the ticket cache";
    return std::unexpected(KerberosError("no ticket from " + from, major, minor, keyed));
  }
  return Credential(credential);
}

class GssapiClient final : public SaslClient {
 public:
  GssapiClient(Credential credential, Name server, std::string server_name, bool from_keytab)
      : credential_(std::move(credential)),
        server_(std::move(server)),
        server_name_(std::move(server_name)),
        from_keytab_(from_keytab) {}
  ~GssapiClient() override {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
  }

  std::string_view mechanism() const override { return "GSSAPI"; }
  bool complete() const override { return stage_ == Stage::kComplete; }
  size_t max_message() const override { return max_message_; }
  Result<std::string> Step(std::string_view challenge) override;
  Result<std::string> Wrap(std::string_view message) override;
  Result<std::string> Unwrap(std::string_view message) override;
  bool expired() const override {
    OM_uint32 minor = 0, seconds = 0;
    return gss_context_time(&minor, context_, &seconds) != GSS_S_COMPLETE;
  }

 private:
  enum class Stage { kContext, kLayer, kComplete };
  // Bits of the server's offer and of our choice.
  enum Layer : uint8_t { kNone = 1, kIntegrity = 2, kPrivacy = 4 };

  Result<std::string> Establish(std::string_view token);
  Result<std::string> ChooseLayer(std::string_view offer);
  Result<std::string> Seal(std::string_view message, bool privately);
  /// `privately`: whether it must have been encrypted.
  Result<std::string> Open(std::string_view message, bool privately);

  const Credential credential_;
  const Name server_;
  const std::string server_name_;
  const bool from_keytab_;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  Stage stage_ = Stage::kContext;
  OM_uint32 flags_ = 0;
  Layer layer_ = kNone;
  size_t max_message_ = std::numeric_limits<uint32_t>::max();
};

Result<std::string> GssapiClient::Step(std::string_view challenge) {
  switch (stage_) {
    case Stage::kContext:
      return Establish(challenge);
    case Stage::kLayer:
      return ChooseLayer(challenge);
    case Stage::kComplete:
      break;
  }
  return Refuse(ErrorCode::kInternal, "the exchange is over");
}

Result<std::string> GssapiClient::Establish(std::string_view token) {
  constexpr OM_uint32 kWanted = GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG;
  gss_buffer_desc input = View(token);
  Output output;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_init_sec_context(&minor, credential_.get(), &context_, server_.get(), gss_mech_krb5,
                                               kWanted, GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS, &input, nullptr,
                                               output.get(), &flags_, nullptr);
  if (GSS_ERROR(major)) return std::unexpected(KerberosError("login to " + server_name_, major, minor, from_keytab_));
  if (major == GSS_S_COMPLETE) {
    if ((flags_ & GSS_C_MUTUAL_FLAG) == 0) {
      return Refuse(ErrorCode::kPermissionDenied, server_name_ + " has not shown who it is");
    }
    stage_ = Stage::kLayer;
  }
  return output.text();
}

/// RFC 4752, section 3.1: the server offers layers in one byte and says in three how much it takes at once; we answer
/// alike. The strongest one that is offered is taken.
Result<std::string> GssapiClient::ChooseLayer(std::string_view wrapped) {
  K2I_ASSIGN_OR_RETURN(const std::string offer, Open(wrapped, /*privately=*/false));
  if (offer.size() != 4) return Refuse(ErrorCode::kCorruption, "the metastore's offer of layers is none");
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(offer[i]); };
  const OM_uint32 server_takes = OM_uint32{byte(1)} << 16 | OM_uint32{byte(2)} << 8 | byte(3);
  if ((byte(0) & kPrivacy) != 0 && (flags_ & GSS_C_CONF_FLAG) != 0) {
    layer_ = kPrivacy;
  } else if ((byte(0) & kIntegrity) != 0 && (flags_ & GSS_C_INTEG_FLAG) != 0) {
    layer_ = kIntegrity;
  } else if ((byte(0) & kNone) == 0) {
    return Refuse(ErrorCode::kNotSupported, "the metastore offers no layer that we have (its hadoop.rpc.protection)");
  }
  OM_uint32 we_take = 0;  // without a layer it must be said so
  if (layer_ != kNone) {
    OM_uint32 minor = 0, fits = 0;
    const OM_uint32 major =
        gss_wrap_size_limit(&minor, context_, layer_ == kPrivacy, GSS_C_QOP_DEFAULT, server_takes, &fits);
    if (GSS_ERROR(major)) return std::unexpected(KerberosError("layer", major, minor, from_keytab_));
    if (fits == 0) return Refuse(ErrorCode::kCorruption, "the metastore takes messages of no size");
    max_message_ = fits;
    we_take = 0xFFFFFF;
  }
  const char choice[] = {static_cast<char>(layer_), static_cast<char>(we_take >> 16), static_cast<char>(we_take >> 8),
                         static_cast<char>(we_take)};
  K2I_ASSIGN_OR_RETURN(std::string answer, Seal({choice, sizeof choice}, /*privately=*/false));
  stage_ = Stage::kComplete;
  return answer;
}

Result<std::string> GssapiClient::Seal(std::string_view message, bool privately) {
  gss_buffer_desc input = View(message);
  Output output;
  OM_uint32 minor = 0;
  int encrypted = 0;
  const OM_uint32 major = gss_wrap(&minor, context_, privately, GSS_C_QOP_DEFAULT, &input, &encrypted, output.get());
  if (GSS_ERROR(major)) return std::unexpected(KerberosError("wrapping a message", major, minor, from_keytab_));
  if (privately && encrypted == 0) return Refuse(ErrorCode::kInternal, "a message was not encrypted");
  return output.text();
}

Result<std::string> GssapiClient::Open(std::string_view message, bool privately) {
  gss_buffer_desc input = View(message);
  Output output;
  OM_uint32 minor = 0;
  int encrypted = 0;
  const OM_uint32 major = gss_unwrap(&minor, context_, &input, output.get(), &encrypted, nullptr);
  // Repeated or out of turn is not an error to GSSAPI; on one connection it is.
  if (major != GSS_S_COMPLETE)
    return std::unexpected(KerberosError("a message of the metastore", major, minor, from_keytab_));
  if (privately && encrypted == 0) {
    return Refuse(ErrorCode::kPermissionDenied, "a message of the metastore is not encrypted, against what was agreed");
  }
  return output.text();
}

Result<std::string> GssapiClient::Wrap(std::string_view message) {
  return layer_ == kNone ? std::string(message) : Seal(message, layer_ == kPrivacy);
}

Result<std::string> GssapiClient::Unwrap(std::string_view message) {
  return layer_ == kNone ? std::string(message) : Open(message, layer_ == kPrivacy);
}

std::string NewCache() {
  static std::atomic<uint64_t> made{0};
  return "MEMORY:k2i-hive-" + std::to_string(++made);
}

}  // namespace

std::string ServicePrincipal(std::string_view service, std::string_view host) {
  constexpr std::string_view kHost = "/_HOST";
  std::string principal(service);
  const size_t at = principal.find(kHost);
  if (at != std::string::npos) principal.replace(at + 1, kHost.size() - 1, LowerAscii(host));
  return principal;
}

KerberosLogin::KerberosLogin(KerberosOptions options) : options_(std::move(options)), cache_(NewCache()) {}

Result<std::unique_ptr<SaslClient>> KerberosLogin::Begin(const std::string& host) {
  std::string principal = ServicePrincipal(options_.service, host);
  K2I_ASSIGN_OR_RETURN(Name server, ParsePrincipal(principal));
  if (!options_.keytab.empty() && access(options_.keytab.c_str(), R_OK) != 0) {
    return Refuse(ErrorCode::kInvalidConfig,
                  "iceberg.hive.kerberos_keytab: " + options_.keytab + ": " + std::generic_category().message(errno));
  }
  K2I_ASSIGN_OR_RETURN(Credential credential, Acquire(options_, cache_));
  return std::make_unique<GssapiClient>(std::move(credential), std::move(server), std::move(principal),
                                        !options_.keytab.empty());
}

}  // namespace k2i::iceberg

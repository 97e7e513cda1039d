// SPDX-License-Identifier: Apache-2.0
//
// libparquet of the pyarrow wheel exports OpenSSL and simdjson symbols of its own. Bound to those, the system's libssl
// and libcrypto jump to null as soon as they load the default CA certificates, and what was compiled with the headers
// of another simdjson crashes as it parses; cmake/Dependencies.cmake therefore links ssl, crypto and simdjson first.
// One process here uses all that can get into each other's way: TLS by libcurl, TLS by librdkafka, and Parquet
// encryption; and the names must be bound to OpenSSL's own libraries, for the crash depends on what is called first.
#include <arrow/api.h>
#include <arrow/flight/client.h>
#include <arrow/flight/server.h>
#include <arrow/io/memory.h>
#include <arrow/util/secure_string.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/encryption/encryption.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Freer<Free>>;

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

/// A key and a certificate for 127.0.0.1 that it signs itself.
struct Certificate {
  Owned<EVP_PKEY, EVP_PKEY_free> key{EVP_EC_gen("P-256")};
  Owned<X509, X509_free> x509{X509_new()};

  Certificate() {
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME* name = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("k2i test"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), name);
    AddExtension(NID_subject_alt_name, "IP:127.0.0.1");
    AddExtension(NID_basic_constraints, "critical,CA:TRUE");
    Require(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0, "X509_sign");
  }

  std::string Pem() const {
    Owned<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), x509.get());
    return Text(bio.get());
  }

  std::string KeyPem() const {
    Owned<BIO, BIO_free> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return Text(bio.get());
  }

 private:
  static std::string Text(BIO* bio) {
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio, &text);
    return std::string(text, static_cast<size_t>(length));
  }

  void AddExtension(int nid, const char* value) {
    Owned<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    X509_add_ext(x509.get(), extension.get(), -1);
  }
};

/// Answers every TLS connection with an empty page, and counts handshakes that succeeded.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate) : context_(SSL_CTX_new(TLS_server_method())) {
    Require(context_ != nullptr, "SSL_CTX_new");
    Require(SSL_CTX_use_certificate(context_.get(), certificate.x509.get()) == 1, "certificate");
    Require(SSL_CTX_use_PrivateKey(context_.get(), certificate.key.get()) == 1, "key");
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0, "bind");
    Require(listen(listener_, 8) == 0, "listen");
    Require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~TlsServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int handshakes() const { return handshakes_; }

 private:
  void Run() {
    for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) Serve(client);
  }
  void Serve(int client) {
    const timeval patience{.tv_sec = 5};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    Owned<SSL, SSL_free> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), client);
    if (SSL_accept(ssl.get()) != 1) return;
    ++handshakes_;
    char request[4096];
    if (SSL_read(ssl.get(), request, sizeof(request)) <= 0) return;
    constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    SSL_write(ssl.get(), kAnswer.data(), static_cast<int>(kAnswer.size()));
    SSL_shutdown(ssl.get());
  }

  Owned<SSL_CTX, SSL_CTX_free> context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> handshakes_{0};
  std::thread thread_;
};

size_t AppendBody(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

std::string GetOverTls(const std::string& url, std::string ca_pem) {
  Owned<CURL, curl_easy_cleanup> curl(curl_easy_init());
  std::string body;
  curl_blob ca{.data = ca_pem.data(), .len = ca_pem.size(), .flags = CURL_BLOB_COPY};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(curl.get());
  return code == CURLE_OK ? body : curl_easy_strerror(code);
}

/// A SASL_SSL client that trusts `ca_pem`; it connects by itself.
Owned<rd_kafka_t, rd_kafka_destroy> MakeKafkaClient(const std::string& servers, const std::string& ca_pem) {
  char reason[512] = "";
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::pair<const char*, std::string> options[] = {
      {"bootstrap.servers", servers},        {"security.protocol", "SASL_SSL"},
      {"sasl.mechanisms", "SCRAM-SHA-256"},  {"sasl.username", "k2i"},
      {"sasl.password", "secret"},           {"ssl.ca.pem", ca_pem},
      {"enable.sparse.connections", "false"}};
  for (const auto& [key, value] : options) {
    Require(rd_kafka_conf_set(conf, key, value.c_str(), reason, sizeof(reason)) == RD_KAFKA_CONF_OK, reason);
  }
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  Require(client != nullptr, reason);
  return Owned<rd_kafka_t, rd_kafka_destroy>(client);
}

/// What a Flight client and a Flight server say to each other over TLS.
arrow::Status CallFlightOverTls(const Certificate& certificate) {
  namespace flight = arrow::flight;
  struct Server final : flight::FlightServerBase {
    arrow::Status ListActions(const flight::ServerCallContext&, std::vector<flight::ActionType>* actions) override {
      actions->emplace_back("nothing", "does nothing");
      return arrow::Status::OK();
    }
  } server;
  ARROW_ASSIGN_OR_RAISE(const auto any_port, flight::Location::ForGrpcTls("127.0.0.1", 0));
  flight::FlightServerOptions server_options(any_port);
  server_options.tls_certificates = {{certificate.Pem(), certificate.KeyPem()}};
  ARROW_RETURN_NOT_OK(server.Init(server_options));
  flight::FlightClientOptions client_options = flight::FlightClientOptions::Defaults();
  client_options.tls_root_certs = certificate.Pem();
  ARROW_ASSIGN_OR_RAISE(const auto location, flight::Location::ForGrpcTls("127.0.0.1", server.port()));
  ARROW_ASSIGN_OR_RAISE(const auto client, flight::FlightClient::Connect(location, client_options));
  ARROW_ASSIGN_OR_RAISE(const auto actions, client->ListActions());
  ARROW_RETURN_NOT_OK(client->Close());
  ARROW_RETURN_NOT_OK(server.Shutdown());
  return actions.size() == 1 ? arrow::Status::OK() : arrow::Status::Invalid("no action");
}

const arrow::util::SecureString kFooterKey(std::string("0123456789abcdef"));

std::shared_ptr<arrow::Buffer> WriteEncrypted(const arrow::Table& table) {
  const auto encryption = parquet::FileEncryptionProperties::Builder(kFooterKey).build();
  const auto properties = parquet::WriterProperties::Builder().encryption(encryption)->build();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto written =
      parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, table.num_rows(), properties);
  Require(written.ok(), "write");
  return sink->Finish().ValueOrDie();
}

std::shared_ptr<arrow::Table> ReadEncrypted(const std::shared_ptr<arrow::Buffer>& file) {
  auto properties = parquet::default_reader_properties();
  properties.file_decryption_properties(parquet::FileDecryptionProperties::Builder().footer_key(kFooterKey)->build());
  parquet::arrow::FileReaderBuilder builder;
  Require(builder.Open(std::make_shared<arrow::io::BufferReader>(file), properties).ok(), "open");
  return builder.Build().ValueOrDie()->ReadTable().ValueOrDie();
}

TEST(OpensslOrderTest, TlsKafkaFlightAndParquetEncryptionLiveInOneProcess) {
  const Certificate certificate;
  TlsServer server(certificate);
  EXPECT_EQ(GetOverTls("https://" + server.address() + "/", certificate.Pem()), "ok");
  EXPECT_EQ(server.handshakes(), 1);

  const auto kafka = MakeKafkaClient(server.address(), certificate.Pem());
  for (int i = 0; i < 200 && server.handshakes() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_GE(server.handshakes(), 2) << "librdkafka has not finished a handshake";

  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < 1000; ++i) ASSERT_TRUE(numbers.Append(i).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                        std::vector{numbers.Finish().ValueOrDie()});
  const auto file = WriteEncrypted(*table);
  EXPECT_EQ(file->ToString().substr(0, 4), "PARE");
  EXPECT_TRUE(ReadEncrypted(file)->Equals(*table));

  const arrow::Status flight = CallFlightOverTls(certificate);
  EXPECT_TRUE(flight.ok()) << flight;

  EXPECT_EQ(GetOverTls("https://" + server.address() + "/", certificate.Pem()), "ok");
}

/// Which library a name is bound to, for every library of the process.
std::string BoundTo(const char* symbol) {
  Dl_info info{};
  void* address = dlsym(RTLD_DEFAULT, symbol);
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fname : "nothing";
}

TEST(OpensslOrderTest, OpensslsNamesAreBoundToOpenssl) {
  for (const char* symbol : {"EVP_DigestInit_ex", "CRYPTO_free", "OPENSSL_init_crypto", "X509_verify_cert"}) {
    EXPECT_NE(BoundTo(symbol).find("libcrypto.so"), std::string::npos) << symbol << " is " << BoundTo(symbol);
  }
  EXPECT_NE(BoundTo("SSL_CTX_new").find("libssl.so"), std::string::npos);
}

TEST(OpensslOrderTest, SimdjsonsNamesAreBoundToSimdjson) {
  const std::string found = BoundTo("_ZN8simdjson25get_active_implementationEv");
  EXPECT_NE(found.find("libsimdjson.so"), std::string::npos) << found;
}

}  // namespace

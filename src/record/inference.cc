// SPDX-License-Identifier: Apache-2.0
#include "record/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "record/json_reader.h"
#include "record/message_column.h"
#include "record/number_text.h"
#include "record/time_text.h"

namespace k2i::record {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;
using iceberg::TypePtr;

/// Kinds of values seen in one place.
enum Kind : unsigned {
  kBoolean = 1,
  kInteger = 2,
  kReal = 4,
  kBeyondNumbers = 8,  // of 64 bits, or of a double
  kTimestamp = 16,
  kText = 32,
  kObject = 64,
  kArray = 128,
};

/// What was seen in one place of the samples.
struct Seen {
  unsigned kinds = 0;
  std::vector<std::pair<std::string, std::unique_ptr<Seen>>> fields;  // of objects, in the order first seen
  std::unique_ptr<Seen> element;                                      // of arrays

  Seen& Field(std::string_view name) {
    const auto found = std::ranges::find(fields, name, [](const auto& field) { return std::string_view(field.first); });
    if (found != fields.end()) return *found->second;
    return *fields.emplace_back(name, std::make_unique<Seen>()).second;
  }
  Seen& Element() {
    if (element == nullptr) element = std::make_unique<Seen>();
    return *element;
  }
};

unsigned KindOfNumber(std::string_view token) {
  if (token.find_first_of(".eE") != std::string_view::npos) {
    double real = 0;
    return ParseDouble(token, &real) == nullptr ? kReal : kBeyondNumbers;
  }
  int64_t value = 0;
  return ParseInt64(token, &value) == nullptr ? kInteger : kBeyondNumbers;
}

unsigned KindOfString(std::string_view characters) {
  int64_t value = 0;
  return ParseTimestamp(characters, Zone::kWith, TimeUnit::kMicros, &value) == nullptr ? kTimestamp : kText;
}

/// Walks texts that JsonReader has found well-formed, so that no return value says anything new.
class Observer {
 public:
  /// False: not a well-formed object.
  bool Observe(std::string_view json, Seen& seen) {
    if (!reader_.Start(json)) return false;
    // A whole walk first: a sample that is malformed at its end must leave nothing behind.
    if (!WellFormed()) return false;
    reader_.Start(json);
    return ObserveObject(seen);
  }

 private:
  static constexpr int kMaxDepth = 100;  // below it values count as text

  bool WellFormed() {
    reader_.TakeChar();
    if (reader_.Peek() == '}') {
      reader_.TakeChar();
      return reader_.CheckEnd();
    }
    for (bool more = true; more;) {
      std::string_view key, value;
      if (!reader_.TakeKey(&key) || !reader_.TakeValue(&value) || !reader_.TakeCommaOr('}', &more)) return false;
    }
    return reader_.CheckEnd();
  }

  bool ObserveValue(Seen& seen) {
    const char first = reader_.Peek();
    if (first == '{' || first == '[') return ObserveNested(first, seen);
    const std::string_view token = reader_.TakeScalar();
    if (first == '"') {
      std::string_view characters;
      reader_.Unquote(token, &characters);
      seen.kinds |= KindOfString(characters);
    } else if (first == 't' || first == 'f') {
      seen.kinds |= kBoolean;
    } else if (first != 'n') {
      seen.kinds |= KindOfNumber(token);
    }
    return true;
  }

  bool ObserveNested(char open, Seen& seen) {
    if (depth_ == kMaxDepth) {
      std::string_view text;
      seen.kinds |= kText;
      return reader_.TakeValue(&text);
    }
    ++depth_;
    seen.kinds |= open == '{' ? kObject : kArray;
    open == '{' ? ObserveObject(seen) : ObserveArray(seen);
    --depth_;
    return true;
  }

  bool ObserveObject(Seen& seen) {
    reader_.TakeChar();
    bool more = reader_.Peek() != '}';
    if (!more) reader_.TakeChar();
    while (more) {
      std::string_view key;
      reader_.TakeKey(&key);
      ObserveValue(seen.Field(key));
      reader_.TakeCommaOr('}', &more);
    }
    return true;
  }

  bool ObserveArray(Seen& seen) {
    reader_.TakeChar();
    bool more = reader_.Peek() != ']';
    if (!more) reader_.TakeChar();
    while (more) {
      ObserveValue(seen.Element());
      reader_.TakeCommaOr(']', &more);
    }
    return true;
  }

  JsonReader reader_;
  int depth_ = 0;
};

/// Turns what was seen into types.
class SchemaBuilder {
 public:
  explicit SchemaBuilder(std::vector<LeftOut>& left_out) : left_out_(left_out) {}

  void Reserve(const std::string& name) { taken_.insert(LowerAscii(name)); }

  std::vector<NestedField> Fields(const Seen& seen, const std::string& prefix) {
    std::vector<NestedField> fields;
    for (const auto& [name, field] : seen.fields) {
      const std::string path = prefix + name;
      if (name.empty()) {
        LeaveOut(path, "its name is empty");
      } else if (taken_.contains(LowerAscii(path))) {
        LeaveOut(path, "another column has this name, or differs from it only in case");
      } else if (TypePtr type = TypeOf(*field, path)) {
        taken_.insert(LowerAscii(path));
        fields.push_back({.name = name, .type = std::move(type)});
      }
    }
    return fields;
  }

 private:
  void LeaveOut(std::string path, std::string reason) { left_out_.push_back({std::move(path), std::move(reason)}); }

  TypePtr NoType(const std::string& path, const char* reason) {
    LeaveOut(path, reason);
    return nullptr;
  }

  TypePtr TypeOf(const Seen& seen, const std::string& path) {
    switch (seen.kinds) {
      case 0:
        return NoType(path, "only nulls were seen");
      case kBoolean:
        return Type::Primitive(TypeId::kBoolean);
      case kInteger:
        return Type::Primitive(TypeId::kLong);
      case kReal:
      case kInteger | kReal:
        return Type::Primitive(TypeId::kDouble);
      case kTimestamp:
        return Type::Primitive(TypeId::kTimestampTz);
      case kObject:
        return StructOf(seen, path);
      case kArray:
        return ListOf(seen, path);
      default:
        return Type::Primitive(TypeId::kString);
    }
  }

  TypePtr StructOf(const Seen& seen, const std::string& path) {
    std::vector<NestedField> fields = Fields(seen, path + ".");
    if (fields.empty()) return NoType(path, "no field with a type was seen in it");
    return Type::Struct(std::move(fields));
  }

  TypePtr ListOf(const Seen& seen, const std::string& path) {
    if (seen.element == nullptr) return NoType(path, "only empty lists were seen");
    TypePtr element = TypeOf(*seen.element, path + ".element");
    return element == nullptr ? nullptr : Type::List({.type = std::move(element)});
  }

  std::vector<LeftOut>& left_out_;
  std::set<std::string> taken_;  // paths in lower case
};

}  // namespace

Result<Inference> InferSchema(std::span<const std::string_view> samples, const DecoderOptions& options) {
  Inference inference;
  Seen seen;
  Observer observer;
  for (const std::string_view sample : samples) {
    observer.Observe(sample, seen) ? ++inference.samples_used : ++inference.samples_skipped;
  }
  SchemaBuilder builder(inference.left_out);
  std::vector<NestedField> metadata = MetadataFields(options);
  for (const NestedField& field : metadata) builder.Reserve(field.name);
  std::vector<NestedField> fields = builder.Fields(seen, "");
  if (fields.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("no schema can be inferred: none of {} samples has a field with a type", samples.size()));
  }
  std::ranges::move(metadata, std::back_inserter(fields));
  inference.schema.type = Type::Struct(std::move(fields));
  return inference;
}

iceberg::Schema RawSchema(const DecoderOptions& options) {
  std::vector<NestedField> fields = {
      {.name = kRawKeyColumn, .type = Type::Primitive(TypeId::kBinary), .doc = "Key of the Kafka record"},
      {.name = kRawValueColumn, .type = Type::Primitive(TypeId::kBinary), .doc = "Value of the Kafka record"},
      {.name = kRawHeadersColumn, .type = HeadersType(), .doc = "Headers of the Kafka record"},
  };
  std::ranges::move(MetadataFields(options), std::back_inserter(fields));
  return {.type = Type::Struct(std::move(fields))};
}

}  // namespace k2i::record

// SPDX-License-Identifier: Apache-2.0
#include "record/number_text.h"

#include <array>
#include <charconv>
#include <limits>

namespace k2i::record {
namespace {

constexpr Why kNotANumber = "is not a number";
constexpr Why kNotAnInteger = "is not an integer";
constexpr int kMaxExponent = 100'000;  // beyond every type; keeps sums of exponents from overflowing

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// About ± mantissa × 10^exponent(); exactly that when no digit was left out.
struct NumberParts {
  bool negative = false;
  uint64_t mantissa = 0;  // of the first 19 digits from the first that is not zero
  int left_out = 0;       // digits after those
  int last_exponent = 0;  // of the last digit as written
  int exponent() const { return last_exponent + left_out; }
};

class NumberScanner {
 public:
  explicit NumberScanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// False: not a JSON number.
  bool Scan(NumberParts* parts) {
    parts->negative = TakeIf('-');
    if (at_ == end_ || !IsDigit(*at_)) return false;
    if (*at_ == '0') {
      ++at_;
    } else {
      while (at_ != end_ && IsDigit(*at_)) AddDigit(parts);
    }
    if (TakeIf('.')) {
      if (at_ == end_ || !IsDigit(*at_)) return false;
      while (at_ != end_ && IsDigit(*at_)) {
        --parts->last_exponent;
        AddDigit(parts);
      }
    }
    if (TakeIf('e') || TakeIf('E')) return ScanExponent(parts);
    return at_ == end_;
  }

 private:
  bool TakeIf(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  void AddDigit(NumberParts* parts) {
    if (digits_ < 19) {
      parts->mantissa = parts->mantissa * 10 + static_cast<uint64_t>(*at_ - '0');
      digits_ += parts->mantissa != 0;
    } else {
      ++parts->left_out;
    }
    ++at_;
  }

  bool ScanExponent(NumberParts* parts) {
    const bool negative = TakeIf('-');
    if (!negative) TakeIf('+');
    if (at_ == end_) return false;
    int exponent = 0;
    for (; at_ != end_; ++at_) {
      if (!IsDigit(*at_)) return false;
      if (exponent < kMaxExponent) exponent = exponent * 10 + (*at_ - '0');
    }
    parts->last_exponent += negative ? -exponent : exponent;
    return true;
  }

  const char* at_;
  const char* end_;
  int digits_ = 0;
};

constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Reads numbers of at most 15 digits with no exponent, which are most. False: any other text.
bool ScanPlainNumber(std::string_view text, uint64_t* mantissa, size_t* fraction_digits) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() > 16 || text.empty() || (text.size() > 1 && *at == '0' && at[1] != '.')) return false;
  const char* point = end;
  *mantissa = 0;
  for (; at != end; ++at) {
    if (IsDigit(*at)) {
      *mantissa = *mantissa * 10 + static_cast<uint64_t>(*at - '0');
    } else if (*at == '.' && point == end) {
      point = at;
    } else {
      return false;
    }
  }
  if (point == text.data() || point + 1 == end || (point == end && text.size() > 15)) return false;
  *fraction_digits = point == end ? 0 : static_cast<size_t>(end - point - 1);
  return true;
}

/// Clinger's fast path: both factors are exact doubles, so one rounding gives the nearest result.
bool ExactDouble(const NumberParts& parts, double* out) {
  const int exponent = parts.exponent();
  if (parts.left_out > 0 || parts.mantissa > uint64_t{1} << 53 || exponent < -22 || exponent > 22) return false;
  const double mantissa = static_cast<double>(parts.mantissa);
  const double value = exponent < 0 ? mantissa / kPowers[static_cast<size_t>(-exponent)]
                                    : mantissa * kPowers[static_cast<size_t>(exponent)];
  *out = parts.negative ? -value : value;
  return true;
}

template <typename T>
Why RoundToNearest(std::string_view text, const NumberParts& parts, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (error == std::errc()) return nullptr;
  if (parts.exponent() > 0) return sizeof(T) == 4 ? "does not fit a float" : "does not fit a double";
  *out = parts.negative ? -T{0} : T{0};  // closer to zero than the smallest number
  return nullptr;
}

/// The digits of a number that is known to be one, without leading and trailing zeros.
struct SignificantDigits {
  std::array<char, 40> digits{};
  int count = 0;     // may be more than are kept
  int exponent = 0;  // of the last digit
};

SignificantDigits CollectDigits(std::string_view text, int exponent_of_last) {
  SignificantDigits result;
  int zeros = 0;  // seen since the last digit that is not zero
  for (const char c : text) {
    if (c == 'e' || c == 'E') break;
    if (!IsDigit(c)) continue;
    if (c == '0') {
      ++zeros;
      continue;
    }
    const int gap = result.count == 0 ? 0 : zeros;
    for (int i = 0; i < gap; ++i, ++result.count) {
      if (result.count < 40) result.digits[static_cast<size_t>(result.count)] = '0';
    }
    if (result.count < 40) result.digits[static_cast<size_t>(result.count)] = c;
    ++result.count;
    zeros = 0;
  }
  result.exponent = exponent_of_last + zeros;
  return result;
}

Why ParseIntegralSlowly(std::string_view text, int64_t* out) {
  iceberg::Decimal128::Rep value = 0;
  const Why why = ParseDecimal(text, 38, 0, &value);
  if (why == kNotANumber || why == kNotAnInteger) return why;
  constexpr Why kTooLarge = "does not fit a long";
  if (why != nullptr) return kTooLarge;
  if (value < std::numeric_limits<int64_t>::min() || value > std::numeric_limits<int64_t>::max()) return kTooLarge;
  *out = static_cast<int64_t>(value);
  return nullptr;
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  NumberParts parts;
  return NumberScanner(text).Scan(&parts);
}

Why ParseInt64(std::string_view text, int64_t* out) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative);
  if (digits.empty() || digits.size() > 18 || (digits[0] == '0' && digits.size() > 1)) {
    return ParseIntegralSlowly(text, out);
  }
  int64_t value = 0;
  for (const char c : digits) {
    if (!IsDigit(c)) return ParseIntegralSlowly(text, out);
    value = value * 10 + (c - '0');
  }
  *out = negative ? -value : value;
  return nullptr;
}

Why ParseInt32(std::string_view text, int32_t* out) {
  int64_t value = 0;
  if (const Why why = ParseInt64(text, &value)) return why;
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return "does not fit an int";
  }
  *out = static_cast<int32_t>(value);
  return nullptr;
}

Why ParseDouble(std::string_view text, double* out) {
  uint64_t mantissa = 0;
  size_t fraction_digits = 0;
  if (ScanPlainNumber(text, &mantissa, &fraction_digits)) {
    *out = static_cast<double>(mantissa) / kPowers[fraction_digits];
    return nullptr;
  }
  NumberParts parts;
  if (!NumberScanner(text).Scan(&parts)) return kNotANumber;
  return ExactDouble(parts, out) ? nullptr : RoundToNearest(text, parts, out);
}

Why ParseFloat(std::string_view text, float* out) {
  NumberParts parts;
  if (!NumberScanner(text).Scan(&parts)) return kNotANumber;
  return RoundToNearest(text, parts, out);
}

Why ParseDecimal(std::string_view text, int precision, int scale, iceberg::Decimal128::Rep* out) {
  NumberParts parts;
  if (!NumberScanner(text).Scan(&parts)) return kNotANumber;
  const SignificantDigits digits = CollectDigits(text, parts.last_exponent);
  *out = 0;
  if (digits.count == 0) return nullptr;
  const int shift = digits.exponent + scale;
  if (shift < 0) return scale == 0 ? kNotAnInteger : "has more fractional digits than the decimal's scale";
  if (digits.count + shift > precision) return "has more digits than the decimal's precision";
  for (int i = 0; i < digits.count + shift; ++i) {
    *out = *out * 10 + (i < digits.count ? digits.digits[static_cast<size_t>(i)] - '0' : 0);
  }
  if (parts.negative) *out = -*out;
  return nullptr;
}

}  // namespace k2i::record

#include "market/codec.hpp"

#include <bit>
#include <cstring>

namespace ballast::market {
namespace {

constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;  // 2^64 divided by the golden ratio, odd

std::uint64_t to_little(std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

std::uint64_t word_at(const char* data, std::size_t index) {
  std::uint64_t word;
  std::memcpy(&word, data + index * 8, 8);
  return to_little(word);
}

// Four independent lanes keep the multiplier busy. Each step is a bijection of its lane for a given word, so any
// change of a single word changes the result.
std::uint64_t checksum(const char* data, std::size_t words, unsigned column) {
  std::uint64_t lane[4] = {column + 1ULL, column + 2ULL, column + 3ULL, column + 4ULL};
  std::size_t i = 0;
  for (; i + 4 <= words; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) lane[k] = std::rotl((lane[k] ^ word_at(data, i + k)) * kMultiplier, 29);
  }
  for (; i < words; ++i) lane[i % 4] = std::rotl((lane[i % 4] ^ word_at(data, i)) * kMultiplier, 29);
  std::uint64_t out = words;
  for (const std::uint64_t each : lane) out = std::rotl((out ^ each) * kMultiplier, 29);
  return out ^ (out >> 32);
}

template <class T>
void encode(std::string& out, std::span<const T> values, unsigned column) {
  static_assert(sizeof(T) == 8);
  out.resize(values.size() * 8 + 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t word = to_little(std::bit_cast<std::uint64_t>(values[i]));
    std::memcpy(out.data() + i * 8, &word, 8);
  }
  const std::uint64_t sum = to_little(checksum(out.data(), values.size(), column));
  std::memcpy(out.data() + values.size() * 8, &sum, 8);
}

template <class T>
bool decode(std::string_view blob, std::size_t rows, unsigned column, std::vector<T>& out) {
  if (blob.size() != rows * 8 + 8 || word_at(blob.data(), rows) != checksum(blob.data(), rows, column)) return false;
  out.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) out[i] = std::bit_cast<T>(word_at(blob.data(), i));
  return true;
}

}  // namespace

void encode_column(std::string& out, std::span<const std::int64_t> values, unsigned column) {
  encode(out, values, column);
}
void encode_column(std::string& out, std::span<const double> values, unsigned column) { encode(out, values, column); }
bool decode_column(std::string_view blob, std::size_t rows, unsigned column, std::vector<std::int64_t>& out) {
  return decode(blob, rows, column, out);
}
bool decode_column(std::string_view blob, std::size_t rows, unsigned column, std::vector<double>& out) {
  return decode(blob, rows, column, out);
}

}  // namespace ballast::market

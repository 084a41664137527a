// Column blobs: little-endian 64-bit values and a checksum behind them. The checksum finds damage that SQLite,
// which has none, would hand on as prices; it is no protection against intent. Format: docs/formats/market_store.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ballast::market {

/// Appends nothing: replaces `out` by the values and their checksum. `column` enters the checksum, so that blobs of
/// different columns cannot be exchanged unseen.
void encode_column(std::string& out, std::span<const std::int64_t> values, unsigned column);
void encode_column(std::string& out, std::span<const double> values, unsigned column);

/// Replaces `out` by the values. Returns: whether the length is that of `rows` values and the checksum is right.
[[nodiscard]] bool decode_column(std::string_view blob, std::size_t rows, unsigned column,
                                 std::vector<std::int64_t>& out);
[[nodiscard]] bool decode_column(std::string_view blob, std::size_t rows, unsigned column, std::vector<double>& out);

}  // namespace ballast::market

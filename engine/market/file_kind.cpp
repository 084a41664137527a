#include "market/file_kind.hpp"

#include <utility>

namespace ballast::market {

using namespace std::string_view_literals;

std::string_view what_is_not_csv(std::string_view beginning) {
  static constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
      {"\x1f\x8b"sv, "compressed by gzip: unpack it with gunzip"},
      {"PK\x03\x04"sv, "a ZIP archive: unpack it with unzip"},
      {"\x28\xb5\x2f\xfd"sv, "compressed by zstd: unpack it with unzstd"},
      {"BZh"sv, "compressed by bzip2: unpack it with bunzip2"},
      {"\xfd\x37zXZ"sv, "compressed by xz: unpack it with unxz"},
      {"PAR1"sv, "a Parquet file"},
      {"SQLite format 3"sv, "an SQLite database"},
      {"\xff\xfe"sv, "UTF-16 text: convert it to UTF-8 with iconv"},
      {"\xfe\xff"sv, "UTF-16 text: convert it to UTF-8 with iconv"}};
  for (const auto& [mark, words] : kMarks) {
    if (beginning.starts_with(mark)) return words;
  }
  // CSV holds no zero byte.
  return beginning.find('\0') == std::string_view::npos ? std::string_view() : "binary data";
}

}  // namespace ballast::market

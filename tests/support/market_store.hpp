// A folder of its own for each test, and market data small enough to check by eye.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "market/store.hpp"

namespace ballast::test {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ballast-market-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::filesystem::path file(std::string_view name, std::string_view text) const {
    core::write_file_atomically(path_ / name, text);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// Hourly bars whose close is 100, 101, 102 ...
inline market::Bars hourly_bars(std::int64_t first_ms, std::size_t count, double first_close = 100) {
  market::Bars out;
  for (std::size_t i = 0; i < count; ++i) {
    const double close = first_close + static_cast<double>(i);
    out.open_time_ms.push_back(first_ms + static_cast<std::int64_t>(i) * 3'600'000);
    out.open.push_back(close);
    out.high.push_back(close + 1);
    out.low.push_back(close - 1);
    out.close.push_back(close);
    out.volume.push_back(1 + static_cast<double>(i % 7));
  }
  return out;
}

inline market::Bars slice(const market::Bars& bars, std::size_t from, std::size_t to) {
  const auto cut = [&](const auto& column) {
    return std::decay_t<decltype(column)>(column.begin() + static_cast<std::ptrdiff_t>(from),
                                          column.begin() + static_cast<std::ptrdiff_t>(to));
  };
  return {cut(bars.open_time_ms), cut(bars.open), cut(bars.high), cut(bars.low), cut(bars.close), cut(bars.volume)};
}

}  // namespace ballast::test

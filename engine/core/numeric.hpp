// Large numeric data that primitives hand to each other without copying: immutable, contiguous doubles.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace ballast::core {

/// `values[i]`; length n.
struct Vector {
  std::vector<double> values;
};

/// Row-major: element (r, c) is `values[r * columns + c]`.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;
};

/// Values with their times: `times_ms[i]` (milliseconds since 1970, ascending) belongs to `values[i]`.
struct Series {
  std::vector<std::int64_t> times_ms;
  std::vector<double> values;
};

using VectorHandle = std::shared_ptr<const Vector>;
using MatrixHandle = std::shared_ptr<const Matrix>;
using SeriesHandle = std::shared_ptr<const Series>;

inline std::size_t size_in_bytes(const Vector& v) { return sizeof v + v.values.size() * sizeof(double); }
inline std::size_t size_in_bytes(const Matrix& m) { return sizeof m + m.values.size() * sizeof(double); }
inline std::size_t size_in_bytes(const Series& s) { return sizeof s + s.values.size() * 2 * sizeof(double); }

}  // namespace ballast::core

// ballast.numeric and the methods of Vector, Matrix and Series.
#include "modules/module_list.hpp"

#include "core/error.hpp"
#include "core/numeric.hpp"

namespace ballast::modules {
namespace {

using core::Matrix;
using core::MatrixHandle;
using core::Series;
using core::SeriesHandle;
using core::Vector;
using core::VectorHandle;

VectorHandle make_vector(const VectorHandle& values) { return values; }
MatrixHandle make_matrix(const MatrixHandle& rows) { return rows; }

template <class Handle>
double element(const Handle& handle, std::int64_t index, std::size_t size) {
  if (index < 1 || static_cast<std::size_t>(index) > size) {
    throw core::Error(core::Code::argument, fmt::format("index {} is outside [1, {}]", index, size));
  }
  return handle->values[static_cast<std::size_t>(index - 1)];
}

double vector_get(const VectorHandle& self, std::int64_t index) { return element(self, index, self->values.size()); }
std::vector<double> vector_to_table(const VectorHandle& self) { return self->values; }
VectorHandle vector_slice(const VectorHandle& self, std::int64_t first, const std::optional<std::int64_t>& last) {
  const auto size = static_cast<std::int64_t>(self->values.size());
  const std::int64_t to = last.value_or(size);
  if (first < 1 || to > size || first > to + 1) {
    throw core::Error(core::Code::argument, fmt::format("[{}, {}] is not inside [1, {}]", first, to, size));
  }
  return std::make_shared<const Vector>(Vector{{self->values.begin() + (first - 1), self->values.begin() + to}});
}

double matrix_get(const MatrixHandle& self, std::int64_t row, std::int64_t column) {
  if (row < 1 || column < 1 || static_cast<std::size_t>(row) > self->rows ||
      static_cast<std::size_t>(column) > self->columns) {
    throw core::Error(core::Code::argument,
                      fmt::format("({}, {}) is outside {} x {}", row, column, self->rows, self->columns));
  }
  return self->values[static_cast<std::size_t>(row - 1) * self->columns + static_cast<std::size_t>(column - 1)];
}
std::vector<std::vector<double>> matrix_to_table(const MatrixHandle& self) {
  std::vector<std::vector<double>> out;
  for (std::size_t r = 0; r < self->rows; ++r) {
    const auto from = self->values.begin() + static_cast<std::ptrdiff_t>(r * self->columns);
    out.emplace_back(from, from + static_cast<std::ptrdiff_t>(self->columns));
  }
  return out;
}

double series_get(const SeriesHandle& self, std::int64_t index) { return element(self, index, self->values.size()); }
core::Instant series_time(const SeriesHandle& self, std::int64_t index) {
  element(self, index, self->values.size());
  return core::Instant::from_milliseconds(self->times_ms[static_cast<std::size_t>(index - 1)]);
}
std::vector<double> series_to_table(const SeriesHandle& self) { return self->values; }
VectorHandle series_values(const SeriesHandle& self) { return std::make_shared<const Vector>(Vector{self->values}); }

constexpr auto kNumeric = bind::module_of(
    "ballast.numeric", "Numeric data that primitives hand to each other without copying.",
    bind::fn<&make_vector>("vector", "Makes a Vector from a list of finite numbers.",
                           {{{.name = "values", .doc = "Numbers."}}}, {.name = "vector", .doc = "Immutable vector."}),
    bind::fn<&make_matrix>("matrix", "Makes a Matrix from rows of equally many numbers.",
                           {{{.name = "rows", .doc = "List of lists."}}},
                           {.name = "matrix", .doc = "Immutable matrix."}));

constexpr Words kIndex{.name = "index", .doc = "Position, the first is 1."};

constexpr auto kVector = bind::module_of(
    "Vector", "Methods of vectors.",
    bind::fn<&vector_get>("get", "Returns one element.", {{{.name = "self", .doc = "The vector."}, kIndex}},
                          {.name = "value", .doc = "The element."}),
    bind::fn<&vector_slice>("slice", "Returns a part of the vector.",
                            {{{.name = "self", .doc = "The vector."},
                              {.name = "first", .doc = "First position."},
                              {.name = "last", .doc = "Last position; the end when left out."}}},
                            {.name = "part", .doc = "Elements first to last."}),
    bind::fn<&vector_to_table>("to_table", "Copies the elements into a list.",
                               {{{.name = "self", .doc = "The vector."}}}, {.name = "list", .doc = "Numbers."}));

constexpr auto kMatrix = bind::module_of(
    "Matrix", "Methods of matrices.",
    bind::fn<&matrix_get>("get", "Returns one element.",
                          {{{.name = "self", .doc = "The matrix."},
                            {.name = "row", .doc = "Row, the first is 1."},
                            {.name = "column", .doc = "Column, the first is 1."}}},
                          {.name = "value", .doc = "The element."}),
    bind::fn<&matrix_to_table>("to_table", "Copies the rows into lists.", {{{.name = "self", .doc = "The matrix."}}},
                               {.name = "rows", .doc = "List of lists."}));

constexpr auto kSeries = bind::module_of(
    "Series", "Methods of time series.",
    bind::fn<&series_get>("get", "Returns one value.", {{{.name = "self", .doc = "The series."}, kIndex}},
                          {.name = "value", .doc = "The value."}),
    bind::fn<&series_time>("time", "Returns the time of one value.", {{{.name = "self", .doc = "The series."}, kIndex}},
                           {.name = "time", .doc = "RFC 3339, UTC."}),
    bind::fn<&series_values>("values", "Returns the values without their times.",
                             {{{.name = "self", .doc = "The series."}}}, {.name = "vector", .doc = "The values."}),
    bind::fn<&series_to_table>("to_table", "Copies the values into a list.", {{{.name = "self", .doc = "The series."}}},
                               {.name = "list", .doc = "Numbers."}));

}  // namespace

bind::ModuleRows numeric_rows() { return bind::rows_of<kNumeric>(); }
bind::ModuleRows vector_rows() { return bind::rows_of<kVector>(); }
bind::ModuleRows matrix_rows() { return bind::rows_of<kMatrix>(); }
bind::ModuleRows series_rows() { return bind::rows_of<kSeries>(); }

}  // namespace ballast::modules

// The module that the binding tests declare: one primitive for each kind of argument and each way to fail.
#pragma once

#include "bind/registry.hpp"

namespace ballast::test {

enum class Colour { red, green };

struct Options {
  double width = 1;
  std::int64_t count = 2;
  std::string name = "none";
  std::optional<double> limit;
  std::vector<double> items;
  Colour colour = Colour::red;
};

/// Rows of the module "test" (declared in test_module_test.cpp).
const bind::ModuleRows& test_rows();

}  // namespace ballast::test

template <>
struct ballast::core::Names<ballast::test::Colour> {
  static constexpr std::array<std::pair<test::Colour, std::string_view>, 2> values{
      {{test::Colour::red, "red"}, {test::Colour::green, "green"}}};
};

template <>
struct ballast::core::Record<ballast::test::Options> {
  using S = test::Options;
  static constexpr std::string_view name = "Options", doc = "Options of the test.";
  static constexpr auto fields =
      std::tuple{field(&S::width, {.name = "width", .doc = "Width.", .unit = "m", .low = 0, .high = 10}),
                 field(&S::count, {.name = "count", .doc = "Count.", .low = 1, .high = 5, .required = true}),
                 field(&S::name, {.name = "name", .doc = "Name."}),
                 field(&S::limit, {.name = "limit", .doc = "Limit.", .low = 0}),
                 field(&S::items, {.name = "items", .doc = "Items."}),
                 field(&S::colour, {.name = "colour", .doc = "Colour."})};
};

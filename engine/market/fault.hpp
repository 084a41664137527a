// What can be wrong with a row of market data, by name.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "core/record.hpp"

namespace ballast::market {

enum class Fault {
  wrong_column_count,   ///< more or fewer cells than the header has
  missing_cell,         ///< a required cell is empty
  unparsable,           ///< a cell is no number, time, side or symbol
  non_finite,           ///< NaN, an infinity or a number beyond the range of doubles
  non_positive_price,   ///< a price of zero or less
  negative_volume,      ///< a volume, size or quantity below zero
  high_below_low,       ///< high < low
  outside_high_low,     ///< open or close outside [low, high]
  crossed,              ///< best bid above best ask
  levels_out_of_order,  ///< a book whose levels do not go from best to worst
  out_of_range,         ///< a value outside what its column may hold (a sentiment score outside [-1, 1])
  out_of_order,         ///< earlier than the row before
  duplicate,            ///< the same time, or book level, as a row before
  other_symbol,         ///< a row of another symbol than the one asked for
  off_grid,             ///< not a whole number of intervals away from the series' other bars
  too_long              ///< a line longer than the reader accepts
};

}  // namespace ballast::market

template <>
struct ballast::core::Names<ballast::market::Fault> {
  using enum ballast::market::Fault;
  static constexpr std::array<std::pair<ballast::market::Fault, std::string_view>, 16> values{
      {{wrong_column_count, "wrong_column_count"},
       {missing_cell, "missing_cell"},
       {unparsable, "unparsable"},
       {non_finite, "non_finite"},
       {non_positive_price, "non_positive_price"},
       {negative_volume, "negative_volume"},
       {high_below_low, "high_below_low"},
       {outside_high_low, "outside_high_low"},
       {crossed, "crossed"},
       {levels_out_of_order, "levels_out_of_order"},
       {out_of_range, "out_of_range"},
       {out_of_order, "out_of_order"},
       {duplicate, "duplicate"},
       {other_symbol, "other_symbol"},
       {off_grid, "off_grid"},
       {too_long, "too_long"}}};
};

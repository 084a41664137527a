#include "market/columns.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include <fmt/format.h>

#include "core/error.hpp"
#include "market/codec.hpp"

namespace ballast::market {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Bars without a gap are most bars: of equally spaced times the first and last say everything.
bool equally_spaced(std::span<const std::int64_t> time) {
  for (std::size_t i = 2; i < time.size(); ++i) {
    if (time[i] - time[i - 1] != time[1] - time[0]) return false;
  }
  return time.size() > 2;
}

bool decode_times(std::string_view blob, std::size_t rows, std::vector<std::int64_t>& out) {
  constexpr std::size_t kTwoTimes = 3 * 8;
  if (rows <= 2 || blob.size() != kTwoTimes) return decode_column(blob, rows, 0, out);
  if (!decode_column(blob, 2, 0, out)) return false;
  const std::int64_t first = out[0], span = out[1] - out[0], steps = static_cast<std::int64_t>(rows) - 1;
  if (span % steps != 0) return false;
  out.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) out[i] = first + span / steps * static_cast<std::int64_t>(i);
  return true;
}

std::string insert_sql(const Shape& shape) {
  std::string names = "series, start, last, rows, time", marks = "?1, ?2, ?3, ?4, ?5";
  int index = 6;
  for (const std::string_view column : shape.columns) {
    names += fmt::format(", {}", column);
    marks += fmt::format(", ?{}", index++);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", shape.table, names, marks);
}

}  // namespace

ColumnTable::ColumnTable(Database& database, const Shape& shape)
    : database_(database),
      shape_(shape),
      all_((1U << shape.columns.size()) - 1),
      overlap_(database.prepare(fmt::format(
          "SELECT id, start, last, rows FROM {} WHERE series = ?1 AND start <= ?2 ORDER BY start DESC", shape.table))),
      before_(database.prepare(fmt::format(
          "SELECT start, rows FROM {} WHERE series = ?1 AND start < ?2 ORDER BY start DESC LIMIT 1", shape.table))),
      remove_(database.prepare(fmt::format("DELETE FROM {} WHERE id = ?1", shape.table))),
      insert_(database.prepare(insert_sql(shape))) {}

void ColumnTable::load(const Plan::Chunk& chunk, unsigned mask, Columns& out) {
  auto& select = select_[mask];
  if (!select) {
    std::string names = "time";
    for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
      if ((mask >> i) & 1U) names += fmt::format(", {}", shape_.columns[i]);
    }
    select = database_.prepare(fmt::format("SELECT {} FROM {} WHERE id = ?1", names, shape_.table));
  }
  select->reset().bind(1, chunk.id);
  bool sound = select->step() && decode_times(select->blob(0), chunk.rows, out.time);
  int column = 1;
  for (std::size_t i = 0; i < shape_.columns.size() && sound; ++i) {
    if ((mask >> i) & 1U) {
      sound = decode_column(select->blob(column++), chunk.rows, static_cast<unsigned>(i) + 1, out.values[i]);
    } else {
      out.values[i].clear();
    }
  }
  select->reset();
  if (!sound) {
    throw core::Error(
        core::Code::io,
        fmt::format("the market store is damaged: chunk {} of table {} (first time {}) does not match its "
                    "checksum; restore a copy, or import the data into a new store",
                    chunk.id, shape_.table, chunk.start),
        database_.path());
  }
}

Plan ColumnTable::plan(std::int64_t series, const Window& window) {
  Plan out;
  if (window.from >= window.to) return out;
  overlap_.reset().bind(1, series).bind(2, window.to - 1);
  // Newest first, so that a short lookback reads few entries of a long index.
  while (overlap_.step()) {
    const std::int64_t start = overlap_.integer(1), last = overlap_.integer(2);
    if (last < window.from) break;
    Plan::Chunk chunk{overlap_.integer(0), start, static_cast<std::size_t>(overlap_.integer(3)), 0, 0};
    chunk.take = chunk.rows;
    if (start < window.from || last >= window.to) {
      load(chunk, 0, buffer_);
      const auto& time = buffer_.time;
      const auto begin = std::lower_bound(time.begin(), time.end(), window.from);
      chunk.skip = static_cast<std::size_t>(begin - time.begin());
      chunk.take = static_cast<std::size_t>(std::lower_bound(begin, time.end(), window.to) - begin);
    }
    if (window.lookback && out.rows + static_cast<std::int64_t>(chunk.take) > *window.lookback) {
      const auto wanted = static_cast<std::size_t>(*window.lookback - out.rows);
      chunk.skip += chunk.take - wanted;
      chunk.take = wanted;
    }
    if (chunk.take > 0) out.chunks.push_back(chunk);
    out.rows += static_cast<std::int64_t>(chunk.take);
    if (window.lookback && out.rows >= *window.lookback) break;
  }
  overlap_.reset();
  std::reverse(out.chunks.begin(), out.chunks.end());
  return out;
}

void ColumnTable::read(const Plan& plan, unsigned mask, const std::function<void(const ColumnsView&)>& each) {
  for (const Plan::Chunk& chunk : plan.chunks) {
    load(chunk, mask & all_, buffer_);
    ColumnsView view;
    view.time = std::span(buffer_.time).subspan(chunk.skip, chunk.take);
    for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
      if (!buffer_.values[i].empty())
        view.values[i] = std::span<const double>(buffer_.values[i]).subspan(chunk.skip, chunk.take);
    }
    each(view);
  }
}

void ColumnTable::write_chunk(std::int64_t series, const Columns& rows, std::size_t from, std::size_t to) {
  const std::size_t count = to - from;
  insert_.reset()
      .bind(1, series)
      .bind(2, rows.time[from])
      .bind(3, rows.time[to - 1])
      .bind(4, static_cast<std::int64_t>(count));
  const std::span<const std::int64_t> time = std::span(rows.time).subspan(from, count);
  const std::array<std::int64_t, 2> ends{time.front(), time.back()};
  encode_column(blobs_[0], equally_spaced(time) ? std::span<const std::int64_t>(ends) : time, 0);
  insert_.bind_blob(5, blobs_[0]);
  for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
    encode_column(blobs_[i + 1], std::span<const double>(rows.values[i]).subspan(from, count),
                  static_cast<unsigned>(i) + 1);
    insert_.bind_blob(static_cast<int>(i) + 6, blobs_[i + 1]);
  }
  insert_.run();
}

Written ColumnTable::put(std::int64_t series, std::int64_t grid, const Columns& rows) {
  Written out;
  if (rows.size() == 0) return out;
  const std::int64_t width = grid * static_cast<std::int64_t>(kChunkRows);
  const auto chunk_of = [&](std::int64_t time) { return width > 0 ? floor_div(time, width) : 0; };
  std::int64_t lower = rows.time.front(), upper = rows.time.back();
  if (width > 0) {
    lower = chunk_of(lower) * width;
    upper = chunk_of(upper) * width + width - 1;
  } else {
    before_.reset().bind(1, series).bind(2, lower);
    if (before_.step() && before_.integer(1) < static_cast<std::int64_t>(kChunkRows)) lower = before_.integer(0);
    before_.reset();
  }

  std::vector<Plan::Chunk> found;
  overlap_.reset().bind(1, series).bind(2, upper);
  while (overlap_.step() && overlap_.integer(2) >= lower) {
    const auto count = static_cast<std::size_t>(overlap_.integer(3));
    found.push_back({overlap_.integer(0), overlap_.integer(1), count, 0, count});
  }
  overlap_.reset();
  std::reverse(found.begin(), found.end());

  Columns merged;
  const Columns* all = &rows;
  if (found.empty()) {
    out.stored = static_cast<std::int64_t>(rows.size());
  } else {
    Columns old;
    for (const Plan::Chunk& chunk : found) {
      load(chunk, all_, buffer_);
      old.time.insert(old.time.end(), buffer_.time.begin(), buffer_.time.end());
      for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
        old.values[i].insert(old.values[i].end(), buffer_.values[i].begin(), buffer_.values[i].end());
      }
      remove_.reset().bind(1, chunk.id).run();
    }
    const auto same = [&](std::size_t a, std::size_t b) {
      for (std::size_t i = 0; i < shape_.columns.size(); ++i) {
        if (std::bit_cast<std::uint64_t>(old.values[i][a]) != std::bit_cast<std::uint64_t>(rows.values[i][b]))
          return false;
      }
      return true;
    };
    const auto take = [&](const Columns& from, std::size_t row) {
      merged.time.push_back(from.time[row]);
      for (std::size_t i = 0; i < shape_.columns.size(); ++i) merged.values[i].push_back(from.values[i][row]);
    };
    std::size_t a = 0, b = 0;
    while (a < old.size() || b < rows.size()) {
      if (b == rows.size() || (a < old.size() && old.time[a] < rows.time[b])) {
        take(old, a++);
      } else if (a == old.size() || rows.time[b] < old.time[a]) {
        ++out.stored;
        take(rows, b++);
      } else {
        ++(same(a, b) ? out.unchanged : out.replaced);
        take(rows, b);
        ++a, ++b;
      }
    }
    all = &merged;
  }

  for (std::size_t from = 0; from < all->size();) {
    std::size_t to = std::min(from + kChunkRows, all->size());
    if (width > 0) {
      const std::int64_t chunk = chunk_of(all->time[from]);
      to = from + 1;
      while (to < all->size() && chunk_of(all->time[to]) == chunk) ++to;
    }
    write_chunk(series, *all, from, to);
    from = to;
  }
  return out;
}

}  // namespace ballast::market

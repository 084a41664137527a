#include "journal/chain_walk.hpp"

#include "core/digest.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {

bool leads_to_head(const std::filesystem::path& folder, const LinePlace& place, const Head& head) {
  std::uint64_t seq = place.seq;
  std::string hash = place.sha256;
  bool holds = seq <= head.seq;
  std::vector<core::ScannedMember> members;
  for (const std::string& segment : list_segments(folder)) {
    if (segment < place.segment) continue;
    BlockReader reader(folder / segment, segment == place.segment ? place.offset + place.length + 1 : 0);
    std::string block;
    std::uint64_t offset = 0;
    while (holds && seq < head.seq && reader.next(block, offset)) {
      for_each_line(block, offset, [&](std::string_view text, std::uint64_t) {
        if (!holds || seq == head.seq) return;
        LineView line;
        holds = !read_line(text, line, members) && line.seq == seq + 1 && line.previous == hash;
        ++seq;
        hash = core::sha256_hex(text);
      });
    }
  }
  return holds && seq == head.seq && hash == head.sha256;
}

}  // namespace ballast::journal

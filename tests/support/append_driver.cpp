// Appends entries to a decision log with real keys and says "ack SEQ SHA256" for each that was acknowledged, one write
// a line, so that a test can kill it, starve its disk or trace it and then compare what it said with what is there.
//
//   append_driver keys KEYS                      makes the two keys
//   append_driver append LOG KEYS COUNT          appends, one at a time
//   append_driver threads LOG KEYS COUNT N       the same from N threads
//   append_driver verify LOG KEYS                opens (which recovers), then verifies; prints every entry's "SEQ
//   SHA256"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "journal/decision_log.hpp"
#include "journal/line.hpp"
#include "journal/segment.hpp"
#include "journal/verify.hpp"
#include "sign/key_ring.hpp"

using namespace ballast;

namespace {

journal::Draft draft(int number) {
  journal::Draft out;
  out.kind = "decision";
  out.actor = "driver";
  out.environment = "demo";
  out.run = "run-" + std::to_string(::getpid());
  out.policy = journal::PolicyReference{"portfolio_governor", 3, std::string(64, 'a')};
  out.libraries_sha256 = std::string(64, 'b');
  out.settings_sha256 = std::string(64, 'c');
  out.inputs = {{"market", std::string(64, 'd')}};
  out.decision = core::Json{{"allowed", true}, {"number", number}};
  return out;
}

void say(const journal::Appended& done) {
  char line[128];
  const int size =
      std::snprintf(line, sizeof line, "ack %llu %s\n", static_cast<unsigned long long>(done.seq), done.sha256.c_str());
  // The pipe's other end counts on what was said: a short write would say something else.
  if (::write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) std::_Exit(3);
}

int verify(const std::filesystem::path& folder, const sign::KeyRing& ring) {
  const journal::VerifyReport report = journal::verify_log(folder, ring);
  for (const journal::Finding& each : report.findings) {
    std::fprintf(stderr, "%s %s:%llu: %s\n", std::string(journal::finding_code_name(each.code)).c_str(),
                 each.file.c_str(), static_cast<unsigned long long>(each.line), each.sentence.c_str());
  }
  std::uint64_t seq = 0;
  for (const std::string& segment : journal::list_segments(folder)) {
    journal::BlockReader reader(folder / segment);
    std::string block;
    std::uint64_t offset = 0;
    while (reader.next(block, offset)) {
      journal::for_each_line(block, offset, [&](std::string_view line, std::uint64_t) {
        std::printf("%llu %s\n", static_cast<unsigned long long>(++seq), core::sha256_hex(line).c_str());
      });
    }
  }
  return report.verified() ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
  const core::SystemClock clock;
  if (arguments.size() == 2 && arguments[0] == "keys") {
    sign::KeyRing ring = sign::KeyRing::open(arguments[1]);
    for (const auto algorithm : {sign::Algorithm::hmac_sha256, sign::Algorithm::ed25519}) {
      sign::NewKey key;
      key.algorithm = algorithm;
      ring.create_key(std::move(key), clock);
    }
    return 0;
  }
  if (arguments.size() < 3) return 2;
  const std::filesystem::path folder = arguments[1];
  const sign::KeyRing ring = sign::KeyRing::open(arguments[2]);
  const auto signer = ring.signer_for(core::Purpose::log_entry, sign::Algorithm::hmac_sha256, clock);
  const auto head_signer = ring.signer_for(core::Purpose::log_head, sign::Algorithm::ed25519, clock);
  auto log = journal::DecisionLog::open(folder, *signer, *head_signer, ring, clock, {"0.0.0", "driver", {}});
  if (arguments[0] == "verify") return verify(folder, ring);
  const int count = std::atoi(arguments.at(3).c_str());
  const int threads = arguments[0] == "threads" ? std::atoi(arguments.at(4).c_str()) : 1;
  std::vector<std::jthread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      try {
        for (int i = 0; i < count; ++i) say(log.append(draft(i)));
      } catch (const core::Error& e) {
        std::fprintf(stderr, "refused: %s\n", e.what());
      }
    });
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 2;
  }
}

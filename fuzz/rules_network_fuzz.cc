// The matching network against the plain evaluation of each rule, on rules and events made of the input's bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "rules/rule_network.h"
#include "rules/test_network_cases.h"

namespace {

// Numbers from the bytes; zeros when they are used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint32_t operator()(std::uint32_t below) {
    if (at_ >= size_) return 0;
    return data_[at_++] % below;
  }
  [[nodiscard]] bool spent() const { return at_ >= size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

std::string text(const midwatch::MatchResult& result) {
  std::string out;
  for (const midwatch::Rule* rule : result.matched) out += rule->name + " ";
  for (const midwatch::RuleFailure& failure : result.failures) out += "\n" + failure.rule->name + ": " + failure.reason;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const midwatch::network_cases::Next next = [&](std::uint32_t below) { return bytes(below); };
  const auto rules = midwatch::network_cases::rules(next, 1 + next(20));
  std::vector<std::shared_ptr<const midwatch::CompiledRule>> compiled;
  for (const midwatch::Rule& rule : rules) {
    compiled.push_back(std::make_shared<const midwatch::CompiledRule>(midwatch::CompiledRule::compile(rule)));
  }
  const midwatch::RuleNetwork network(std::move(compiled));
  const midwatch::CriteriaContext context{.now = midwatch::instant_from_micros(1'710'504'000'000'000)};
  for (int event = 0; event < 8 && !bytes.spent(); ++event) {
    const midwatch::Value payload = midwatch::network_cases::event(next);
    midwatch::MatchResult plain;
    midwatch::MatchResult quick;
    network.match_each(payload, context, plain);
    network.match(payload, context, quick);
    if (text(plain) != text(quick)) std::abort();
  }
  return 0;
}

// Evaluation of a compiled expression to a scalar makes no allocation.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "codec/json.h"
#include "jinja/template.h"

namespace {
thread_local std::size_t allocations = 0;
}

// Every allocation of this executable passes here.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace midwatch::jinja {
namespace {

std::size_t allocations_of(std::string_view source) {
  const MapScope scope(*parse_json(R"({"trigger": {"body": {"host": "web1", "load": 0.95, "n": 3, "up": true}}})"));
  const auto program = compile_expression(source);
  EXPECT_TRUE(program);
  std::size_t count = 0;
  for (int i = 0; i < 2; ++i) {  // the first run may fill tables that are kept
    Evaluation evaluation(scope);
    const std::size_t before = allocations;
    const auto value = (*program)->evaluate(evaluation);
    count = allocations - before;
    EXPECT_TRUE(value) << source;
  }
  return count;
}

TEST(Allocations, AScalarResultCostsNone) {
  for (const std::string_view source :
       {"trigger.body.load", "trigger.body.host", "trigger.body.n + 1", "trigger.body.load > 0.9 and trigger.body.up",
        "trigger['body'].n == 3", "60 * 60", "trigger.body.n if trigger.body.up else 0",
        "'web' in trigger.body.host"}) {
    EXPECT_EQ(allocations_of(source), 0u) << source;
  }
}

TEST(Allocations, TheSizeOfTheContextCostsNothing) {
  std::vector<Value> many(100'000, Value("a text that takes room of its own in memory"));
  const MapScope scope(
      Value::object({{"hosts", Value::array(std::move(many))}, {"trigger", Value::object({{"n", 1}})}}));
  const auto program = compile_expression("trigger.n");
  ASSERT_TRUE(program);
  Evaluation evaluation(scope);
  const std::size_t before = allocations;
  EXPECT_EQ(*(*program)->evaluate(evaluation), Value(1));
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
}  // namespace midwatch::jinja

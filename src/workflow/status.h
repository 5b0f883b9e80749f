// workflow/status.h — the statuses of workflows, tasks and items (spec 5.9), and the sets they form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace midwatch {

enum class FlowStatus : std::uint8_t {
  kUnset,  // written "null"
  kRequested,
  kScheduled,
  kDelayed,
  kRunning,
  kPending,
  kPausing,
  kPaused,
  kResuming,
  kSucceeded,
  kFailed,
  kTimeout,
  kAbandoned,
  kRetrying,
  kCanceling,
  kCanceled,
};
inline constexpr std::size_t kFlowStatusCount = 16;

[[nodiscard]] std::string_view to_string(FlowStatus status);
[[nodiscard]] std::optional<FlowStatus> parse_flow_status(std::string_view text);

namespace internal {
template <class... Statuses>
constexpr std::uint32_t status_set(Statuses... statuses) {
  return ((1u << static_cast<unsigned>(statuses)) | ...);
}
constexpr bool in_set(std::uint32_t set, FlowStatus status) {
  return ((set >> static_cast<unsigned>(status)) & 1u) != 0;
}
}  // namespace internal

inline constexpr std::uint32_t kStartingStatuses = internal::status_set(
    FlowStatus::kRequested, FlowStatus::kScheduled, FlowStatus::kDelayed, FlowStatus::kRunning, FlowStatus::kPending);
// Tasks are offered while the workflow has one of these.
inline constexpr std::uint32_t kRunningStatuses =
    internal::status_set(FlowStatus::kRequested, FlowStatus::kScheduled, FlowStatus::kDelayed, FlowStatus::kRunning,
                         FlowStatus::kResuming, FlowStatus::kRetrying);
inline constexpr std::uint32_t kActiveStatuses =
    internal::status_set(FlowStatus::kRequested, FlowStatus::kScheduled, FlowStatus::kDelayed, FlowStatus::kRunning,
                         FlowStatus::kResuming, FlowStatus::kPausing, FlowStatus::kCanceling);
inline constexpr std::uint32_t kAbendedStatuses =
    internal::status_set(FlowStatus::kFailed, FlowStatus::kTimeout, FlowStatus::kAbandoned);
inline constexpr std::uint32_t kCompletedStatuses =
    kAbendedStatuses | internal::status_set(FlowStatus::kSucceeded, FlowStatus::kCanceled);

constexpr bool is_starting(FlowStatus status) { return internal::in_set(kStartingStatuses, status); }
constexpr bool is_running(FlowStatus status) { return internal::in_set(kRunningStatuses, status); }
constexpr bool is_active(FlowStatus status) { return internal::in_set(kActiveStatuses, status); }
constexpr bool is_abended(FlowStatus status) { return internal::in_set(kAbendedStatuses, status); }
constexpr bool is_completed(FlowStatus status) { return internal::in_set(kCompletedStatuses, status); }

// How many of something have each status. O(1) a call (a fixed number of statuses).
class StatusCounts {
 public:
  void add(FlowStatus status) { ++counts_[static_cast<std::size_t>(status)]; }
  void remove(FlowStatus status) { --counts_[static_cast<std::size_t>(status)]; }
  [[nodiscard]] std::uint32_t of(FlowStatus status) const { return counts_[static_cast<std::size_t>(status)]; }
  [[nodiscard]] std::uint32_t in(std::uint32_t set) const {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kFlowStatusCount; ++i) sum += ((set >> i) & 1u) != 0 ? counts_[i] : 0;
    return sum;
  }

 private:
  std::array<std::uint32_t, kFlowStatusCount> counts_{};
};

}  // namespace midwatch

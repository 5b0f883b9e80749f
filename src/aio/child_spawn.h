// aio/child_spawn.h — the part of child_process that talks to the kernel: pipes and posix_spawn.
// Internal to aio.
#pragma once

#include <vector>

#include <sys/types.h>

#include "aio/child_process.h"
#include "aio/unique_fd.h"

namespace midwatch::aio {

struct SpawnedChild {
  struct Feed {
    UniqueFd fd;  // our end: write the text, then close
    Secret text;
  };
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd out;
  UniqueFd err;
  UniqueFd report;  // closed unless there is a report_fd
  std::vector<Feed> feeds;
};

// All descriptors of the result are non-blocking and close-on-exec.
Result<SpawnedChild> spawn_child(const ChildOptions& options);

}  // namespace midwatch::aio

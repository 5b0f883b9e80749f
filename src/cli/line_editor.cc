// The terminal of the interactive mode: libedit, whose licence allows it here, behind one function.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include <editline/readline.h>

#include "cli/eval_shell.h"

namespace midwatch::cli {

namespace {

constexpr int kHistoryLinesMax = 1'000;

// Only the user may read what was tried.
void prepare_history(const std::string& file) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  const mode_t before = umask(0077);
  if (std::FILE* made = std::fopen(file.c_str(), "a")) std::fclose(made);
  umask(before);
  (void)chmod(file.c_str(), 0600);
}

void run_terminal(EvalShell& shell, const std::string& history_file) {
  using_history();
  stifle_history(kHistoryLinesMax);
  if (!history_file.empty()) {
    prepare_history(history_file);
    read_history(history_file.c_str());
  }
  for (bool goes_on = true; goes_on;) {
    char* line = readline(shell.prompt().c_str());
    if (line == nullptr) break;
    if (*line != '\0') add_history(line);
    goes_on = shell.take(line);
    std::free(line);
  }
  if (!history_file.empty()) {
    write_history(history_file.c_str());
    (void)chmod(history_file.c_str(), 0600);
  }
}

}  // namespace

void run_shell(EvalShell& shell, const std::string& history_file) {
  if (isatty(STDIN_FILENO) == 1) return run_terminal(shell, history_file);
  for (std::string line; std::getline(std::cin, line);) {
    if (!shell.take(line)) return;
  }
}

}  // namespace midwatch::cli

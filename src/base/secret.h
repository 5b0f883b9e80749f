// base/secret.h — a text that must not be seen: a token, a password, a key.
//
// It cannot be formatted, logged, compared by accident or put in an argument list: the only way to
// the text is reveal(), which is easy to grep for. The memory is overwritten when it is released.
#pragma once

#include <string>
#include <string_view>

namespace midwatch {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = other.text_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  // In a time that does not depend on where the texts differ.
  [[nodiscard]] bool equals(std::string_view other) const;

 private:
  void wipe() noexcept;
  std::string text_;
};

}  // namespace midwatch

// codec/yaml_events.h — libyaml's events with our errors; for codec's own sources.
//
// Checks what libyaml does not (size, UTF-8, number of directives), and turns its complaints into Errors
// with a place. Not thread-safe; the text must outlive the source.
#pragma once

#include <string_view>

#include <yaml.h>

#include "base/result.h"
#include "codec/yaml.h"

namespace midwatch::internal {

class YamlEvent {
 public:
  YamlEvent() : event_{} {}
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  ~YamlEvent() { yaml_event_delete(&event_); }

  [[nodiscard]] const yaml_event_t* operator->() const { return &event_; }
  [[nodiscard]] yaml_event_t* raw() { return &event_; }

 private:
  yaml_event_t event_;
};

class YamlEvents {
 public:
  YamlEvents(std::string_view text, std::string_view file);
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;
  ~YamlEvents() { yaml_parser_delete(&parser_); }

  // What must hold before the first event is asked for.
  [[nodiscard]] Status check(const YamlLimits& limits) const;
  // Fills a fresh event.
  Status next(YamlEvent& event);
  [[nodiscard]] Location place(const yaml_mark_t& mark) const;

 private:
  [[nodiscard]] Error parser_error() const;
  [[nodiscard]] char byte_at(const yaml_mark_t& mark) const;

  std::string_view text_;
  std::string_view file_;
  yaml_parser_t parser_;
};

}  // namespace midwatch::internal

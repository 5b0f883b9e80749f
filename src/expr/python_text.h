// expr/python_text.h — texts as Python has them: str(), repr(), code points, case.
//
// Texts are UTF-8; positions and lengths of the languages count code points. Functions that take a
// text assume that it is well formed (the codecs check at the border).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expr/datum.h"
#include "expr/evaluation.h"

namespace midwatch {

// str(v) and repr(v). str() of an undefined name fails; texts are charged to the evaluation.
[[nodiscard]] Outcome<std::string> py_str(Evaluation& evaluation, const Datum& datum);
[[nodiscard]] Outcome<std::string> py_repr(Evaluation& evaluation, const Datum& datum);
// ascii(v): repr() with everything beyond ASCII escaped.
[[nodiscard]] Outcome<std::string> py_ascii(Evaluation& evaluation, const Datum& datum);
// For plain values, which cannot fail.
[[nodiscard]] std::string py_str(const Value& value);
void append_py_repr(std::string& out, const Value& value);

[[nodiscard]] std::string py_repr_text(std::string_view text);  // 'it' or "it's"
[[nodiscard]] std::string py_float_text(double number);         // 1.0, 1e+16, inf, nan

// ---- code points
[[nodiscard]] std::size_t code_point_count(std::string_view text);
// Byte offset of a code point; text.size() beyond the end.
[[nodiscard]] std::size_t code_point_offset(std::string_view text, std::size_t index);
[[nodiscard]] bool is_ascii(std::string_view text);
// Reads one code point at `at` and moves past it.
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& out, char32_t code_point);
[[nodiscard]] std::u32string to_code_points(std::string_view text);
[[nodiscard]] std::string from_code_points(std::u32string_view text);

[[nodiscard]] bool is_space(char32_t c);
[[nodiscard]] bool is_letter(char32_t c);
[[nodiscard]] bool is_digit(char32_t c);            // 0 to 9
[[nodiscard]] bool is_decimal(char32_t c);          // str.isdecimal of one code point, and so on
[[nodiscard]] bool is_digit_character(char32_t c);  // str.isdigit: also superscripts
[[nodiscard]] bool is_numeric(char32_t c);
[[nodiscard]] bool is_upper(char32_t c);
[[nodiscard]] bool is_lower(char32_t c);
[[nodiscard]] bool is_title(char32_t c);
[[nodiscard]] bool is_printable(char32_t c);
[[nodiscard]] bool is_identifier_start(char32_t c);
[[nodiscard]] bool is_identifier_part(char32_t c);
[[nodiscard]] char32_t to_upper(char32_t c);
[[nodiscard]] char32_t to_lower(char32_t c);
[[nodiscard]] std::string upper_text(std::string_view text);
[[nodiscard]] std::string lower_text(std::string_view text);
[[nodiscard]] std::string folded_text(std::string_view text);  // str.casefold()
[[nodiscard]] std::string capitalize_text(std::string_view text);
[[nodiscard]] std::string swapped_case_text(std::string_view text);
[[nodiscard]] std::string title_text(std::string_view text);

// str.strip(): white space, or any code point of `characters`.
enum class Strip : std::uint8_t { kLeft, kRight, kBoth };
[[nodiscard]] std::string_view strip_space(std::string_view text, Strip side = Strip::kBoth);
[[nodiscard]] std::string strip_characters(std::string_view text, std::string_view characters, Strip side);
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view from, std::string_view to,
                                      std::int64_t count_max = -1);
// str.splitlines()
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text, bool keep_ends = false);
// str.split() on white space; at most `splits_max` splits when not negative.
[[nodiscard]] std::vector<std::string> split_space(std::string_view text, std::int64_t splits_max = -1);
// str.split(separator); the separator is not empty.
[[nodiscard]] std::vector<std::string> split_on(std::string_view text, std::string_view separator,
                                                std::int64_t splits_max = -1);

}  // namespace midwatch
